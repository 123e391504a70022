"""The wire as the prober sees it: raw packets out, and all packets of its flows in, recorded.

One packet socket shows what this machine sends and gets below its own TCP, with the kernel's
times: resets with their TTL, ICMP errors, the copies of a ClientHello. No reply of the kernel has
to be suppressed, and no link header is needed: the recording has bare IP packets (LINKTYPE_RAW).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import BinaryIO, Self

from captures.errors import CapturePermission, RecordingFailed
from captures.pathprobe.packets import Flow
from captures.pathprobe.seen import Seen, parse
from captures.recorders.base import create_private
from captures.recorders.pcapng import Packet, PcapngWriter

_ETH_P_ALL, _PACKET_OUTGOING = 3, 4
_SO_TIMESTAMPNS, _SO_ATTACH_FILTER = 35, 26
_LINKTYPE_RAW = 101
_BUFFER = 4 << 20
_MAX_PACKET = 1 << 17

#: Classic BPF: load a word or byte relative to the network header, compare, return (bpf(4)).
_LOAD_WORD, _LOAD_BYTE, _EQUAL, _RETURN = 0x20, 0x30, 0x15, 0x06
_NETWORK = 0xFFF00000

NEED = "badhop locate sends and reads raw packets, which this user may not"
HINT = 'Run it as root: sudo "$(command -v badhop)" locate …; the capability CAP_NET_RAW is enough.'


class Wire:
    """Sends raw packets, and hands on and records what belongs to its flows."""

    def __init__(self, target: str, path: Path | None) -> None:
        """Open the sockets and, where `path` is given, the recording.

        Raises CapturePermission, RecordingFailed (not Linux) and OSError.
        """
        if sys.platform != "linux":
            raise RecordingFailed(
                "badhop locate works on Linux only",
                "Elsewhere, record traceroute -T or mtr beside the download, and diagnose that.",
            )
        self.sent = 0
        self._target = str(ip_address(target))
        self._ports: set[int] = set()
        self._interest: list[Callable[[Seen], None]] = []
        self._file: BinaryIO | None = None
        version = ip_address(target).version
        try:
            self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            self._out = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        except PermissionError as error:
            raise CapturePermission(NEED, HINT) from error
        self._tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        _attach(self._tap, _only(target))
        self._tap.setblocking(False)
        if path is not None:
            self._file = os.fdopen(create_private(path), "wb")
            self._writer = PcapngWriter(self._file, "badhop locate")
            self._writer.interface("badhop", _LINKTYPE_RAW, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tap.close()
        self._out.close()
        if self._file is not None:
            self._file.close()

    def own(self, port: int) -> None:
        """Take a local port (or the identifier of echo requests) for one of ours."""
        self._ports.add(port)

    def tell(self, listener: Callable[[Seen], None]) -> None:
        """Call `listener` with each packet that comes in for us."""
        self._interest.append(listener)

    def forget(self, listener: Callable[[Seen], None]) -> None:
        """Tell it no more."""
        self._interest.remove(listener)

    def send(self, packet: bytes, flow: Flow) -> None:
        """Send a whole IP packet; what the kernel refuses (no route, a filter) is not sent."""
        with contextlib.suppress(OSError):
            self._out.sendto(packet, (flow.destination, 0))

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Take in packets for so long, or until something is true."""
        deadline = time.monotonic() + seconds
        while not until():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return
            select.select([self._tap], [], [], min(left_s, 0.02))
            self._take()

    def _take(self) -> None:
        for _ in range(256):
            try:
                data, ancillary, _, origin = self._tap.recvmsg(_MAX_PACKET, 64)
            except BlockingIOError:
                return
            outgoing = origin[2] == _PACKET_OUTGOING
            if outgoing and origin[0] == "lo":
                continue  # it arrives there too
            seen = parse(data)
            if seen is None or not self._is_ours(seen):
                continue
            self._record(data, ancillary)
            if seen.source == self._target or seen.about is not None:
                for listener in self._interest:
                    listener(seen)
            else:
                self.sent += 1

    def _is_ours(self, seen: Seen) -> bool:
        """Between us and the target from a port of ours, or an error about such a packet."""
        one = seen.about or seen
        if one.destination == self._target and one.ports[0] in self._ports:
            return True
        return (
            seen.about is None
            and one.source == self._target
            and bool({one.ports[0] if not one.ports[1] else one.ports[1]} & self._ports)
        )

    def _record(self, data: bytes, ancillary: list[tuple[int, int, bytes]]) -> None:
        if self._file is None:
            return
        time_ns = time.time_ns()
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(value) >= 16:
                seconds, nanoseconds = struct.unpack_from("=qq", value)
                time_ns = seconds * 1_000_000_000 + nanoseconds
        self._writer.packet(Packet(time_ns, 0, len(data), data))


def _only(target: str) -> list[tuple[int, int, int, int]]:
    """A filter for packets from or to an address, and ICMP from anybody."""
    address = ip_address(target)
    if address.version == 4:
        word = int(address)
        return [
            (_LOAD_BYTE, 0, 0, _NETWORK + 9),
            (_EQUAL, 4, 0, 1),
            (_LOAD_WORD, 0, 0, _NETWORK + 12),
            (_EQUAL, 2, 0, word),
            (_LOAD_WORD, 0, 0, _NETWORK + 16),
            (_EQUAL, 0, 1, word),
            (_RETURN, 0, 0, _MAX_PACKET),
            (_RETURN, 0, 0, 0),
        ]
    words = struct.unpack("!4I", address.packed)
    program = [(_LOAD_BYTE, 0, 0, _NETWORK + 6), (_EQUAL, 16, 0, 58)]
    # Each word of the source, then of the destination: on to the next, or to the other address.
    for place, base in enumerate((8, 24)):
        for index, word in enumerate(words):
            program.append((_LOAD_WORD, 0, 0, _NETWORK + base + 4 * index))
            rest = 2 * (3 - index)
            found = (8 if place == 0 else 0) if index == 3 else 0
            program.append((_EQUAL, found, rest + (0 if place == 0 else 1), word))
    return [*program, (_RETURN, 0, 0, _MAX_PACKET), (_RETURN, 0, 0, 0)]


def _attach(tap: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    """Let the kernel drop what is none of our business: downloads may run beside."""
    import ctypes

    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    tap.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
