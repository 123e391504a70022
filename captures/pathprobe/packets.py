"""Packets to send as they are: SYN, echo request, DNS query, with IP headers of their own."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from captures.lazyclass import dataclass

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
SYN, RST, ACK, FIN = 2, 4, 16, 1

_ECHO_REQUEST = {4: 8, 6: 128}
_DONT_FRAGMENT = 0x4000
#: MSS 1460, SACK permitted, window scale 7: what Linux sends, without timestamps.
_SYN_OPTIONS = bytes.fromhex("020405b40402010303070101")
_EDNS_SIZE = 1232
_A, _NS = 1, 2
ROOT = "."


@dataclass(frozen=True, slots=True)
class Flow:
    """From where to where; ports are 0 for ICMP."""

    source: str
    destination: str
    source_port: int = 0
    destination_port: int = 0

    @property
    def version(self) -> int:
        """IP version."""
        return 6 if ":" in self.destination else 4


def syn(flow: Flow, ttl: int, sequence: int) -> bytes:
    """A whole IP packet with a SYN."""
    head = struct.pack(
        "!HHIIBBHHH",
        *(flow.source_port, flow.destination_port, sequence, 0),
        *((20 + len(_SYN_OPTIONS)) // 4 << 4, SYN, 64240, 0, 0),
    )
    segment = head + _SYN_OPTIONS
    total = _transport_sum(flow, TCP, segment)
    return _ip(flow, TCP, ttl, segment[:16] + struct.pack("!H", total) + segment[18:])


def echo(flow: Flow, ttl: int, identifier: int, number: int, length: int = 0) -> bytes:
    """A whole IP packet with an echo request, padded to `length` bytes if it is shorter.

    Its checksum is the same for every `number`: some routers balance by it.
    """
    header = 20 if flow.version == 4 else 40
    kind = _ECHO_REQUEST[flow.version]
    # The word that makes up for the number follows it.
    body = struct.pack("!HHH", identifier, number, 0xFFFF - number) + b"badhop"
    body += bytes(max(0, length - header - 4 - len(body)))
    message = struct.pack("!BBH", kind, 0, 0) + body
    total = checksum(message) if flow.version == 4 else _transport_sum(flow, ICMPV6, message)
    message = message[:2] + struct.pack("!H", total) + message[4:]
    return _ip(flow, ICMP if flow.version == 4 else ICMPV6, ttl, message)


def datagram(flow: Flow, ttl: int, number: int, payload: bytes) -> bytes:
    """A whole IP packet with a UDP datagram; `number` is its IPv4 identification too.

    Routers that quote no more than ports tell by it which probe they mean.
    """
    length = 8 + len(payload)
    head = struct.pack("!HHHH", flow.source_port, flow.destination_port, length, 0)
    total = _transport_sum(flow, UDP, head + payload) or 0xFFFF
    return _ip(flow, UDP, ttl, head[:6] + struct.pack("!H", total) + payload, number)


def query(identifier: int, name: str) -> bytes:
    """A DNS message that asks for an IPv4 address, with EDNS as go's resolver sends it.

    Of the root it asks for the servers: every resolver knows them.
    """
    labels = [label.encode("ascii") for label in name.split(".") if label]
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    kind = _A if labels else _NS
    option = struct.pack("!BHHIH", 0, 41, _EDNS_SIZE, 0, 0)
    head = struct.pack("!HHHHHH", identifier, 0x0100, 1, 0, 0, 1)
    return head + question + struct.pack("!HH", kind, 1) + option


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _transport_sum(flow: Flow, protocol: int, segment: bytes) -> int:
    """With the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    ends = ip_address(flow.source).packed + ip_address(flow.destination).packed
    return checksum(ends + struct.pack("!II", len(segment), protocol) + segment)


def _ip(flow: Flow, protocol: int, ttl: int, payload: bytes, number: int = 0) -> bytes:
    """The kernel fills in IPv4's checksum, and its identification where it is 0."""
    ends = ip_address(flow.source).packed + ip_address(flow.destination).packed
    if flow.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl) + ends + payload
    length = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, length, number, _DONT_FRAGMENT, ttl, protocol, 0)
    return head + ends + payload
