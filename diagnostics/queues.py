"""Round-trip times with and without the transfer's own data under way: a queue shows as both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Side
from captures.lazyclass import dataclass

Float64 = npt.NDArray[np.float64]

LOADED_BYTES = 3 * 1448
"""Less under way than three segments fills no queue."""
MIN_SAMPLES = 10
"""Fewer say nothing about a distribution."""
NO_TIMES: Float64 = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrips:
    """Samples of some connections, in time order."""

    time_s: Float64
    rtt_s: Float64
    loaded: npt.NDArray[np.bool_]
    """Own data was under way."""

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


def round_trips(connections: Sequence[Connection], side: Side = Side.SERVER) -> RoundTrips:
    """All samples of the path between the capture point and one end of some connections."""
    if not connections:
        return RoundTrips(NO_TIMES, NO_TIMES, np.empty(0, dtype=np.bool_))
    samples = [c.rtt if side is Side.SERVER else c.client_rtt for c in connections]
    times = np.concatenate([s.time_s for s in samples])
    rtts = np.concatenate([s.rtt_s for s in samples])
    under_way = np.concatenate([s.bytes_in_flight for s in samples])
    order = np.argsort(times, kind="stable")
    return RoundTrips(times[order], rtts[order], (under_way >= LOADED_BYTES)[order])


def near(
    trips: RoundTrips, moments_s: Float64, reach_s: float, percentile: float = 50.0
) -> Float64:
    """For each moment a percentile of the samples that ended shortly before it, NaN without any."""
    last = np.searchsorted(trips.time_s, moments_s, side="right")
    first = np.searchsorted(trips.time_s, moments_s - reach_s)
    found = [
        float(np.percentile(trips.rtt_s[a:b], percentile)) if b > a else float("nan")
        for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]
    return np.array(found)
