"""Round-trip samples in, the few numbers that one row has room for out."""

from __future__ import annotations

from analyzers.facts import RttSamples
from analyzers.rtt import jitter_s
from captures.lazyclass import dataclass
from diagnostics.report.numbers import spread


@dataclass(frozen=True, slots=True)
class RttSpread:
    """How the round-trip samples of one connection are spread."""

    samples: int
    """How many; each is a row of `rtt_samples`."""
    min_s: float | None = None
    median_s: float | None = None
    p95_s: float | None = None
    jitter_s: float | None = None
    """As RFC 3550 section 6.4.1 estimates it, after the last sample."""


def spread_of(samples: RttSamples) -> RttSpread:
    """Describe the samples of one path."""
    seen = spread(samples.rtt_s)
    if seen is None:
        return RttSpread(0)
    return RttSpread(seen.count, seen.min_s, seen.median_s, seen.p95_s, jitter_s(samples))
