"""Packets seen at two points in, how one clock stands against the other out, with its error.

What goes out gives upper bounds on the offset (it cannot come out before it went in), what comes
back gives lower bounds. The line with the widest margin to both is the clock (Moon, Skelly,
Towsley: "Estimation and Removal of Clock Skew from Network Delay Measurements", INFOCOM 1999).
How the shortest round trip divides between the ways cannot be known from inside: half of it is the
error bound.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from captures.lazyclass import dataclass

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

MAX_DRIFT = 500e-6
"""The fastest that NTP slews a clock (RFC 5905 section 11.3); crystals are off by less."""
MIN_DRIFT_SPAN_S = 10.0
"""Shorter captures show the noise of delays, not drift."""
MIN_GAIN = 0.25
MIN_GAIN_S = 50e-6
"""A drift is believed where it widens the margin by so much."""
STEPPED_S = 2e-3
"""Times that contradict each other by more than queues in the recording itself do."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Differences of the far and the near clock's times for the same packets, by way."""

    out_s: Float64
    """When each packet that went out passed the near point, since a common zero."""
    out_difference_s: Float64
    back_s: Float64
    back_difference_s: Float64

    def reversed(self) -> Bounds:
        """As seen when near and far are exchanged: the other clock is the reference."""
        return Bounds(self.out_s, -self.out_difference_s, self.back_s, -self.back_difference_s)


@dataclass(frozen=True, slots=True)
class Fit:
    """The line that both ways allow."""

    offset_s: float
    drift: float
    margin_s: float | None
    """Half the shortest round trip; negative: near and far are the wrong way round (or a clock was
    set); None with one way only."""


def fit(bounds: Bounds) -> Fit:
    """The clock that packets of both ways allow, with drift where they show it."""
    if not len(bounds.out_s) or not len(bounds.back_s):
        return Fit(_one_way(bounds), 0.0, None)
    offset_s, margin_s = _margin(bounds, 0.0)
    times = np.concatenate((bounds.out_s, bounds.back_s))
    if float(times.max() - times.min()) < MIN_DRIFT_SPAN_S:
        return Fit(offset_s, 0.0, margin_s)
    drift = _best_drift(bounds)
    drifting_s, wider_s = _margin(bounds, drift)
    if wider_s - margin_s > max(MIN_GAIN_S, MIN_GAIN * abs(margin_s)):
        return Fit(drifting_s, drift, wider_s)
    return Fit(offset_s, 0.0, margin_s)


def _one_way(bounds: Bounds) -> float:
    """The bound that one way gives, as if its fastest packet had taken no time."""
    if len(bounds.out_s):
        return float(bounds.out_difference_s.min())
    return float(bounds.back_difference_s.max()) if len(bounds.back_s) else 0.0


def _margin(bounds: Bounds, drift: float) -> tuple[float, float]:
    """The middle between the bounds at time zero, and how far they are from it."""
    upper = float((bounds.out_difference_s - drift * bounds.out_s).min())
    lower = float((bounds.back_difference_s - drift * bounds.back_s).max())
    return (upper + lower) / 2.0, (upper - lower) / 2.0


def _best_drift(bounds: Bounds) -> float:
    """The drift with the widest margin: the margin is concave in it, so thirds converge."""
    low, high = -MAX_DRIFT, MAX_DRIFT
    for _ in range(60):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        if _margin(bounds, left)[1] < _margin(bounds, right)[1]:
            low = left
        else:
            high = right
    return (low + high) / 2.0
