"""What losses cost a download: seconds that it would not have taken without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

from analyzers.facts import Facts
from diagnostics.losses import Losses, episodes
from diagnostics.spans import Span
from diagnostics.timeline import union_s
from diagnostics.transfers import PLAIN_RATE, Busy, Transfer, ideal_s, transfers

Float64 = npt.NDArray[np.float64]

MATHIS = 1.22
"""√(3/2): rate = MSS / RTT · 1.22 / √p (Mathis et al. 1997, equation 3)."""
SEGMENT = 1448
"""Bytes of an Ethernet segment with timestamps."""
MIN_EPISODES = 3
"""Fewer losses in a stretch do not set its pace."""
AFTER_RTTS = 10.0
"""A sender needs some round trips to get back to its pace after a loss."""
SLOWER = 0.25
"""A transfer much slower than its losses allow is held down by something else."""


def cost_s(facts: Facts, found: Losses) -> float:
    """Timers waited for, and how much slower the transfers were than without loss."""
    if not found.count and not found.unseen_in:
        return 0.0
    waits = found.waits_s()
    transfer = next((t for t in transfers(facts) if t.address == found.address), None)
    return union_s(waits) + (slower_s(transfer, found.moments_s, waits) if transfer else 0.0)


def allowed_rate(rtt_s: float, share: float) -> float:
    """Bytes per second that one connection gets under random loss."""
    return MATHIS * SEGMENT / (rtt_s * sqrt(share)) if rtt_s > 0.0 and share > 0.0 else float("inf")


def slower_s(transfer: Transfer, moments_s: Float64, waits_s: Sequence[Span] = ()) -> float:
    """How much longer a transfer took because its sender slowed down at these moments.

    `waits_s` are spans in which it stood still, which are not counted again.
    """
    return sum(
        _slower_s(transfer, part, moments_s, waits_s) for part in _parts(transfer, moments_s)
    )


def _parts(transfer: Transfer, moments_s: Float64) -> Iterator[Busy]:
    """Stretches of the transfer from their first event to shortly after their last one."""
    for stretch in transfer.busy():
        inside = moments_s[(moments_s >= stretch.start_s) & (moments_s <= stretch.end_s)]
        if len(inside) >= MIN_EPISODES:
            start_s = float(inside[0])
            end_s = min(stretch.end_s, float(inside[-1]) + AFTER_RTTS * transfer.rtt_s)
            if end_s > start_s:
                yield Busy(start_s, end_s, transfer.between(start_s, end_s))


def _slower_s(
    transfer: Transfer, stretch: Busy, moments_s: Float64, waits_s: Sequence[Span]
) -> float:
    events = episodes(moments_s, transfer.rtt_s, stretch.start_s, stretch.end_s)
    if events < MIN_EPISODES:
        return 0.0
    waited_s = union_s(
        (max(a, stretch.start_s), min(b, stretch.end_s))
        for a, b in waits_s
        if a < stretch.end_s and b > stretch.start_s
    )
    took_s = stretch.length_s - waited_s
    if stretch.size <= 0.0 or took_s <= 0.0:
        return 0.0
    share = events * SEGMENT / stretch.size
    allowed = _parallel(transfer, stretch) * allowed_rate(transfer.rtt_s, share)
    if stretch.size / took_s < SLOWER * allowed:
        return 0.0
    best = max(PLAIN_RATE, transfer.best_rate())
    without_s = ideal_s(stretch.size, transfer.rtt_s, best)
    return max(0.0, min(took_s, stretch.size / allowed) - without_s)


def _parallel(transfer: Transfer, stretch: Busy) -> float:
    """How many connections sent at a time, on average."""
    shares = [
        min(p.end_s, stretch.end_s) - max(p.start_s, stretch.start_s)
        for c in transfer.connections
        if (p := c.server.pace) is not None
    ]
    return max(1.0, sum(s for s in shares if s > 0.0) / stretch.length_s)
