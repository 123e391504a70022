"""Both ends of one TCP connection, whose segments a test writes down one by one."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, Unpack

from analyzers import tcp
from analyzers.facts import Connection
from captures import files
from tests.packets import ACK, SYN, Frame, ip, write_pcap
from tests.packets import tcp as segment

CLIENT, SERVER = "192.0.2.1", "198.51.100.7"
MSS = 1000


class Header(TypedDict, total=False):
    """Fields that a segment carries instead of the usual ones."""

    flags: int
    window: int
    data: bytes
    blocks: tuple[tuple[int, int], ...]
    ttl: int
    ip_id: int
    tsval: int
    tsecr: int
    stamped: bool
    raw_ack: int
    """What stands in the acknowledgement field of a segment without ACK flag."""


@dataclass
class End:
    """One end: what its next segment's headers carry."""

    address: str
    port: int
    isn: int
    ttl: int
    ip_id: int
    clock: int
    """Its timestamp clock (ms) at time 0."""
    heard: int = 0
    """The last timestamp that it saw."""


@dataclass
class Exchange:
    """A connection in the making; sequence numbers count from the SYN, which is at 0."""

    timestamps: bool = True
    sack: bool = True
    scale: int | None = 7
    client: End = field(default_factory=lambda: End(CLIENT, 40000, 1000, 64, 100, 7_000))
    server: End = field(default_factory=lambda: End(SERVER, 443, 5000, 57, 9000, 90_000))
    frames: list[Frame] = field(default_factory=list)

    def open(self, rtt: float = 0.02) -> Exchange:
        """The three-way handshake, from time 0."""
        self.c(0.0, 0, 0, flags=SYN)
        self.s(rtt, 0, 1, flags=SYN | ACK)
        self.c(rtt, 1, 1)
        return self

    def c(self, at: float, seq: int, ack: int, length: int = 0, **header: Unpack[Header]) -> int:
        """A segment of the client; gives back its frame number."""
        return self._send(self.client, self.server, at, seq, ack, length, header)

    def s(self, at: float, seq: int, ack: int, length: int = 0, **header: Unpack[Header]) -> int:
        """A segment of the server; gives back its frame number."""
        return self._send(self.server, self.client, at, seq, ack, length, header)

    def again(self, at: float, ttl: int | None = None) -> int:
        """The last frame recorded once more, as a mirror port does."""
        packet = bytearray(self.frames[-1][1])
        if ttl is not None:
            packet[8] = ttl
        self.frames.append((at, bytes(packet)))
        return len(self.frames)

    def _send(
        self, sender: End, receiver: End, at: float, seq: int, ack: int, length: int, header: Header
    ) -> int:
        flags = header.get("flags", ACK)
        if "ip_id" not in header:
            sender.ip_id += 1
        packet = segment(
            sender.port,
            receiver.port,
            (sender.isn + seq) & 0xFFFFFFFF,
            (receiver.isn + ack) & 0xFFFFFFFF if flags & ACK else header.get("raw_ack", 0),
            flags,
            header.get("data", b"x" * length),
            window=header.get("window", 500),
            options=self._options(sender, receiver, at, header),
        )
        ends = sender.address, receiver.address
        ttl, ip_id = header.get("ttl", sender.ttl), header.get("ip_id", sender.ip_id)
        self.frames.append((at, ip(*ends, 6, packet, ttl=ttl, ip_id=ip_id)))
        return len(self.frames)

    def _options(self, sender: End, receiver: End, at: float, header: Header) -> bytes:
        options = b""
        if header.get("flags", ACK) & SYN:
            options += struct.pack("!BBH", 2, 4, MSS) + b"\4\2" * self.sack
            options += b"" if self.scale is None else bytes((3, 3, self.scale))
        if header.get("stamped", self.timestamps):
            now = header.get("tsval", sender.clock + round(at * 1000))
            echo = header.get("tsecr", sender.heard)
            options += struct.pack("!BBII", 8, 10, now & 0xFFFFFFFF, echo & 0xFFFFFFFF)
            receiver.heard = now
        blocks = header.get("blocks", ())
        if blocks:
            options += bytes((5, 2 + 8 * len(blocks)))
        for edge in (edge for block in blocks for edge in block):
            options += struct.pack("!I", (receiver.isn + edge) & 0xFFFFFFFF)
        return options

    def write(self, directory: Path) -> Path:
        """The capture file, its frames in order of time."""
        return write_pcap(directory / "exchange.pcap", self.frames)

    def connection(self, directory: Path) -> Connection:
        """The only connection that the capture holds."""
        with files.open(self.write(directory)) as capture:
            found = tcp.connections(capture)
        assert len(found) == 1
        return found[0]
