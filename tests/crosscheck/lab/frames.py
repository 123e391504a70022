"""The TCP frames of a recording, read without any of badhop's code."""

from __future__ import annotations

import gzip
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.lab.wire import identity

FIN, SYN, RST = 1, 2, 4
Key = tuple[int, int]
"""A frame's identity, and how many equal ones came before it at the same place."""
Flow = tuple[bytes, int, bytes, int]
"""Source address, source port, destination address, destination port."""
_NANOSECONDS = 0xA1B23C4D
SERVER_PORTS = (80, 443)


class Frame(NamedTuple):
    """One TCP segment at one camera."""

    number: int
    """Of the capture's packets, from 1."""
    time_s: float
    """Since the epoch."""
    key: Key
    flow: Flow
    sequence: int
    length: int
    """Payload bytes."""
    flags: int

    @property
    def span(self) -> int:
        """How many sequence numbers it takes."""
        return self.length + bool(self.flags & SYN) + bool(self.flags & FIN)

    @property
    def from_server(self) -> bool:
        """Whether the server sent it."""
        return self.flow[1] in SERVER_PORTS


def frames(file: Path) -> Iterator[Frame]:
    """Yield the TCP segments of a gzipped pcap of this machine's byte order."""
    content = gzip.decompress(file.read_bytes())
    unit = 1e-9 if struct.unpack_from("=I", content)[0] == _NANOSECONDS else 1e-6
    at, number = 24, 0
    seen: Counter[int] = Counter()
    while at + 16 <= len(content):
        seconds, fraction, kept, _ = struct.unpack_from("=IIII", content, at)
        packet = content[at + 16 : at + 16 + kept]
        at, number = at + 16 + kept, number + 1
        mark = identity(packet)
        found = _segment(packet, number, seconds + fraction * unit, (mark, seen[mark]))
        seen[mark] += 1
        if found is not None:
            yield found


def _segment(packet: bytes, number: int, time_s: float, key: Key) -> Frame | None:
    version = packet[14] >> 4 if len(packet) > 54 else 0
    if version == 4 and packet[23] == 6:
        start = 14 + (packet[14] & 15) * 4
        source, destination = packet[26:30], packet[30:34]
        room = struct.unpack_from("!H", packet, 16)[0] - start + 14
    elif version == 6 and packet[20] == 6 and len(packet) >= 74:
        start, source, destination = 54, packet[22:38], packet[38:54]
        room = struct.unpack_from("!H", packet, 18)[0]
    else:
        return None
    near, far, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", packet, start)
    length = room - (offset >> 4) * 4
    return Frame(number, time_s, key, (source, near, destination, far), sequence, length, flags)
