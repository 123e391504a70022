"""Read the few header fields that wires and forgers need from an Ethernet frame."""

from __future__ import annotations

import struct
from typing import NamedTuple

_PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp"}
Flow = tuple[bytes, int, bytes, int]


class Segment(NamedTuple):
    """One TCP or UDP packet; other protocols have ports 0."""

    version: int
    ttl: int
    ip_length: int
    protocol: str
    #: source address, source port, destination address, destination port
    flow: Flow
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes

    @property
    def reverse(self) -> Flow:
        """Return the flow of the other direction."""
        source, source_port, destination, destination_port = self.flow
        return destination, destination_port, source, source_port


def parse(frame: bytes) -> Segment | None:
    """Return the segment in an Ethernet frame, None where it is not IP or is link upkeep."""
    if len(frame) < 34:
        return None
    kind = frame[12:14]
    if kind == b"\x08\x00":
        start = 14 + (frame[14] & 15) * 4
        return _segment(frame, 4, start, frame[23], frame[26:30], frame[30:34])
    if kind == b"\x86\xdd" and len(frame) >= 54 and frame[20] != 58:
        return _segment(frame, 6, 54, frame[20], frame[22:38], frame[38:54])
    return None


def _segment(
    frame: bytes, version: int, start: int, number: int, source: bytes, destination: bytes
) -> Segment | None:
    ttl = frame[22] if version == 4 else frame[21]
    length = struct.unpack_from("!H", frame, 16 if version == 4 else 18)[0]
    length += 0 if version == 4 else 40
    protocol = _PROTOCOLS.get(number, "other")
    ports, sequence, acknowledged, flags, offset = (0, 0), 0, 0, 0, 0
    if protocol == "tcp" and len(frame) >= start + 20:
        *ports_, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", frame, start)
        ports, offset = (ports_[0], ports_[1]), (offset >> 4) * 4
    elif protocol == "udp" and len(frame) >= start + 8:
        ports, offset = struct.unpack_from("!HH", frame, start), 8
    flow = (source, ports[0], destination, ports[1])
    payload = frame[start + offset : 14 + length]
    return Segment(
        version, ttl, length, protocol, flow, sequence, acknowledged, flags, bytes(payload)
    )
