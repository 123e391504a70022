"""The vocabulary of two vantage points: what one capture shows of the other's packets.

"Near" is the point nearer to the client, "far" the other one. Outwards is from the client to the
server. Frames count in the file of their own point. Times of the far point are its own clock less
`Clock.offset_s`. `None` means not seen or not knowable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analyzers.facts import Facts
from analyzers.facts.tcp import Connection
from captures.lazyclass import dataclass


class Way(StrEnum):
    """Which way a packet goes."""

    OUT = "out"
    """From the client to the server: past the near point first."""
    BACK = "back"
    """From the server to the client: past the far point first."""


class Tie(StrEnum):
    """How the same connection looks at the far point."""

    SAME = "same"
    """The same packets, perhaps with other addresses (NAT) or options."""
    RENUMBERED = "renumbered"
    """The same packets with other sequence numbers (a firewall that hides initial numbers)."""
    TERMINATED = "terminated"
    """The same bytes in another TCP connection: something between ends one and opens another."""
    REWRITTEN = "rewritten"
    """Another TLS handshake to the same name: something between ends TLS as well."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How the far clock stands against the near one, told from packets seen at both points."""

    offset_s: float
    """Far clock less near clock, at the near capture's first packet."""
    drift: float
    """Seconds that the far clock gains per second (0: no drift shows)."""
    error_s: float | None
    """Half the shortest round trip between the points: the offset is wrong by no more, however
    unequal the two ways are. None when packets of one way only were seen at both points."""
    packets_out: int
    packets_back: int
    """Packets seen at both points, by their way."""
    stepped: bool = False
    """No steady clock explains the times: one of them was set meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Transit:
    """What became of one side's packets of one connection between the points."""

    sent_bytes: int
    """Stream bytes seen before the segment between the points, each copy; SYN and FIN count one."""
    sent_frames: int
    lost_bytes: int
    """Of these, copies that never came out at the other end."""
    lost_frames: tuple[int, ...]
    """Frames at the point before, some or all of whose bytes were lost."""
    lost_last: int
    """How many of the last segments in a row were lost."""
    lost_full_sized: int
    """Of the lost frames, those as long as the longest that was sent."""
    unseen_bytes: int
    """Acknowledged behind the other end, but missing there: that capture lost them itself."""
    multiplied_bytes: int
    """Copies that came out without having gone in."""
    delays_s: npt.NDArray[np.float64]
    """Of packets seen at both points, less the clock's offset: comparable with each other; as a
    whole wrong by up to `Clock.error_s`."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One connection, seen at both points."""

    near: int
    """Its stream in the near capture."""
    far: int
    tie: Tie
    out: Transit | None
    """None where packets cannot be compared: terminated, or nothing was seen at both points."""
    back: Transit | None

    @property
    def tls_ends_between(self) -> bool:
        """Somebody between the points speaks TLS with either side."""
        return self.tie is Tie.REWRITTEN


@dataclass(frozen=True, slots=True)
class Forged:
    """One packet that came out of the segment between the points and never went in."""

    kind: str
    """"reset", "fin", "data", "answer" (DNS), "handshake" (a SYN-ACK to a SYN that vanished)."""
    way: Way
    frame: int
    """At the near point for BACK, at the far point for OUT."""
    stream: int | None
    """In the capture of that point."""
    ttl: int


@dataclass(frozen=True, slots=True)
class Change:
    """One header field of a handshake that differs between the points."""

    what: str
    """"mss", "window_scale", "sack", "timestamps", "window", "ttl", "sequence_numbers",
    "client_address", "server_address", "payload"."""
    way: Way
    before: str
    after: str
    """As text, in the order in which the packet passed the points."""
    near_stream: int
    near_frame: int
    far_frame: int


@dataclass(frozen=True, slots=True)
class DnsTransit:
    """DNS over UDP between the points; indices of exchanges and frames of the near capture."""

    exchanges: int = 0
    """Questions seen at both points."""
    queries_lost: tuple[int, ...] = ()
    """Frames of queries that never came out at the far point."""
    answers_lost: tuple[int, ...] = ()
    """Frames, in the far capture, of answers that never came out at the near point."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What two captures of the same traffic show together."""

    near_file: str
    far_file: str
    clock: Clock | None
    """None when no packet was seen at both points."""
    same_point: bool
    """Nothing lies between: no hop, no time."""
    hops: int | None
    """Routers between the points, by the TTLs of the same packets; None when TTLs do not tell."""
    pairs: tuple[Pair, ...]
    vanished: tuple[int, ...]
    """Near streams that should have come past the far point and did not."""
    near_only: int
    """Near connections without a counterpart, within the time of both captures."""
    far_only: int
    forged: tuple[Forged, ...]
    changes: tuple[Change, ...]
    dns: DnsTransit
    far_connections: Mapping[int, Connection] = field(default_factory=dict)
    """The far half of each pair, by near stream."""
    overlap: tuple[float, float] | None = None
    """When both captures ran, in seconds of the near one; None without a common clock."""

    @property
    def overlap_s(self) -> float | None:
        """How long both captures ran at the same time."""
        return None if self.overlap is None else max(self.overlap[1] - self.overlap[0], 0.0)

    @property
    def in_common(self) -> bool:
        """Whether anything was seen at both points."""
        return bool(self.pairs or self.dns.exchanges)

    def pair_of(self, stream: int | None) -> Pair | None:
        """The pair of a near stream."""
        return next((p for p in self.pairs if p.near == stream), None)


@dataclass(frozen=True, slots=True, eq=False)
class ComparedFacts(Facts):
    """All facts of a capture that was compared with another one."""

    comparison: Comparison | None = None
