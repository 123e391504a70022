"""Packets in, hostile packets out: headers, TCP options, sequence numbers, fragments, payloads."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.fuzz import dns, http, icmp, tls
from tests.fuzz.damage import damage, number, put
from tests.fuzz.layers import ICMP, ICMP6, TCP, UDP, Layers, layers, with_payload
from tests.fuzz.seeds import Packet

_OPTIONS = (
    b"\x02\x04\0\0",
    b"\x02\x04\0\x01",
    b"\x02\x03\xff",
    b"\x03\x03\xff",
    b"\x03\x03\x0e",
    b"\x05\x0a" + b"\xff" * 8,
    b"\x05\x22" + b"\0" * 32,
    b"\x05\x02",
    b"\x08\x0a" + b"\xff" * 8,
    b"\x08\x0a" + b"\0" * 8,
    b"\x22\x02",
    b"\x1d\x10" + b"\0" * 14,
    b"\xfe\0",
    b"\xfe\x01",
    b"\xfe\xff",
    b"\x01" * 40,
    b"\0" * 40,
)
_FLAGS = (0, 1, 2, 3, 4, 5, 6, 16, 17, 18, 20, 24, 25, 41, 63, 255)
_JUMPS = (1, -1, 1448, -1448, 65536, 1 << 30, 0x7FFFFFFF, 0x80000000, -(1 << 31))


def mutate(packet: Packet, rng: Random) -> Packet:
    """Change one packet, in its headers or in its payload."""
    found = layers(packet)
    if found is None:
        return packet.with_data(damage(packet.data, rng))
    changes: list[Callable[[Packet, Layers, Random], Packet]] = [_header, _ip, _cut, _payload]
    if found.protocol == TCP:
        changes += [_options, _sequence, _sequence, _flags, _window, _payload]
    elif found.protocol == UDP:
        changes += [_payload, _payload, _payload, _length]
    return rng.choice(changes)(packet, found, rng)


def payload(data: bytes, ports: tuple[int, int], rng: Random) -> bytes:
    """Change a payload as what it looks like, or as what it does not look like."""
    if rng.random() < 0.1:
        return rng.choice((dns.mutate, http.mutate, tls.mutate, damage))(data, rng)
    if 53 in ports:
        return dns.mutate(data, rng)
    if data[:1] in (b"\x14", b"\x15", b"\x16", b"\x17") and data[1:2] == b"\x03":
        return tls.mutate(data, rng)
    if data[:5] in (b"HTTP/", b"GET /", b"CONNE", b"POST ", b"HEAD "):
        return http.mutate(data, rng)
    return damage(data, rng)


def _payload(packet: Packet, found: Layers, rng: Random) -> Packet:
    if found.protocol in (ICMP, ICMP6):
        return icmp.mutate(packet, rng)
    old = packet.data[found.payload :]
    new = payload(old, found.ports(packet.data), rng)
    if found.protocol == TCP and rng.random() < 0.5:
        new = new[: len(old)].ljust(len(old), b"\0")
    return with_payload(packet, found, new[:60_000])


def _header(packet: Packet, found: Layers, rng: Random) -> Packet:
    head = damage(packet.data[: found.payload], rng)
    return packet.with_data(head + packet.data[found.payload :])


def _ip(packet: Packet, found: Layers, rng: Random) -> Packet:
    """One field of the IP header: sizes, fragments, TTL, protocol, addresses."""
    data, at = packet.data, found.network
    if found.version == 4:
        place, width = rng.choice(((0, 1), (2, 2), (4, 2), (6, 2), (8, 1), (9, 1), (12, 4)))
    else:
        place, width = rng.choice(((0, 4), (4, 2), (6, 1), (7, 1), (20, 4)))
    value = number(rng, width)
    if (place, found.version) == (6, 4):
        value = rng.choice((0x2000, 0x2001, 0x0001, 0x1FFF, 0x3FFF, 0x4000))
    return packet.with_data(put(data, at + place, value, width))


def _cut(packet: Packet, found: Layers, rng: Random) -> Packet:
    kept = rng.choice((found.network, found.transport, found.payload, rng.randrange(2000)))
    return replace(packet, data=packet.data[: kept + rng.randrange(3)])


def _length(packet: Packet, found: Layers, rng: Random) -> Packet:
    return packet.with_data(put(packet.data, found.transport + 4, number(rng, 2), 2))


def _options(packet: Packet, found: Layers, rng: Random) -> Packet:
    """Other TCP options, the header's length with them."""
    options = b"".join(rng.choice(_OPTIONS) for _ in range(rng.choice((1, 2, 3))))[:40]
    options += b"\1" * (-len(options) % 4)
    data = packet.data
    head = data[found.transport : found.transport + 20]
    words = rng.choice((5 + len(options) // 4,) * 8 + (0, 4, 15))
    head = put(head, 12, words << 4, 1)
    rest = data[found.payload :]
    changed = packet.with_data(data[: found.transport] + head + options)
    moved = replace(found, payload=found.transport + 20 + len(options))
    return with_payload(changed, moved, rest)


def _sequence(packet: Packet, found: Layers, rng: Random) -> Packet:
    """A jump of the sequence or the acknowledgment number."""
    at = found.transport + rng.choice((4, 8))
    (old,) = struct.unpack_from("!I", packet.data, at)
    jump = rng.choice((rng.choice(_JUMPS), rng.randrange(3000), rng.randrange(1 << 32)))
    return packet.with_data(put(packet.data, at, (old + jump) % (1 << 32), 4))


def _flags(packet: Packet, found: Layers, rng: Random) -> Packet:
    return packet.with_data(put(packet.data, found.transport + 13, rng.choice(_FLAGS), 1))


def _window(packet: Packet, found: Layers, rng: Random) -> Packet:
    return packet.with_data(put(packet.data, found.transport + 14, number(rng, 2), 2))
