"""Fetches the certificate chain a server sends, after a download failed in TLS.

In TLS 1.3 the chain is encrypted, so the recording cannot show it. The probe asks the same address,
through the same proxy, once the recording has stopped: its own packets must not be diagnosed. It
verifies nothing, for a bad chain is just what it is after, and it sends no credentials but those
the proxy needs.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from captures.clock import clock_from_date
from captures.lazyclass import dataclass
from captures.proxies import address_of, parse_address, proxy_for
from captures.session import Chain, Clock, Socket

BUDGET_S = 5.0
MAX_HOSTS = 4

#: go's words for a failure of TLS (go-facts: crypto/tls, crypto/x509, net/http).
_TLS_TROUBLE = re.compile(r"x509:|tls:|certificate|handshake", re.IGNORECASE)
_URL = re.compile(r"https://[^\s\"'<>?#]+")

#: No answer to CONNECT or HEAD that says anything is longer.
_MAX_HEAD = 16 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One server to ask."""

    host: str
    port: int
    address: str | None = None  #: the address the download used; None: look it up
    proxy: str | None = field(default=None, repr=False)  #: URL, with credentials


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe found."""

    chain: Chain
    clock: Clock | None = None  #: from the server's Date header


def is_trouble(message: str) -> bool:
    """Tell whether a line of go's speaks of a TLS problem."""
    return _TLS_TROUBLE.search(message) is not None


def targets_in(
    messages: Iterable[str], sockets: Sequence[Socket], environment: Mapping[str, str]
) -> tuple[Target, ...]:
    """Find the servers that go's messages accuse of a TLS problem; at most MAX_HOSTS."""
    targets: dict[tuple[str, int], Target] = {}
    for message in messages:
        if not is_trouble(message):
            continue
        # The innermost URL is the one that failed: behind a redirect it is not the one asked.
        urls = _URL.findall(message)
        found = address_of(urls[-1].rstrip(":")) if urls else None
        if found is None:
            continue
        proxy = proxy_for("https", *found, environment)
        if "proxyconnect" in message and proxy:
            found, proxy = address_of(proxy) or found, None
        peers = {peer.remote_address for peer in sockets if peer.remote_port == found[1]}
        only = next(iter(peers)) if len(peers) == 1 and not proxy else None
        targets.setdefault(found, Target(*found, only, proxy))
    return tuple(targets.values())[:MAX_HOSTS]


def probe_all(targets: Sequence[Target], sockets: Sequence[Socket]) -> tuple[Probe, ...]:
    """Ask all targets at once; takes no longer than BUDGET_S and never raises."""
    found = [Probe(replace(_blank(target), error="no answer in time")) for target in targets]
    used = {(peer.remote_address, peer.remote_port) for peer in sockets}

    def ask(index: int) -> None:
        found[index] = probe(targets[index], used)

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(len(targets))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + BUDGET_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return tuple(found)


def probe(target: Target, used: Iterable[tuple[str, int]] = ()) -> Probe:
    """Fetch the chain of one server; every failure is told in `Chain.error`.

    `used` are the ends of connections the download made: of several addresses, one of these is
    asked.
    """
    blank = _blank(target)
    try:
        connection, address = _connect(target, set(used))
        blank = replace(blank, address=address)
        with connection:
            if target.proxy:
                _open_tunnel(connection, target)
            return _handshake(connection, blank)
    except (OSError, ValueError) as error:
        return Probe(replace(blank, error=_describe(error)))


def _handshake(connection: socket.socket, blank: Chain) -> Probe:
    with _context().wrap_socket(connection, server_hostname=blank.sni or None) as secured:
        chain = replace(
            blank,
            version=secured.version(),
            certificates_pem=tuple(map(ssl.DER_cert_to_PEM_cert, unverified_chain(secured))),
        )
        try:
            return Probe(chain, _ask_date(secured, blank.host))
        except OSError:
            return Probe(chain)


def unverified_chain(connection: ssl.SSLSocket) -> list[bytes]:
    """Give the certificates as the peer sent them, DER, leaf first."""
    public: Callable[[], Sequence[bytes]] | None
    public = getattr(connection, "get_unverified_chain", None)
    if public is not None:  # Python 3.13 and later
        return list(public())
    # Before 3.13 the ssl module has the chain only below its public surface; the method is there
    # since 3.10 and gives objects that are encoded on demand (2 is _ssl.ENCODING_DER).
    below = cast(Any, connection)._sslobj.get_unverified_chain()
    return [certificate.public_bytes(2) for certificate in below or ()]


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Old versions and weak keys must not keep the chain from being seen.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["http/1.1"])
    return context


def _connect(target: Target, used: set[tuple[str, int]]) -> tuple[socket.socket, str]:
    host, port = (target.host, target.port)
    if target.proxy:
        host, port = _proxy_address(target.proxy)
    if target.address:
        candidates = [target.address]
    else:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        candidates = [str(answer[4][0]) for answer in answers]
        candidates.sort(key=lambda address: (address, port) not in used)
    return socket.create_connection((candidates[0], port), timeout=BUDGET_S), candidates[0]


def _proxy_address(proxy: str) -> tuple[str, int]:
    scheme = urlsplit(proxy).scheme
    address = address_of(proxy)
    if scheme != "http" or address is None:
        raise ValueError(f"badhop's probe does not speak to a proxy of the kind {scheme}")
    return address


def _open_tunnel(connection: socket.socket, target: Target) -> None:
    """Ask the proxy for a tunnel, as go does. Raises ValueError with the proxy's refusal."""
    end = f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"
    head = f"CONNECT {end} HTTP/1.1\r\nHost: {end}\r\n"
    parts = urlsplit(target.proxy or "")
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head += f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"
    connection.sendall(f"{head}\r\n".encode())
    # Byte by byte: what follows the head already belongs to TLS.
    answer = b""
    while not answer.endswith(b"\r\n\r\n") and len(answer) < _MAX_HEAD:
        byte = connection.recv(1)
        if not byte:
            break
        answer += byte
    status = answer.split(b"\r\n")[0].decode("latin-1")
    if not re.match(r"HTTP/1\.[01] 200\b", status):
        raise ValueError(f"the proxy answered CONNECT with: {status[:200] or 'nothing'}")


def _ask_date(connection: ssl.SSLSocket, host: str) -> Clock | None:
    """Read the server's clock from its Date header."""
    request = f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    answer = connection.recv(_MAX_HEAD).decode("latin-1")
    match = re.search(r"^Date: *([^\r\n]+)", answer, re.MULTILINE | re.IGNORECASE)
    return clock_from_date(match.group(1), host, datetime.now(UTC)) if match else None


def _blank(target: Target) -> Chain:
    through = address_of(target.proxy) if target.proxy else None
    return Chain(
        host=target.host,
        port=target.port,
        address=target.address or "",
        via_proxy=f"{through[0]}:{through[1]}" if through else None,
        # An address is no server name (RFC 6066 section 3), and go sends none.
        sni="" if parse_address(target.host) else target.host,
    )


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error)
