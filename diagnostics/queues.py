"""Round-trip times with and without the transfer's own data under way: a queue shows as both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Pace, Side
from captures.lazyclass import dataclass

Float64 = npt.NDArray[np.float64]

LOADED_BYTES = 3 * 1448
"""Less under way than three segments fills no queue."""
BEST_SPAN_S = 0.1
"""Over shorter spans bursts show, not what the line can do."""
FULL_LINE = 0.5
"""Of that: a queue empties at the line's rate, and payload is not all that it carries."""
MIN_SAMPLES = 10
"""Fewer say nothing about a distribution."""
NO_TIMES: Float64 = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrips:
    """Samples of some connections, in time order."""

    time_s: Float64
    rtt_s: Float64
    loaded: npt.NDArray[np.bool_]
    """Data was under way, on any of these connections."""

    @property
    def base_s(self) -> float:
        """The path's own: the smallest of all."""
        return float(self.rtt_s.min()) if len(self.rtt_s) else 0.0

    def while_loaded(self) -> Float64:
        """Samples with own data under way; none when there are too few."""
        found = self.rtt_s[self.loaded]
        return found if len(found) >= MIN_SAMPLES else NO_TIMES

    def while_idle(self) -> Float64:
        """Samples without own data under way."""
        return self.rtt_s[~self.loaded]

    def rise_s(self, percentile: float = 50.0) -> float:
        """How much longer round trips take under load than at their shortest (0: not known)."""
        loaded = self.while_loaded()
        return float(np.percentile(loaded, percentile)) - self.base_s if len(loaded) else 0.0


def round_trips(
    connections: Sequence[Connection],
    side: Side = Side.SERVER,
    loaded_bytes: int = LOADED_BYTES,
) -> RoundTrips:
    """All samples of the path between the capture point and one end of some connections; those with
    `loaded_bytes` under way count as loaded."""
    if not connections:
        return RoundTrips(NO_TIMES, NO_TIMES, np.empty(0, dtype=np.bool_))
    samples = [c.rtt if side is Side.SERVER else c.client_rtt for c in connections]
    times = np.concatenate([s.time_s for s in samples])
    rtts = np.concatenate([s.rtt_s for s in samples])
    own = np.concatenate([s.bytes_in_flight for s in samples])
    loaded = own >= loaded_bytes
    if side is Side.SERVER:
        # A client that keeps back an ACK waits for nothing, whatever else comes meanwhile.
        loaded |= _behind_others(connections, times, rtts)
    order = np.argsort(times, kind="stable")
    return RoundTrips(times[order], rtts[order], loaded[order])


def _behind_others(
    connections: Sequence[Connection], times_s: Float64, rtts_s: Float64
) -> npt.NDArray[np.bool_]:
    """Samples that waited behind what another connection loads: while they took longer than the
    shortest, the line brought (nearly) as much as it can."""
    paces = [c.server.pace for c in connections if c.server.pace is not None]
    if len(connections) < 2 or not paces or not len(times_s):
        return np.zeros(len(times_s), dtype=np.bool_)
    grid = _grid(paces)
    best = float(_arrived(paces, grid, grid + BEST_SPAN_S).max()) / BEST_SPAN_S
    waited = FULL_LINE * best * (rtts_s - rtts_s.min())
    came: npt.NDArray[np.bool_] = _arrived(paces, times_s - rtts_s, times_s) >= np.maximum(
        LOADED_BYTES, waited
    )
    return came


def _grid(paces: Sequence[Pace]) -> Float64:
    """Where spans of `BEST_SPAN_S` begin, one behind the other, that hold all that may be the best.

    Only those beside an edge of a pace: between edges data comes evenly, and all spans are alike.
    A clock that was set while recording may put years between two packets.
    """
    first_s = min(p.start_s for p in paces)
    last = max(0.0, np.ceil((max(p.end_s for p in paces) - first_s) / BEST_SPAN_S) - 1)
    at = np.floor((np.concatenate([_edges(p) for p in paces]) - first_s) / BEST_SPAN_S)
    beside = np.unique(np.concatenate((at - 1, at, at + 1)).clip(0.0, last))
    return np.asarray(first_s + BEST_SPAN_S * beside, dtype=np.float64)


def _edges(pace: Pace) -> Float64:
    steps = np.arange(len(pace.payload) + 1)
    return np.asarray(pace.start_s + pace.span_s * steps, dtype=np.float64)


def _arrived(paces: Sequence[Pace], start_s: Float64, end_s: Float64) -> Float64:
    """Bytes that came in each of some spans."""
    found: Float64 = np.zeros(len(start_s))
    for pace in paces:
        edges = _edges(pace)
        total = np.concatenate(([0], np.cumsum(pace.payload)))
        found += np.interp(end_s, edges, total) - np.interp(start_s, edges, total)
    return found


def near(trips: RoundTrips, moments_s: Float64, reach_s: float) -> Float64:
    """For each moment the median of the samples that ended shortly before it, NaN without any."""
    last = np.searchsorted(trips.time_s, moments_s, side="right")
    first = np.searchsorted(trips.time_s, moments_s - reach_s)
    found = [
        float(np.median(trips.rtt_s[a:b])) if b > a else float("nan")
        for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]
    return np.array(found)
