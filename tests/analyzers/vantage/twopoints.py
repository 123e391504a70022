"""One conversation, recorded at two points: what is said in, two captures out."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import captures.files
from analyzers.extraction import extract
from analyzers.vantage.comparison import Compared, compare
from captures.packets import Capture
from tests.packets import ACK, FIN, PSH, RAW, RST, START_S, SYN, Frame, ip, pcap, tcp

CLIENT, SERVER, NAT = "10.1.0.2", "192.0.2.80", "198.51.100.9"
CLIENT_PORT, NAT_PORT = 40000, 61000
OUT_S, BACK_S = 0.010, 0.014
"""From one point to the other: the ways need not be alike."""
TCP = 6


@dataclass(frozen=True)
class Path:
    """What the segment between the points does to packets, and how the far point records."""

    routers: int = 2
    nat: bool = False
    #: Added to the client's and to the server's sequence numbers at the far point.
    renumber: tuple[int, int] = (0, 0)
    clamp: int = 0
    strip_timestamps: bool = False
    #: Far clock less near clock, and how much it gains per second.
    clock_s: float = 0.0
    drift: float = 0.0
    #: Segments that follow each other at the far point become one (GRO).
    merge: bool = False


@dataclass
class Talk:
    """One TCP connection as two points see it; side 0 is the client, 1 the server."""

    path: Path = field(default_factory=Path)
    client_port: int = CLIENT_PORT
    server_port: int = 443
    start_s: float = 0.0
    seed: int = 1
    step_s: float = 0.03
    near: list[Frame] = field(default_factory=list)
    far: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        self._isn = [rng.getrandbits(31), rng.getrandbits(31)]
        self._clock = [rng.getrandbits(30), rng.getrandbits(30)]
        self._next = [0, 0]
        self.now_s = self.start_s
        self._bytes = rng

    def open(self) -> Talk:
        """The three-way handshake."""
        self.send(0, flags=SYN)
        self.send(1, flags=SYN | ACK)
        self.send(0)
        return self

    def fresh(self, length: int) -> bytes:
        """Bytes that nobody sends twice."""
        return self._bytes.randbytes(length)

    def send(
        self,
        side: int,
        data: bytes = b"",
        *,
        flags: int = ACK,
        seen: str = "both",
        again: int = 0,
        slow_s: float = 0.0,
        ttl: int = 64,
    ) -> None:
        """One segment; `seen` is "both", "near" or "far"; `again` goes back that many bytes."""
        sequence = self._next[side] - again
        acknowledged = self._next[1 - side] if flags & ACK else 0
        self._next[side] = max(self._next[side], sequence + len(data) + bool(flags & (SYN | FIN)))
        way_s = (OUT_S, BACK_S)[side] + slow_s
        near_s, far_s = (0.0, way_s) if side == 0 else (way_s, 0.0)
        if seen in ("both", "near"):
            packet = self._packet(Path(), side, sequence, acknowledged, flags, data)
            hops = 0 if side == 0 else self.path.routers
            self.near.append((self.now_s + near_s, self._with_ttl(packet, ttl - hops)))
        if seen in ("both", "far"):
            packet = self._packet(self.path, side, sequence, acknowledged, flags, data)
            hops = self.path.routers if side == 0 else 0
            self.far.append((self.now_s + far_s, self._with_ttl(packet, ttl - hops)))
        self.now_s += self.step_s

    def _packet(
        self, path: Path, side: int, sequence: int, acknowledged: int, flags: int, data: bytes
    ) -> bytes:
        shift = path.renumber
        numbers = (
            self._isn[side] + shift[side] + sequence & 0xFFFFFFFF,
            self._isn[1 - side] + shift[1 - side] + acknowledged & 0xFFFFFFFF,
        )
        client = (
            (NAT, NAT_PORT + self.client_port % 1000) if path.nat else (CLIENT, self.client_port)
        )
        ends = [client, (SERVER, self.server_port)]
        (source, source_port), (destination, destination_port) = ends[side], ends[1 - side]
        options = b""
        if flags & SYN:
            options += struct.pack("!BBH", 2, 4, path.clamp or 1460)
            options += struct.pack("!BBB", 3, 3, 7) + b"\1"
        if not path.strip_timestamps:
            tick = self._clock[side] + int(self.now_s * 1000)
            options += b"\1\1" + struct.pack("!BBII", 8, 10, tick, self._clock[1 - side])
        segment = tcp(
            source_port,
            destination_port,
            numbers[0],
            numbers[1] if flags & ACK else 0,
            flags,
            data,
            options=options,
        )
        return ip(source, destination, TCP, segment)

    @staticmethod
    def _with_ttl(packet: bytes, ttl: int) -> bytes:
        return packet[:8] + bytes([ttl]) + packet[9:]

    def request(self, answer: int = 3000, lost: str = "both") -> None:
        """A request and its answer in segments of 1000 bytes, each acknowledged."""
        self.send(0, self.fresh(300), flags=ACK | PSH)
        for _ in range(answer // 1000):
            self.send(1, self.fresh(1000), seen=lost)
            self.send(0)

    def close(self) -> None:
        """Both sides say farewell."""
        self.send(0, flags=FIN | ACK)
        self.send(1, flags=FIN | ACK)
        self.send(0)

    def reset(self, side: int, seen: str = "both", ttl: int = 64) -> None:
        """A RST at the sender's next place."""
        self.send(side, flags=RST | ACK, seen=seen, ttl=ttl)


def files(talks: list[Talk], snaplens: tuple[int, int] = (262144, 262144)) -> tuple[bytes, bytes]:
    """The near and the far capture of some connections, in order of time."""
    path = talks[0].path
    near = sorted(frame for talk in talks for frame in talk.near)
    far = sorted(frame for talk in talks for frame in talk.far)
    if path.merge:
        far = merged(far)
    far = [(t * (1.0 + path.drift) + path.clock_s, data) for t, data in far]
    return (
        pcap([(START_S + t, data) for t, data in near], RAW, snaplens[0]),
        pcap([(START_S + t, data) for t, data in far], RAW, snaplens[1]),
    )


def merged(frames: list[Frame]) -> list[Frame]:
    """Data segments that follow each other in a half become one of at most 16 kB, as GRO does."""
    result: list[Frame] = []
    last: dict[bytes, int] = {}
    for time_s, packet in frames:
        head = 20 + (packet[32] >> 4) * 4
        ends, payload = packet[12:24], packet[head:]
        before = last.get(ends)
        if payload and before is not None:
            _, earlier = result[before]
            size = len(earlier) - head
            sequence = int.from_bytes(earlier[24:28], "big") + size & 0xFFFFFFFF
            if size and sequence == int.from_bytes(packet[24:28], "big") and size < 16000:
                whole = earlier + payload
                whole = whole[:2] + struct.pack("!H", len(whole)) + whole[4:]
                result[before] = (time_s, whole)
                continue
        last[ends] = len(result)
        result.append((time_s, packet))
    return sorted(result)


@contextmanager
def opened(one: bytes, other: bytes) -> Iterator[tuple[Capture, Capture]]:
    """Two capture files, read."""
    with captures.files.open(io.BytesIO(one)) as a, captures.files.open(io.BytesIO(other)) as b:
        yield a, b


def compared(one: bytes, other: bytes) -> Compared:
    """What two capture files have in common."""
    with opened(one, other) as pair:
        return compare(pair, (extract(pair[0]), extract(pair[1])))


def of(*talks: Talk, snaplens: tuple[int, int] = (262144, 262144)) -> Compared:
    """What the two captures of some connections have in common."""
    return compared(*files(list(talks), snaplens))


def download(path: Path = Path(), **options: object) -> Talk:
    """A whole healthy download on one connection."""
    talk = replace(Talk(path), **options).open()  # type: ignore[arg-type]
    talk.request()
    talk.request()
    talk.close()
    return talk
