"""Packets in, the bytes of a capture file out; and such bytes in, damaged ones out."""

from __future__ import annotations

import gzip
import struct
from random import Random

from tests.captures import containers
from tests.captures.containers import Record
from tests.fuzz.damage import damage, number, put, text
from tests.fuzz.seeds import Packet

_LINKS = (0, 1, 9, 12, 101, 108, 113, 147, 228, 229, 276, 0xFFFF)
_BLOCKS = (0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 9, 10, 0xBAD, 0x40000BAD, 0xFFFFFFFF)


def write(packets: list[Packet], rng: Random) -> bytes:
    """A file of one format or the other; of mixed links only pcapng can tell."""
    order = rng.choice("<<<>")
    links = sorted({packet.link for packet in packets}) or [1]
    if len(links) == 1 and rng.random() < 0.4:
        records = [
            Record(packet.time_ns % (2**32 * 10**9), packet.data, packet.length)
            for packet in packets
        ]
        return containers.pcap(
            records,
            order=order,
            link_type=links[0],
            nanoseconds=rng.random() < 0.5,
            modified=rng.random() < 0.05,
            version=(2, 2) if rng.random() < 0.05 else (2, 4),
        )
    # if_tsresol 9: nanoseconds.
    resolution = containers.option(9, b"\x09", order)
    blocks = [containers.section(order)]
    blocks += [containers.interface(link, order, options=resolution) for link in links]
    blocks += [
        containers.enhanced(
            packet.data,
            packet.time_ns % 2**64,
            order,
            links.index(packet.link),
            length=packet.length,
        )
        for packet in packets
    ]
    return b"".join(blocks)


def mutate(data: bytes, rng: Random) -> bytes:
    """Damage a file: anywhere, or where its records and their lengths are."""
    if rng.random() < 0.05:
        return _compress(data, rng)
    starts = _records(data)
    if not starts or rng.random() < 0.2:
        return damage(data, rng)
    return _structure(data, starts, rng)


def _compress(data: bytes, rng: Random) -> bytes:
    packed = gzip.compress(data, 1, mtime=0)
    return rng.choice((packed, damage(packed, rng), packed + packed, gzip.compress(packed)))


def _records(data: bytes) -> list[int]:
    """Where records or blocks start, as far as the lengths can be believed."""
    little = (
        data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") or data[8:12] == b"\x4d\x3c\x2b\x1a"
    )
    order = "<" if little else ">"
    starts: list[int] = []
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        at = 0
        while at + 12 <= len(data):
            starts.append(at)
            at += max(12, struct.unpack_from(order + "I", data, at + 4)[0])
        return starts
    at = 24
    while at + 16 <= len(data):
        starts.append(at)
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
    return starts


def _structure(data: bytes, starts: list[int], rng: Random) -> bytes:
    chosen = rng.randrange(len(starts))
    at = starts[chosen]
    end = starts[chosen + 1] if chosen + 1 < len(starts) else len(data)
    one, order = data[at:end], rng.choice(("little", "little", "big"))
    kind = rng.randrange(9)
    if kind == 0:
        return put(data, at + rng.choice((0, 4, 8, 12, 16, 20, 24)), number(rng, 4), 4, order)
    if kind == 1:
        return put(data, at, rng.choice(_BLOCKS), 4, order)
    if kind == 2:
        return data[:at] + one * rng.choice((2, 30)) + data[end:]
    if kind == 3:
        return data[:at] + data[end:]
    if kind == 4:
        other = rng.choice(starts)
        return data[:other] + one + data[other:]
    if kind == 5:
        return data[: at + rng.randrange(end - at + 1)]
    if kind == 6:
        return data[:at] + _block(rng) + data[at:]
    if kind == 7:
        # The pcap header's link type, or that of pcapng's first interface.
        place = 20 if data[:4] != b"\x0a\x0d\x0d\x0a" else starts[min(1, len(starts) - 1)] + 8
        return put(data, place, rng.choice(_LINKS), 2, order)
    return data[:at] + damage(one, rng) + data[end:]


def _block(rng: Random) -> bytes:
    """A pcapng block with options that hurt."""
    options = b"".join(
        containers.option(rng.choice((0, 1, 2, 3, 4, 5, 9, 14)), text(rng).encode()[:3000])
        for _ in range(rng.choice((1, 3)))
    )
    return rng.choice(
        (
            containers.section("<", options),
            containers.interface(rng.choice(_LINKS), options=options),
            containers.block(5, struct.pack("<III", number(rng, 4), 0, 0) + options),
            containers.block(10, struct.pack("<II", 0x544C534B, 5) + text(rng).encode()),
            containers.enhanced(b"x", number(rng, 4), "<", number(rng, 1), options),
            containers.block(rng.choice(_BLOCKS), rng.randbytes(40)),
        )
    )
