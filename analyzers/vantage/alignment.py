"""Which point is nearer to the client, and how their clocks stand against each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analyzers.facts.vantage import Clock, Way
from analyzers.vantage.clocks import STEPPED_S, Bounds, Fit, fit
from captures.lazyclass import dataclass

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

SAME_S = 2e-6
"""Nearer than this in time, and no router between: the same point, recorded twice."""
LEAST_SLACK_NS = 1_000_000
LONGEST_PATH = 32
"""Routers between two points; more is no path but a changed TTL."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Packets of one way that both captures have."""

    way: Way
    one_ns: Int64
    other_ns: Int64
    ttl_steps: Int64
    """TTL at the first capture less that at the other, of packets that are really the same."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How two captures lie to each other."""

    swapped: bool
    """The other capture is the near one."""
    same_point: bool
    hops: int | None
    clock: Clock
    zero_ns: int
    """The near capture's clock at which the offset holds."""
    apart_ns: int
    """A whole number near to the clocks' difference, far less near."""
    fastest_s: dict[Way, float]
    """Difference of the two clocks for the quickest packet of each way, far less near, less
    `apart_ns` and drift."""

    slack_ns: int
    """Longer than any packet that was seen at both points took beyond the quickest."""

    def far_less_near_s(self, near_ns: Int64, base_s: float) -> Float64:
        """`base_s` with the drift until each time of the near clock."""
        return base_s + self.clock.drift * ((near_ns - self.zero_ns) / 1e9)

    def arrival_ns(self, way: Way, down_ns: Int64) -> Int64:
        """Times at the point behind, by the clock of the one before, less the way's shortest."""
        sign = -1 if way is Way.OUT else 1
        near_ns = down_ns - self.apart_ns if way is Way.OUT else down_ns
        later_s = self.far_less_near_s(near_ns, self.fastest_s[way])
        shift_ns: Int64 = self.apart_ns + np.rint(later_s * 1e9).astype(np.int64)
        return down_ns + sign * shift_ns

    def delays_s(self, near_ns: Int64, far_ns: Int64, way: Way) -> Float64:
        """How long packets took from point to point, as far as the offset is right."""
        offset_s = self.clock.offset_s - self.apart_ns / 1e9
        difference = (far_ns - near_ns - self.apart_ns) / 1e9
        difference -= self.far_less_near_s(near_ns, offset_s)
        return difference if way is Way.OUT else -difference


def align(seen: Sequence[Seen], zeros_ns: tuple[int, int]) -> Alignment | None:
    """Order two captures and align their clocks; None when they have no packet in common.

    `zeros_ns` are the times of the first packet of either capture.
    """
    seen = [s for s in seen if len(s.one_ns)]
    if not seen:
        return None
    apart_ns = int(seen[0].other_ns[0]) - int(seen[0].one_ns[0])
    bounds = _bounds(seen, zeros_ns[0], apart_ns)
    straight, turned = fit(bounds), fit(bounds.reversed())
    hops = _hops(seen)
    swapped = _is_swapped(straight, turned, hops)
    if swapped:
        flipped = [Seen(s.way, s.other_ns, s.one_ns, -s.ttl_steps) for s in seen]
        bounds = _bounds(flipped, zeros_ns[1], -apart_ns)
    chosen = fit(bounds)
    fastest = _fastest(bounds, chosen.drift)
    margin_s = chosen.margin_s
    clock = Clock(
        offset_s=(-apart_ns if swapped else apart_ns) / 1e9 + chosen.offset_s,
        drift=chosen.drift,
        error_s=None if margin_s is None else max(margin_s, 0.0),
        packets_out=len(bounds.out_s),
        packets_back=len(bounds.back_s),
        stepped=margin_s is not None and margin_s < -STEPPED_S,
    )
    same = hops in (None, 0) and margin_s is not None and abs(margin_s) < SAME_S
    return Alignment(
        swapped=swapped,
        same_point=same,
        hops=None if hops is None else abs(hops),
        clock=clock,
        zero_ns=zeros_ns[swapped],
        apart_ns=-apart_ns if swapped else apart_ns,
        fastest_s=fastest,
        slack_ns=LEAST_SLACK_NS + _slowest_ns(bounds, chosen.drift, fastest),
    )


def _bounds(seen: Sequence[Seen], zero_ns: int, apart_ns: int) -> Bounds:
    parts: dict[Way, tuple[Float64, Float64]] = {}
    for way in Way:
        mine = [s for s in seen if s.way is way]
        one = np.concatenate([np.empty(0, np.int64), *(s.one_ns for s in mine)])
        other = np.concatenate([np.empty(0, np.int64), *(s.other_ns for s in mine)])
        # Integers are subtracted first: floats since the epoch would lose what matters.
        parts[way] = ((one - zero_ns) / 1e9, (other - one - apart_ns) / 1e9)
    return Bounds(*parts[Way.OUT], *parts[Way.BACK])


def _fastest(bounds: Bounds, drift: float) -> dict[Way, float]:
    """What each way's quickest packet shows; without one, the other way's."""
    found = {}
    if len(bounds.out_s):
        found[Way.OUT] = float((bounds.out_difference_s - drift * bounds.out_s).min())
    if len(bounds.back_s):
        found[Way.BACK] = float((bounds.back_difference_s - drift * bounds.back_s).max())
    known = next(iter(found.values()))
    return {way: found.get(way, known) for way in Way}


def _slowest_ns(bounds: Bounds, drift: float, fastest_s: dict[Way, float]) -> int:
    """How much longer than the quickest packet the slowest took, either way."""
    out_s = bounds.out_difference_s - drift * bounds.out_s - fastest_s[Way.OUT]
    back_s = fastest_s[Way.BACK] - bounds.back_difference_s + drift * bounds.back_s
    slowest_s = max(float(out_s.max(initial=0.0)), float(back_s.max(initial=0.0)))
    return round(slowest_s * 1e9)


def _is_swapped(straight: Fit, turned: Fit, hops: int | None) -> bool:
    """TTLs decide where routers lie between, else the times."""
    if hops:
        return hops < 0
    if straight.margin_s is None or turned.margin_s is None:
        return False
    return turned.margin_s > max(straight.margin_s, SAME_S)


def _hops(seen: Sequence[Seen]) -> int | None:
    """Routers from the first point outwards to the second (negative: the other way round).

    None where the ways disagree: something between sets TTLs.
    """
    found = []
    for way in Way:
        steps = np.concatenate(
            [np.empty(0, np.int64), *(s.ttl_steps for s in seen if s.way is way)]
        )
        if not len(steps):
            continue
        values, counts = np.unique(steps, return_counts=True)
        usual = int(values[counts.argmax()])
        found.append(usual if way is Way.OUT else -usual)
    if not found or len(set(found)) != 1 or abs(found[0]) > LONGEST_PATH:
        return None
    return found[0]
