"""The packet that an ICMP error quotes: bytes of the message in, its header fields out.

Layouts: RFC 792, RFC 4443; routers quote at least 8 bytes after the IP header (RFC 1812 4.3.2.3).
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from captures.lazyclass import dataclass
from captures.packets import LATER_FRAGMENT, PacketTable

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58

#: Destination unreachable, source quench, redirect, time exceeded, parameter problem.
_V4_ERRORS = (3, 4, 5, 11, 12)
#: Destination unreachable, packet too big, time exceeded, parameter problem, redirect.
_V6_ERRORS = (1, 2, 3, 4, 137)
_V6_REDIRECT = 137

#: Hop-by-hop, routing, authentication, destination options (RFC 8200 section 4).
_EXTENSIONS = (0, 43, 51, 60)
_FRAGMENT, _AUTHENTICATION = 44, 51
_MAX_EXTENSIONS = 8


@dataclass(frozen=True, slots=True)
class Quote:
    """What a quoted header says; None where the quote ends before it."""

    version: int
    protocol: int
    source: str
    destination: str
    ttl: int
    length: int
    """Of the IP packet, as its header says."""
    ip_id: int
    """0 for IPv6."""
    source_port: int | None = None
    destination_port: int | None = None
    sequence: int | None = None
    """Of TCP."""
    echo: bytes = b""
    """Identifier and sequence number of an echo request, 4 bytes, else empty."""


def error_rows(table: PacketTable) -> npt.NDArray[np.intp]:
    """Rows that are ICMP or ICMPv6 errors (later fragments of one are none)."""
    kind, whole = table.icmp_type, (table.fragment & LATER_FRAGMENT) == 0
    v4 = (table.protocol == ICMP) & (table.version == 4)
    v6 = (table.protocol == ICMPV6) & (table.version == 6)
    if not v4.any() and not v6.any():
        return np.empty(0, dtype=np.intp)
    errors = (v4 & np.isin(kind, _V4_ERRORS)) | (v6 & np.isin(kind, _V6_ERRORS))
    return np.flatnonzero(errors & whole & (table.payload_captured >= 4))


def quote_in(message: bytes, version: int, kind: int) -> Quote | None:
    """The packet quoted in an ICMP error of this IP version and type.

    `message` is what follows type, code and checksum: one word, then the quote.
    """
    if version == 4:
        return _ipv4(message[4:])
    return None if kind == _V6_REDIRECT else _ipv6(message[4:])


def _ipv4(data: bytes) -> Quote | None:
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    header = (data[0] & 15) * 4
    length, ip_id, fragment = struct.unpack_from("!HHH", data, 2)
    # A later fragment has no transport header to read ports from.
    transport = b"" if fragment & 0x1FFF or header < 20 else data[header:]
    ports, sequence, echo = _transport(data[9], transport)
    return Quote(
        version=4,
        protocol=data[9],
        source=str(IPv4Address(data[12:16])),
        destination=str(IPv4Address(data[16:20])),
        ttl=data[8],
        length=length,
        ip_id=ip_id,
        source_port=ports[0],
        destination_port=ports[1],
        sequence=sequence,
        echo=echo,
    )


def _ipv6(data: bytes) -> Quote | None:
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    protocol, transport = _after_extensions(data[6], data[40:])
    ports, sequence, echo = _transport(protocol, transport)
    return Quote(
        version=6,
        protocol=protocol,
        source=str(IPv6Address(data[8:24])),
        destination=str(IPv6Address(data[24:40])),
        ttl=data[7],
        length=40 + int.from_bytes(data[4:6], "big"),
        ip_id=0,
        source_port=ports[0],
        destination_port=ports[1],
        sequence=sequence,
        echo=echo,
    )


def _after_extensions(protocol: int, data: bytes) -> tuple[int, bytes]:
    """The transport protocol, and the bytes of its header that are there."""
    for _ in range(_MAX_EXTENSIONS):
        if protocol == _FRAGMENT and len(data) >= 8:
            later = int.from_bytes(data[2:4], "big") & 0xFFF8
            protocol, data = data[0], b"" if later else data[8:]
        elif protocol in _EXTENSIONS and len(data) >= 8:
            # RFC 4302 section 2.2: in 4-byte words less 2; the others in 8-byte words less 1.
            words = (data[1] + 2) * 4 if protocol == _AUTHENTICATION else (data[1] + 1) * 8
            protocol, data = data[0], data[words:]
        else:
            break
    return protocol, data


def _transport(
    protocol: int, data: bytes
) -> tuple[tuple[int | None, int | None], int | None, bytes]:
    """Ports, TCP sequence number, and echo identity from a transport header's first bytes."""
    if protocol in (TCP, UDP) and len(data) >= 4:
        source, destination = struct.unpack_from("!HH", data)
        whole = protocol == TCP and len(data) >= 8
        return (source, destination), int.from_bytes(data[4:8], "big") if whole else None, b""
    is_echo = (protocol == ICMP and data[:1] == b"\x08") or (
        protocol == ICMPV6 and data[:1] == b"\x80"
    )
    return (None, None), None, data[4:8] if is_echo and len(data) >= 8 else b""
