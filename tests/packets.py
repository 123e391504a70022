"""Packets and capture files built by hand: headers in, bytes out, for captures that fit a test."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from pathlib import Path

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

ETHERNET, RAW = 1, 101

Frame = tuple[float, bytes]
"""Time in seconds since the epoch, and the bytes of the frame."""

START_S = 1_700_000_000.0


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ip(
    source: str,
    destination: str,
    protocol: int,
    payload: bytes,
    *,
    ttl: int = 64,
    ip_id: int = 0,
    dont_fragment: bool = True,
    more_fragments: bool = False,
    fragment_offset: int = 0,
    length: int | None = None,
) -> bytes:
    """An IPv4 or IPv6 packet, by the addresses given; `length` overrides the true one."""
    a, b = ip_address(source), ip_address(destination)
    if isinstance(a, IPv6Address):
        size = len(payload) if length is None else length
        return struct.pack("!IHBB", 6 << 28, size, protocol, ttl) + a.packed + b.packed + payload
    size = 20 + len(payload) if length is None else length
    flags = dont_fragment << 14 | more_fragments << 13 | fragment_offset // 8
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, ip_id, flags, ttl, protocol, 0)
    head += a.packed + b.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(source_port: int, destination_port: int, payload: bytes = b"") -> bytes:
    """A UDP datagram without a checksum."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(
    source_port: int,
    destination_port: int,
    sequence: int,
    acknowledgement: int,
    flags: int,
    payload: bytes = b"",
    *,
    window: int = 65535,
    options: bytes = b"",
) -> bytes:
    """A TCP segment without a checksum; options are padded to words."""
    options += b"\1" * (-len(options) % 4)
    offset = (20 + len(options)) // 4 << 4
    head = (source_port, destination_port, sequence, acknowledgement, offset, flags, window, 0, 0)
    return struct.pack("!HHIIBBHHH", *head) + options + payload


def icmp(kind: int, code: int, rest: bytes = b"\0\0\0\0", body: bytes = b"") -> bytes:
    """An ICMP or ICMPv6 message without a checksum; `rest` is the header's second word."""
    return struct.pack("!BBH", kind, code, 0) + rest + body


def ethernet(packet: bytes) -> bytes:
    """An Ethernet frame around an IP packet."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return b"\x02\0\0\0\0\2\x02\0\0\0\0\1" + struct.pack("!H", kind) + packet


def pcap(frames: Iterable[Frame], link_type: int = RAW, snaplen: int = 262144) -> bytes:
    """A little-endian microsecond pcap file; frames longer than `snaplen` are cut."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)]
    for time_s, data in frames:
        seconds, micros = divmod(round(time_s * 1_000_000), 1_000_000)
        kept = data[:snaplen]
        parts += [struct.pack("<IIII", seconds, micros, len(kept), len(data)), kept]
    return b"".join(parts)


def write_pcap(path: Path, frames: Iterable[Frame], link_type: int = RAW) -> Path:
    """Write frames, whose times count from START_S, as a pcap file and give its path back."""
    shifted = ((START_S + time_s, data) for time_s, data in frames)
    path.write_bytes(pcap(shifted, link_type))
    return path
