"""What a probe must know of a packet that came by: bytes of an IP packet in, a few fields out.

The bytes are anybody's: whatever does not fit gives None.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address

from captures.lazyclass import dataclass
from captures.pathprobe.packets import ICMP, ICMPV6, TCP, UDP

_EXPIRED = {4: 11, 6: 3}
_UNREACHABLE = {4: 3, 6: 1}
_TOO_BIG = {6: 2}
_ECHO = {4: (8, 0), 6: (128, 129)}


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet, or the packet that an ICMP error quotes."""

    source: str
    destination: str
    protocol: int
    ports: tuple[int, int] = (0, 0)
    """Source and destination; identifier and 0 of an echo."""
    number: int = 0
    """TCP sequence, number of an echo, id of a DNS message; -1 where a quote ends before it."""
    acknowledged: int = 0
    flags: int = 0
    payload: int = 0
    """Bytes of TCP's."""
    error: str = ""
    """"expired", "unreachable" or "too_big": then `about` is set."""
    about: Seen | None = None


def parse(packet: bytes, quoted: bool = False) -> Seen | None:
    """Read an IPv4 or IPv6 packet without extension headers."""
    if len(packet) < 20:
        return None
    version = packet[0] >> 4
    if version == 4:
        start = (packet[0] & 15) * 4
        length, fragment = struct.unpack_from("!2xH2xH", packet)
        protocol, ends = packet[9], (packet[12:16], packet[16:20])
        if start < 20 or fragment & 0x1FFF:
            return None
    elif version == 6 and len(packet) >= 40:
        start, protocol = 40, packet[6]
        length = 40 + int.from_bytes(packet[4:6], "big")
        ends = packet[8:24], packet[24:40]
    else:
        return None
    source, destination = (str(ip_address(end)) for end in ends)
    rest = packet[start:]
    if protocol in (TCP, UDP):
        return _transport(source, destination, protocol, rest, length - start)
    if (protocol, version) in ((ICMP, 4), (ICMPV6, 6)):
        return _icmp(source, destination, protocol, rest, version, quoted)
    return None


def _transport(
    source: str, destination: str, protocol: int, data: bytes, length: int
) -> Seen | None:
    if len(data) < 8:
        return None
    ports = struct.unpack_from("!HH", data)
    if protocol == UDP:
        number = int.from_bytes(data[8:10], "big") if len(data) >= 10 else -1
        return Seen(source, destination, UDP, ports, number)
    sequence = int.from_bytes(data[4:8], "big")
    if len(data) < 14:  # a quote of eight bytes
        return Seen(source, destination, TCP, ports, sequence)
    acknowledged, offset, flags = struct.unpack_from("!IBB", data, 8)
    payload = max(0, length - (offset >> 4) * 4)
    return Seen(source, destination, TCP, ports, sequence, acknowledged, flags, payload)


def _icmp(
    source: str, destination: str, protocol: int, data: bytes, version: int, quoted: bool
) -> Seen | None:
    if len(data) < 8:
        return None
    kind, code = data[0], data[1]
    if kind in _ECHO[version]:
        identifier, number = struct.unpack_from("!HH", data, 4)
        flags = int(kind == _ECHO[version][1])
        return Seen(source, destination, protocol, (identifier, 0), number, flags=flags)
    error = ""
    if kind == _EXPIRED[version] and code == 0:
        error = "expired"
    elif kind == _UNREACHABLE[version]:
        error = "too_big" if (version, code) == (4, 4) else "unreachable"
    elif kind == _TOO_BIG.get(version):
        error = "too_big"
    # An error about an error is nobody's answer to us (RFC 1122 section 3.2.2).
    about = None if quoted or not error else parse(data[8:], quoted=True)
    if about is None:
        return None
    return Seen(source, destination, protocol, error=error, about=about)
