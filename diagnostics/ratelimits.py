"""Transfers whose rate something on the path holds flat: by a queue (shaper) or by drops (policer).

A shaper lets packets out at its rate and keeps the rest waiting: the rate is flat and round trips
are as long as its queue. A policer drops what exceeds its rate: round trips stay short, losses come
in runs (the rest of a burst), and arrivals keep to a straight line within a burst. Random losses
come one at a time, and let the rate wander (Flach et al., "An Internet-Wide Analysis of Traffic
Policing", SIGCOMM 2016).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analyzers.facts import Side
from captures.lazyclass import dataclass
from diagnostics.losses import Losses, queue_drops
from diagnostics.queues import LOADED_BYTES, RoundTrips, round_trips
from diagnostics.transfers import SHORTEST_WINDOW_S, Busy, Transfer

Float64 = npt.NDArray[np.float64]

MIN_LENGTH_S = 2.0
"""A shorter transfer is over before its rate means anything."""
WINDOWS = 24
"""Into so many a transfer is cut, to see whether its rate changes."""
NEAR = 0.15
FLAT_SHARE = 0.8
"""Of the windows, within `NEAR` of the median: flat."""
BULK = 10 * 1448
"""Bytes under way. A client may keep back its ACK of the last segment of an answer, which is most
of what short answers show (RFC 9293 section 3.8.6.3); in a bulk of data these are few."""
MIN_QUEUE_S = 0.01
"""A standing queue that a shaper makes; less is the path itself."""
SLOW_RATE = 5e6 / 8
"""Bytes per second. Access lines sold as broadband are faster (FCC 2010: 4 Mbit/s, since 2015: 25)
…"""
BURST = 2.5
"""… and where the first second came so many times faster, the path can do more than it may."""
BURST_S = 1.0
POLICED_RATE = 15e6 / 8
"""Bytes per second. What is policed to more holds no module up for long."""
MIN_POLICED_SHARE = 0.01
"""Of the segments: a full queue drops one in hundreds, a policer all that exceeds the rate."""
MIN_EPISODES = 6
SPREAD = 0.5
"""Of the transfer, between first and last loss: the start of a transfer overruns any queue once."""
STRAIGHT = 0.11
"""Straying from the line as a share of the whole, times √losses, over (losses per run)²: measured
0.006 to 0.10 for policers of 0.5 to 10 Mbit/s, 0.17 to 2 for random losses of 1 to 30 %."""


class Kind(StrEnum):
    """How a rate is held."""

    SHAPED = "shaped"
    POLICED = "policed"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate that did not change although the sender had more."""

    kind: Kind
    rate: float
    """Bytes per second."""
    busy: Busy
    text: str


def rate_limit(transfer: Transfer, found: Losses) -> RateLimit | None:
    """The rate at which a transfer was held, if it was; `found` tells the part of the path."""
    busy = max(transfer.busy(), key=lambda b: b.length_s, default=None)
    if busy is None or busy.length_s < MIN_LENGTH_S:
        return None
    return _policed(transfer, busy, found) or _shaped(transfer, busy, found.side)


def _policed(transfer: Transfer, busy: Busy, found: Losses) -> RateLimit | None:
    moments = found.moments_s
    moments = moments[(moments >= busy.start_s) & (moments <= busy.end_s)]
    episodes = found.episodes(busy.start_s, busy.end_s)
    if found.share_of_server < MIN_POLICED_SHARE or episodes < MIN_EPISODES:
        return None
    if moments[-1] - moments[0] < SPREAD * busy.length_s or queue_drops(found):
        return None
    rate, strays = _line(transfer, float(moments[0]), float(moments[-1]))
    lost = len(found.of_server)
    run = lost / len(moments)
    if rate > POLICED_RATE or strays * len(moments) ** 0.5 > STRAIGHT * run**2:
        return None
    text = (
        f"arrivals keep to a line of {_mbit(rate)} within {strays:.1%} of the whole, while "
        f"{lost} segments are dropped in {len(moments)} runs and round trips stay at "
        f"{1000 * _middle(round_trips(transfer.connections, found.side)):.0f} ms"
    )
    return RateLimit(Kind.POLICED, rate, busy, text)


def _line(transfer: Transfer, start_s: float, end_s: float) -> tuple[float, float]:
    """Rate between two moments, and how far arrivals stray from it, as a share of all of them."""
    edges = transfer.edges_s()
    total = np.concatenate(([0.0], np.cumsum(transfer.payload)))
    inside = (edges >= start_s) & (edges <= end_s)
    low, high = np.interp((start_s, end_s), edges, total)
    if end_s <= start_s or high <= low or not inside.any():
        return 0.0, 1.0
    rate = (high - low) / (end_s - start_s)
    off = total[inside] - low - rate * (edges[inside] - start_s)
    strays = float(np.percentile(off, 98) - np.percentile(off, 2))
    return float(rate), strays / float(high - low)


def _shaped(transfer: Transfer, busy: Busy, side: Side) -> RateLimit | None:
    rates = transfer.rates(max(SHORTEST_WINDOW_S, busy.length_s / WINDOWS), busy)
    skip = max(1, len(rates) // 8)
    middle = rates[skip:-1]
    if len(middle) < 4:
        return None
    rate = float(np.median(middle))
    trips = round_trips(transfer.connections, side, LOADED_BYTES if side is Side.SERVER else BULK)
    if rate <= 0.0 or float(np.mean(np.abs(middle - rate) <= NEAR * rate)) < FLAT_SHARE:
        return None
    if trips.rise_s() < MIN_QUEUE_S or (rate > SLOW_RATE and not _burst(transfer, busy, rate)):
        return None
    text = (
        f"{_mbit(rate)} in {np.mean(np.abs(middle - rate) <= NEAR * rate):.0%} of "
        f"{len(middle)} windows over {busy.length_s:.1f} s, and round trips under load "
        f"{1000 * trips.rise_s():.0f} ms longer than the {1000 * trips.base_s:.0f} ms without"
    )
    return RateLimit(Kind.SHAPED, rate, busy, text)


def _burst(transfer: Transfer, busy: Busy, rate: float) -> bool:
    """The first second came much faster than the rest: a token bucket was full."""
    start = Busy(busy.start_s, min(busy.end_s, busy.start_s + BURST_S), 0.0)
    first = transfer.rates(SHORTEST_WINDOW_S, start)
    return len(first) > 0 and float(first.max()) >= BURST * rate


def _middle(trips: RoundTrips) -> float:
    return float(np.median(trips.rtt_s)) if len(trips.rtt_s) else 0.0


def _mbit(rate: float) -> str:
    return f"{rate * 8 / 1e6:.2f} Mbit/s"
