"""What tshark makes of TLS whose secrets are known: byte segments in, the fields asked for out.

tshark gets no copy of the user's capture but a small one made of the segments that matter, in the
order in which they could be read: what it costs depends on those alone, and the user's frame
numbers, retransmissions, link types and compression do not concern it.

Why not through pyshark (measured with 0.6 and tshark 4.0, one 20 MB HTTP/2 download, 588 packets):
tshark's own `-T ek -e FIELD` took 2.7 s and wrote 157 kB. pyshark has no way to ask for single
fields: it makes tshark write everything it knows, hex dumps of all bodies included, and took 364 s
in its EK mode (PDML and JSON: not through after 900 s); in its JSON and EK modes it also shows one
HTTP/2 frame of a packet that has several.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import tempfile
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from captures.errors import CaptureError
from captures.lazyclass import dataclass
from captures.recorders.base import create_private, find_program

TIMEOUT_S = 60.0
"""tshark decrypts some 10 MB per second, and starts within one."""
MAX_OUTPUT = 512 << 20
"""Bytes read from tshark: decrypted bodies come as hex."""
_MAX_LINE = 64 << 20
_MAX_MEMORY = 4 << 30
"""Address space of tshark."""

_FOLDERS = (
    "/Applications/Wireshark.app/Contents/MacOS",
    r"C:\Program Files\Wireshark",
    r"C:\Program Files (x86)\Wireshark",
)

_RAW_IP = 101
_TLS_KEY_LOG = 0x544C534B
_PORT = 443
#: The IP length field has 16 bits.
_MAX_PAYLOAD = 60_000
#: Client ports, one per flow, from the range that belongs to no protocol.
_FIRST_PORT, MAX_FLOWS = 50_000, 15_000


class TsharkMissing(CaptureError):
    """tshark is not installed."""

    hint = "Install it (Debian, Ubuntu: apt install tshark; elsewhere it comes with Wireshark)."


class TsharkFailed(CaptureError):
    """tshark was stopped, or gave up."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes that one side of a TLS connection sent; each side's come in order and without holes."""

    flow: int
    """Which connection, below MAX_FLOWS."""
    to_server: bool
    payload: bytes


Fields = dict[str, list[str]]
"""Values by field name; a field that occurs several times has them in order."""


def dissect(
    segments: Iterable[Segment], keylog: bytes, fields: Sequence[str]
) -> Iterator[tuple[int, Fields]]:
    """Give the number of each segment that completed something, and its fields.

    HTTP/2 is read by tshark; other application data comes as `data.data`. Raises TsharkMissing
    before anything, and TsharkFailed after what could be had.
    """
    program = find_program("tshark", *_FOLDERS)
    if program is None:
        raise TsharkMissing("tshark is not installed")
    with tempfile.TemporaryDirectory(prefix="badhop-") as folder:
        capture = Path(folder, "segments.pcapng")
        try:
            numbers = _write(capture, segments, keylog)
        except OSError as error:
            raise TsharkFailed(f"tshark's input cannot be written: {error.strerror}") from error
        for frame, found in _run(program, capture, fields):
            if 0 < frame <= len(numbers):
                yield numbers[frame - 1], found


def _run(program: str, capture: Path, fields: Sequence[str]) -> Iterator[tuple[int, Fields]]:
    names = {name.replace(".", "_"): name for name in fields}
    # Without the HTTP dissector decrypted HTTP/1.1 falls to "data": bytes, which we read ourselves.
    command = [program, "-n", "-r", str(capture), "--disable-protocol", "http", "-T", "ek"]
    for name in ("frame.number", *fields):
        command += ["-e", name]
    complaints = capture.with_name("complaints")
    process = _start(command, complaints)
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(TIMEOUT_S, stop)
    timer.start()
    try:
        _limit_memory(process.pid)
        assert process.stdout is not None
        read = 0
        while line := process.stdout.readline(_MAX_LINE):
            read += len(line)
            if read > MAX_OUTPUT:
                raise TsharkFailed(f"tshark was stopped after {MAX_OUTPUT >> 20} MiB of output")
            found = _fields(line, names)
            if found is not None:
                yield found
        status = process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if late.is_set():
        raise TsharkFailed(f"tshark was stopped after {TIMEOUT_S:.0f} s")
    if status:
        raise TsharkFailed(f"tshark failed: {_complaint(complaints) or f'exit status {status}'}")


def _start(command: Sequence[str], complaints: Path) -> subprocess.Popen[bytes]:
    with complaints.open("wb") as errors:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(complaints.parent),
            )
        except OSError as error:
            raise TsharkFailed(f"tshark cannot be run: {error.strerror}") from error


def _environment(folder: Path) -> dict[str, str]:
    """An environment without the user's Wireshark preferences, profiles and plugins."""
    home = str(folder)
    return {**os.environ, "WIRESHARK_CONFIG_DIR": home, "HOME": home, "XDG_CONFIG_HOME": home}


def _limit_memory(pid: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))


def _complaint(path: Path) -> str:
    """The first line of stderr that tells something."""
    with path.open("rb") as file:
        lines = file.read(4096).decode("utf-8", "replace").splitlines()
    return next(
        (line.strip()[:200] for line in lines if line.strip() and "Running as" not in line), ""
    )


def _fields(line: bytes, names: dict[str, str]) -> tuple[int, Fields] | None:
    """Read a line of output; None for one that says nothing, or is not what tshark writes."""
    try:
        document = json.loads(line)
        layers = document["layers"]
        frame = int(layers.pop("frame_number")[0])
        found = {names[key]: [str(v) for v in values] for key, values in layers.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    return (frame, found) if found else None


def _write(path: Path, segments: Iterable[Segment], keylog: bytes) -> array[int]:
    """Write segments as a pcapng file; give the segment of each of its packets."""
    numbers = array("q")
    sequences: dict[tuple[int, bool], int] = {}
    with os.fdopen(create_private(path), "wb") as file:
        _block(file, 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        _block(file, 1, struct.pack("<HHI", _RAW_IP, 0, 0))
        _block(file, 10, struct.pack("<II", _TLS_KEY_LOG, len(keylog)) + keylog)
        for number, segment in enumerate(segments):
            for at in range(0, len(segment.payload), _MAX_PAYLOAD):
                packet = _packet(segment, segment.payload[at : at + _MAX_PAYLOAD], sequences)
                time_us = len(numbers)
                size = len(packet)
                head = struct.pack("<IIIII", 0, time_us >> 32, time_us & 0xFFFFFFFF, size, size)
                _block(file, 6, head + packet)
                numbers.append(number)
    return numbers


def _block(file: IO[bytes], kind: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    file.write(struct.pack("<I", kind) + size + body + size)


def _packet(segment: Segment, payload: bytes, sequences: dict[tuple[int, bool], int]) -> bytes:
    """An IPv4 packet with one TCP segment, without checksums (tshark looks at none by default)."""
    own, other = (segment.flow, segment.to_server), (segment.flow, not segment.to_server)
    sequence = sequences.get(own, 1)
    sequences[own] = (sequence + len(payload)) & 0xFFFFFFFF
    hosts, ports = [b"\x0a\0\0\1", b"\x0a\0\0\2"], [_FIRST_PORT + segment.flow, _PORT]
    if not segment.to_server:
        hosts.reverse()
        ports.reverse()
    head = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0) + b"".join(hosts)
    numbers = (sequence, sequences.get(other, 1))
    return head + struct.pack("!HHIIBBHHH", *ports, *numbers, 0x50, 0x18, 65535, 0, 0) + payload
