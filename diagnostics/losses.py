"""What was lost on the way to and from one server: how much, when, which way, at what cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log2

import numpy as np
import numpy.typing as npt

from analyzers.facts import (
    Connection,
    Facts,
    Half,
    LossSide,
    Retransmission,
    RetransmissionKind,
    Side,
    Silence,
)
from captures.lazyclass import dataclass
from diagnostics.localize import far_sides
from diagnostics.queues import near, round_trips
from diagnostics.spans import Span, busy, given_up_s, without
from diagnostics.timeline import union_s
from diagnostics.transfers import whole_rtt_s

Float64 = npt.NDArray[np.float64]

EPISODE_S = 0.01
EPISODE_RTTS = 1.5
"""Losses closer together than a round trip are one event to the sender (RFC 6582)."""
QUEUE_MIN_S = 0.004
QUEUE_MIN_SHARE = 0.2
"""Of the shortest round trip: less is no queue that overflows, but scheduling."""
FULL_SHARE = 0.5
"""Of the rise that load makes: a queue drops when it is full, or nearly."""
NEAR_RTTS = 1.5
"""How far back a round trip still tells of the moment of a loss."""
FIRST_TIMER_S = 0.25
"""About what Linux waits before the first copy; each further wait is twice as long."""
ANSWERED_SHARE = 0.2
"""Of a silence: a round trip that is shorter is not what was waited for."""
TIMERS = frozenset(
    (RetransmissionKind.TIMEOUT, RetransmissionKind.TAIL_PROBE, RetransmissionKind.SYN)
)
"""Retransmissions for which the sender stood still before."""


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Losses between the capture point and one end of the connections to a server.

    That end is the server, or (`side`) the client, where the capture point is not the client's:
    "in" is what comes from that end, "out" what goes to it. SYNs count with what goes out.
    """

    address: str
    """The server's."""
    side: Side
    connections: tuple[Connection, ...]
    rtt_s: float
    sent_in: int
    lost_in: tuple[Retransmission, ...]
    """Sent again by that end because the capture (and the other end) never got them."""
    sent_out: int
    lost_out: tuple[Retransmission, ...]
    unseen_in: int
    """Packets from that end that were lost and left no hole in the capture: what was sent later
    was lost too (see `Silence.lost_packets`)."""
    moments_s: Float64
    """When each hole became visible, or the lost segment was sent."""

    @property
    def count(self) -> int:
        """Lost segments that were sent again before the capture's eyes, or to fill a hole."""
        return len(self.lost_in) + len(self.lost_out)

    @property
    def share_in(self) -> float:
        """Of what that end sent."""
        return len(self.lost_in) / self.sent_in if self.sent_in else 0.0

    @property
    def share_out(self) -> float:
        """Of what was sent to it (bare ACKs are not missed)."""
        return len(self.lost_out) / self.sent_out if self.sent_out else 0.0

    @property
    def of_server(self) -> tuple[Retransmission, ...]:
        """What was lost of the server's data."""
        return self.lost_in if self.side is Side.SERVER else self.lost_out

    @property
    def share_of_server(self) -> float:
        """Of what the server sent."""
        return self.share_in if self.side is Side.SERVER else self.share_out

    @property
    def share(self) -> float:
        """Of all data segments and SYNs."""
        sent = self.sent_in + self.sent_out
        return self.count / sent if sent else 0.0

    def episodes(self, start_s: float = float("-inf"), end_s: float = float("inf")) -> int:
        """How many separate events of loss there were in a span."""
        return episodes(self.moments_s, self.rtt_s, start_s, end_s)

    def waits_s(self) -> list[Span]:
        """Spans in which a sender stood still until a timer repeated what was lost, and no
        connection to the server moved data."""
        waits = [span for c in self.connections for span in _waits(c, self.side)]
        return without(waits, (span for c in self.connections for span in busy(c)))

    def stalled_s(self) -> float:
        """How long, in all."""
        return union_s(self.waits_s())


def losses(facts: Facts) -> list[Losses]:
    """What was lost on the way to each server that a connection was tried to, and on the way to its
    clients."""
    groups: dict[str, list[Connection]] = {}
    heard = {_service(c) for c in facts.connections if c.server.packets}
    for connection in facts.connections:
        if _service(connection) not in heard:
            continue  # silence is no loss: of what is lost, some gets through
        groups.setdefault(connection.server.address, []).append(connection)
    reached = {c.client.address for c in facts.connections if c.established}
    return [
        _losses(address, _to_end(found, side, reached), side)
        for address, found in groups.items()
        for side in far_sides(facts, found)
    ]


def _to_end(
    connections: Sequence[Connection], side: Side, reached: set[str]
) -> Sequence[Connection]:
    """Without those to clients that never complete a connection, as scanners do not: their silence
    is no loss either."""
    if side is Side.SERVER:
        return connections
    return [c for c in connections if c.client.address in reached]


def _service(connection: Connection) -> tuple[str, int]:
    return connection.server.address, connection.server.port


def episodes(moments_s: Float64, rtt_s: float, start_s: float, end_s: float) -> int:
    """How many events the moments in a span are to a sender: those of a round trip are one."""
    gap_s = max(EPISODE_S, EPISODE_RTTS * rtt_s)
    inside = moments_s[(moments_s >= start_s) & (moments_s <= end_s)]
    return int(np.count_nonzero(np.diff(inside) > gap_s)) + 1 if len(inside) else 0


def queue_drops(found: Losses) -> bool:
    """Whether losses are what a full queue drops, which this transfer filled itself.

    Then round trips are long at nearly all losses, as long as load makes them, and short without
    load. Random losses, and those of a policer, meet round trips of any length.
    """
    trips = round_trips(found.connections, found.side)
    if not len(found.moments_s) or not len(trips.while_loaded()):
        return False
    rise_s = trips.rise_s(90)
    idle = trips.while_idle()
    if len(idle) and float(np.median(idle)) - trips.base_s > FULL_SHARE * rise_s:
        return False
    reach_s = NEAR_RTTS * (max(trips.base_s, found.rtt_s) + trips.rise_s())
    moments_s = found.moments_s
    if found.side is Side.CLIENT:
        # What is lost behind the capture point is known by when it was sent: the round trips of
        # what was sent with it end later.
        moments_s = moments_s + reach_s
    at_loss = near(trips, moments_s, reach_s)
    known = at_loss[~np.isnan(at_loss)]
    if not len(known):
        return False
    full_s = float(np.percentile(known, 25)) - trips.base_s
    return full_s >= max(QUEUE_MIN_S, QUEUE_MIN_SHARE * trips.base_s, FULL_SHARE * rise_s)


def _losses(address: str, connections: Sequence[Connection], side: Side) -> Losses:
    theirs = [c.half(side) for c in connections]
    others = [c.half(other_side(side)) for c in connections]
    lost_in = [r for half in theirs for r in _lost(half, LossSide.BEFORE_CAPTURE)]
    lost_out = [r for half in others for r in _lost(half, LossSide.AFTER_CAPTURE)]
    return Losses(
        address=address,
        side=side,
        connections=tuple(connections),
        rtt_s=whole_rtt_s(connections),
        sent_in=sum(_sent(half) for half in theirs) + len(lost_in),
        lost_in=tuple(lost_in),
        sent_out=sum(_sent(half) for half in others),
        lost_out=tuple(lost_out),
        unseen_in=sum(unseen(c, side) for c in connections),
        moments_s=np.array(sorted(_moments((*lost_in, *lost_out)))),
    )


def other_side(side: Side) -> Side:
    """The peer's."""
    return Side.CLIENT if side is Side.SERVER else Side.SERVER


def _lost(half: Half, side: LossSide) -> Iterator[Retransmission]:
    return (r for r in half.retransmissions if r.loss is side)


def unseen(connection: Connection, end: Side) -> int:
    """Packets from that end of which nothing but a silence tells."""
    ended = [s for s in connection.silences if s.cause == "loss" and s.before is end]
    sent_again = sum(s.lost_packets or _copies(s) for s in ended if _is_unseen(s))
    return sent_again + sum(_answers_lost(connection, s, end) for s in ended if not _is_unseen(s))


def _answers_lost(connection: Connection, silence: Silence, end: Side) -> int:
    """How often the other side repeated in vain what had got there: SYNs whose SYN-ACKs are lost.

    Not where a round trip may take that long: then each copy gets its answer, late.
    """
    if not (connection.min_rtt_s or silence.end_s) < ANSWERED_SHARE * _length_s(silence):
        return 0
    return sum(
        r.kind is RetransmissionKind.SYN
        and r.loss is LossSide.NOT_LOST
        and silence.start_s < r.time_s < silence.end_s
        for r in connection.half(other_side(end)).retransmissions
    )


def _length_s(silence: Silence) -> float:
    return silence.end_s - silence.start_s


def _is_unseen(silence: Silence) -> bool:
    return bool(silence.lost_packets) or (silence.lost_packets is None and silence.starts_slowly)


def _copies(silence: Silence) -> int:
    """How often a timer that doubles had its segment sent in it, at least."""
    return 1 + int(log2(max(1.0, _length_s(silence) / FIRST_TIMER_S)))


def _sent(half: Half) -> int:
    return half.data_packets + len(half.syn_frames)


def _moments(lost: Iterable[Retransmission]) -> set[float]:
    """Each once: segments of one hole are lost together."""
    return {round(r.time_s - (r.delay_s or 0.0), 6) for r in lost}


def _waits(connection: Connection, end: Side) -> Iterator[Span]:
    """Until the client gave the connection up."""
    end_s = given_up_s(connection)
    for start_s, until_s in _timers(connection, end):
        if end_s is None or start_s < end_s:
            yield start_s, until_s if end_s is None else min(until_s, end_s)


def _timers(connection: Connection, end: Side) -> Iterator[Span]:
    for silence in connection.silences:
        if silence.cause == "loss":
            yield silence.start_s, silence.end_s
    for side in Side:
        wanted = LossSide.BEFORE_CAPTURE if side is end else LossSide.AFTER_CAPTURE
        for again in connection.half(side).retransmissions:
            if again.kind in TIMERS and again.loss is wanted and again.delay_s is not None:
                yield again.time_s - again.delay_s, again.time_s
