"""Captures of many downloads: `python -m tests.bench.traffic FILE SCALE [SNAPLEN [BODY]]`.

A scale of 1 is 330 downloads, about 859,000 packets and 1 GB. Larger ones hold the same over
again with other numbers and later times, smaller ones fewer downloads.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from random import Random
from typing import BinaryIO

import dns.message
import dns.rrset

from captures.packets import ACK, SYN
from tests.bench.downloads import CLIENT, Plan, Segment, segments
from tests.bench.words import Script, script
from tests.packets import checksum, udp

DOWNLOADS = 330
BODY = 2_870_000
"""Bytes of a download on average: with `DOWNLOADS` of them, 1 GB."""
LOSS = 0.005
BLOCK_US = 60_000_000
"""One lot of downloads, and the next begins."""
START_S = 1_700_000_000

_CLIENT, _RESOLVER, _SERVERS = "192.168.7.20", "192.168.7.1", ("203.0.113.7", "203.0.113.8")
_ETHERNET = bytes.fromhex("02000000000102000000000208 00")
_TTLS = (64, 53)
_WINDOWS = (4096, 501)
_SYN_OPTIONS = bytes.fromhex("020405b40402080a")
_SCALE_OPTION = bytes.fromhex("01030307")
_PIECE = 4096

Record = tuple[int, int, bytes, int]
"""Time in microseconds, order within it, the frame's head, bytes of the frame on the wire."""


def write(path: Path, scale: float, snaplen: int = 262_144, body: int = BODY) -> int:
    """Write a capture; return its packets."""
    words, packets = script(), 0
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, 1))
        for block in range(max(1, round(scale))):
            count = DOWNLOADS if scale >= 1 else max(1, round(DOWNLOADS * scale))
            packets += _write_block(file, words, block, count, snaplen, body)
    return packets


def _write_block(
    file: BinaryIO, words: Script, block: int, count: int, snaplen: int, body: int
) -> int:
    random = Random(block)
    flows = [
        _download(words, block * count + number, block * BLOCK_US, count, body, random)
        for number in range(count)
    ]
    packets = 0
    pending: list[bytes] = []
    for time_us, _, frame, length in merge(*flows):
        kept = frame[:snaplen]
        seconds, rest = divmod(time_us, 1_000_000)
        pending += (struct.pack("<IIII", START_S + seconds, rest, len(kept), length), kept)
        packets += 1
        if packets % _PIECE == 0:
            file.write(b"".join(pending))
            pending.clear()
    file.write(b"".join(pending))
    return packets


def _download(
    words: Script, number: int, since_us: int, count: int, body: int, random: Random
) -> Iterator[Record]:
    """Yield the frames of one download: its lookup, and its connection."""
    own = Random(random.random())
    server = _SERVERS[number % len(_SERVERS)]
    start_us = since_us + int(own.random() * BLOCK_US * 0.4 * min(1.0, count / DOWNLOADS))
    plan = Plan(
        start_us=start_us + 12_000,
        round_trip_us=own.randint(8_000, 45_000),
        loss=LOSS,
        hello=words.hello,
        flight=words.flight,
        request=words.request,
        body=int(body * own.uniform(0.4, 1.6)),
    )
    yield from _lookup(words.name, server, number, start_us)
    connection = _Connection(words, server, 20_000 + number % 40_000, number, own)
    for segment in segments(plan, own):
        yield connection.frame(segment)


def _lookup(name: str, server: str, number: int, start_us: int) -> Iterator[Record]:
    """Yield the question for an address, and its answer."""
    query = dns.message.make_query(name, "A", use_edns=True, id=number & 0xFFFF)
    answer = dns.message.make_response(query)
    answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", "A", server))
    port = 10_000 + number % 50_000
    asked = udp(port, 53, query.to_wire())
    said = udp(53, port, answer.to_wire())
    for time_us, ends, ttl, data in (
        (start_us, (_CLIENT, _RESOLVER), 64, asked),
        (start_us + 9_000, (_RESOLVER, _CLIENT), 64, said),
    ):
        head = _ip_start(*ends, ttl, 17)
        frame = _ETHERNET + _ip(head, number & 0xFFFF, 20 + len(data)) + data
        yield time_us, number, frame, len(frame)


class _Connection:
    """Turns the segments of one connection into frames."""

    def __init__(self, words: Script, server: str, port: int, number: int, random: Random) -> None:
        self._words = (words.client, words.server)
        self._number = number
        self._heads = (
            _ip_start(_CLIENT, server, _TTLS[0], 6),
            _ip_start(server, _CLIENT, _TTLS[1], 6),
        )
        self._ports = (struct.pack("!HH", port, 443), struct.pack("!HH", 443, port))
        self._first = [random.getrandbits(32), random.getrandbits(32)]
        self._ids = [random.getrandbits(16), random.getrandbits(16)]
        self._clocks = [random.getrandbits(31), random.getrandbits(31)]
        self._heard = [0, 0]
        """Last timestamp of the other side."""

    def frame(self, segment: Segment) -> Record:
        """Return one packet."""
        time_us, side, flags, start, length, acknowledges, sack = segment
        opening = flags & SYN
        self._ids[side] = self._ids[side] + 1 & 0xFFFF
        stamp = self._clocks[side] + time_us // 1000 & 0xFFFFFFFF
        stamps = struct.pack("!II", stamp, self._heard[side])
        self._heard[1 - side] = stamp
        options = b"\1\1\x08\x0a" + stamps
        if opening:
            options = _SYN_OPTIONS + stamps + _SCALE_OPTION
        if sack:
            options += struct.pack("!BBBB", 1, 1, 5, 2 + 8 * len(sack))
            base = self._first[1 - side] + 1
            for low, high in sack:
                options += struct.pack("!II", base + low & 0xFFFFFFFF, base + high & 0xFFFFFFFF)
        size = 20 + len(options)
        sequence = self._first[side] + (0 if opening else 1 + start)
        acknowledged = self._first[1 - side] + 1 + acknowledges if flags & ACK else 0
        tcp = struct.pack(
            "!IIBBHHH",
            sequence & 0xFFFFFFFF,
            acknowledged & 0xFFFFFFFF,
            size << 2,
            flags,
            65535 if opening else _WINDOWS[side],
            0,
            0,
        )
        ip = _ip(self._heads[side], self._ids[side], 20 + size + length)
        frame = _ETHERNET + ip + self._ports[side] + tcp + options
        if length:
            frame += self._words[side].at(start, length)
        # On one microsecond the client's answer comes second.
        return time_us, self._number * 2 + (side == CLIENT), frame, len(frame)


def _ip_start(source: str, destination: str, ttl: int, protocol: int) -> tuple[int, bytes, bytes]:
    """Return what the packets of a flow share: sum of their words, and bytes around the rest."""
    ends = bytes(map(int, source.split("."))) + bytes(map(int, destination.split(".")))
    behind = struct.pack("!HBB", 0x4000, ttl, protocol)
    return checksum(b"\x45\0" + behind + ends) ^ 0xFFFF, behind, ends


def _ip(start: tuple[int, bytes, bytes], ident: int, length: int) -> bytes:
    """Return an IPv4 header, its checksum included (RFC 1624)."""
    total, behind, ends = start
    total += ident + length
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    lengths, sums = struct.pack("!HH", length, ident), struct.pack("!H", total ^ 0xFFFF)
    return b"".join((b"\x45\0", lengths, behind, sums, ends))


if __name__ == "__main__":
    write(Path(sys.argv[1]), float(sys.argv[2]), *map(int, sys.argv[3:]))
