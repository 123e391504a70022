"""The recorded command and its surroundings: `session.json` in, `Session` out, and back.

Everything here is what badhop saw beside the packets. `None` or an empty value means not seen or
not knowable. Sockets are a sample: one that lived shorter than the polling interval may be missing.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from captures.errors import UnreadableCapture
from captures.jsonshape import decode
from captures.lazyclass import dataclass

SCHEMA = "badhop/session/1"
CAPTURE_NAME = "capture.pcapng"
SESSION_NAME = "session.json"

#: A real session of 10,000 output lines stays below 10 MB; more is no session of ours.
MAX_SESSION_BYTES = 64 * 1024 * 1024

#: The packets can be read without their session.
_HINT = f"Record again, or give {CAPTURE_NAME} itself to diagnose the packets alone."


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line that the command wrote."""

    time_s: float = 0.0  #: seconds after the command started
    #: stdout; stderr; output, where both led to one place; or trace, a line that go wrote only
    #: because badhop set -x.
    stream: str = ""
    text: str = ""  #: without its line end, credentials removed


@dataclass(frozen=True, slots=True)
class Request:
    """One request of go's own trace (`# get URL` …)."""

    url: str = ""
    status: int | None = None  #: HTTP status; None when there was no answer
    error: str | None = None  #: go's words for the failure
    started_s: float = 0.0  #: seconds after the command started
    ended_s: float | None = None  #: None: not finished when the command ended
    duration_s: float | None = None  #: go's own measure, until the response headers


@dataclass(frozen=True, slots=True)
class Tool:
    """What recorded the packets."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class GoSettings:
    """The go command and the part of `go env` that touches the network."""

    version: str = ""
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies that the command's environment names, credentials removed."""

    http: str = ""
    https: str = ""
    no_proxy: str = ""


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """The resolver configuration (resolv.conf)."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemProxy:
    """The proxy of the operating system or desktop, which go does not read."""

    source: str = ""
    http: str = ""
    https: str = ""
    pac: str = ""  #: address of a proxy auto-configuration script


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of the command or one of its descendants."""

    protocol: str = ""  #: tcp or udp
    local_address: str = ""
    local_port: int = 0
    remote_address: str = ""
    remote_port: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """How far the local clock is off."""

    offset_s: float | None = None  #: positive: the local clock is ahead of the reference
    source: str = ""


@dataclass(frozen=True, slots=True)
class Roots:
    """The root certificates that go would trust."""

    source: tuple[str, ...] = ()  #: files and directories read
    count: int = 0
    sha256: tuple[str, ...] = ()  #: of each certificate's DER bytes, in hex
    extra_pem: str = ""  #: roots that the distribution's own bundle does not have


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificates that a server sent to badhop's own probe, after the recording."""

    host: str = ""
    port: int = 0
    address: str = ""  #: the address connected to; the proxy's when via_proxy is set
    via_proxy: str | None = None  #: host:port of the CONNECT proxy
    sni: str = ""
    version: str | None = None  #: TLS version
    certificates_pem: tuple[str, ...] = ()  #: as sent, leaf first
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """All of `session.json`. Times are RFC 3339 in UTC, or seconds after `started`."""

    schema: str = SCHEMA
    badhop: str = ""
    command: tuple[str, ...] = ()
    started: str = ""
    ended: str = ""
    duration_s: float = 0.0
    exit_code: int | None = None  #: None: ended by a signal
    signal: int | None = None
    interrupted: bool = False  #: the user pressed Ctrl-C or stopped badhop
    output: tuple[OutputLine, ...] = ()
    output_omitted: int = 0  #: lines left out between the first and the last ones kept
    requests: tuple[Request, ...] = ()
    requests_omitted: int = 0
    tool: Tool = Tool()
    interfaces: tuple[str, ...] = ()
    packets_received: int | None = None
    packets_dropped: int | None = None
    bytes: int = 0  #: size of the capture file
    recording_error: str | None = None  #: why recording stopped before the command did
    go: GoSettings | None = None
    proxies: Proxies = Proxies()
    resolver: ResolverSettings = ResolverSettings()
    system_proxy: SystemProxy | None = None
    routes: str | None = None  #: `ip -j route`, IPv4 and IPv6 in one JSON list, as text
    sockets: tuple[Socket, ...] = ()
    clock: Clock = Clock()
    roots: Roots = Roots()
    chains: tuple[Chain, ...] = ()


def load(path: Path) -> Session:
    """Read a session from `session.json`, or from the directory or capture it lies beside.

    Raises UnreadableCapture, in one line, when it is missing, no JSON, or not of this schema.
    """
    path = session_path(path)
    try:
        if path.stat().st_size > MAX_SESSION_BYTES:
            raise UnreadableCapture(f"{path} is too large to be a session", _HINT)
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableCapture(f"{path}: {error.strerror or error}", _HINT) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableCapture(f"{path} is not JSON: {_one_line(error)}", _HINT) from error
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        raise UnreadableCapture(f"{path} is not a {SCHEMA} file", _HINT)
    return decode(Session, value, path.name)


def session_path(path: Path) -> Path:
    """Name the session.json that belongs to `path`: a bundle, its capture, or the file itself."""
    if path.is_dir():
        return path / SESSION_NAME
    return path if path.suffix == ".json" else path.with_name(SESSION_NAME)


def save(session: Session, path: Path) -> None:
    """Write `session` to `path`, readable by its owner only. Raises OSError, and leaves nothing."""
    text = json.dumps(dataclasses.asdict(session), indent=1, ensure_ascii=True)
    draft = path.with_name(f".{path.name}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def rfc3339(time_ns: int) -> str:
    """Write nanoseconds since the epoch as RFC 3339 in UTC with microseconds."""
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch_ns(text: str) -> int | None:
    """Read an RFC 3339 time as nanoseconds since the epoch; None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1000


def _one_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
