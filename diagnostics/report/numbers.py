"""Samples in, the few numbers that describe them out; and numbers as people read them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How round-trip times are spread, in seconds."""

    count: int
    min_s: float
    median_s: float
    p95_s: float


def spread(samples_s: npt.NDArray[np.float64]) -> Spread | None:
    """Describe samples; None when there are none."""
    samples_s = samples_s[np.isfinite(samples_s)]
    if not len(samples_s):
        return None
    low, median, high = np.percentile(samples_s, (0, 50, 95)).tolist()
    return Spread(len(samples_s), low, median, high)


def ms(value_s: float | None) -> str | None:
    """A duration in milliseconds, three digits where they matter."""
    if value_s is None:
        return None
    value = value_s * 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def at(value_s: float | None) -> str | None:
    """A moment, in seconds since the first packet."""
    return None if value_s is None else f"{value_s:.3f}"


def size(count: int | None) -> str | None:
    """Bytes with thousands separated."""
    return None if count is None else f"{count:,}"
