"""Build the packets a forging box sends, from nothing but the header layouts."""

from __future__ import annotations

import random
import struct
from ipaddress import ip_address

from tests.lab.frames import Flow

RST_ACK = 0x14
FIN_ACK = 0x11
_NUMBERS = {"tcp": 6, "udp": 17}
_IDENTIFICATION = random.Random()


def reset(flow: Flow, sequence: int, acknowledged: int, ttl: int, flags: int = RST_ACK) -> bytes:
    """Return a packet with a bare RST+ACK (or FIN+ACK), as boxes send it: no options, no window."""
    ports = (flow[1], flow[3])
    header = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 0, 0, 0)
    checksum = _checksum(_pseudo(flow, 6, len(header)) + header)
    return _ip("tcp", flow, header[:16] + struct.pack("!H", checksum) + header[18:], ttl)


def packet(protocol: str, flow: Flow, payload: bytes, ttl: int) -> bytes:
    """Return an IP packet with a UDP datagram."""
    header = struct.pack("!HHHH", flow[1], flow[3], 8 + len(payload), 0)
    pseudo = _pseudo(flow, _NUMBERS[protocol], 8 + len(payload))
    checksum = _checksum(pseudo + header + payload) or 0xFFFF
    return _ip(protocol, flow, header[:6] + struct.pack("!H", checksum) + payload, ttl)


def dns_answer(query: bytes, address: str) -> bytes:
    """Answer a query with one address, or with nothing for the other type."""
    question_end = query.index(b"\0", 12) + 5
    kind = struct.unpack_from("!H", query, question_end - 4)[0]
    packed = ip_address(address).packed
    fits = (kind == 1 and len(packed) == 4) or (kind == 28 and len(packed) == 16)
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(fits), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(packed)) + packed
    return head + query[12:question_end] + (record if fits else b"")


def _ip(protocol: str, flow: Flow, body: bytes, ttl: int) -> bytes:
    number = _NUMBERS[protocol]
    source, destination = flow[0], flow[2]
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, len(body), number, ttl) + source + destination + body
    identification = _IDENTIFICATION.randrange(1, 65536)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), identification, 0, ttl, number, 0)
    header += source + destination
    checksum = struct.pack("!H", _checksum(header))
    return header[:10] + checksum + header[12:] + body


def _pseudo(flow: Flow, number: int, length: int) -> bytes:
    return flow[0] + flow[2] + struct.pack("!II", length, number)


def _checksum(data: bytes) -> int:
    """Sum as RFC 1071 does."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
