"""What losses cost a download: seconds that it would not have taken without them."""

from __future__ import annotations

from math import sqrt

from analyzers.facts import Facts
from diagnostics.losses import Losses
from diagnostics.timeline import union_s
from diagnostics.transfers import PLAIN_RATE, Busy, Transfer, ideal_s, transfers

MATHIS = 1.22
"""√(3/2): rate = MSS / RTT · 1.22 / √p (Mathis et al. 1997, equation 3)."""
SEGMENT = 1448
"""Bytes of an Ethernet segment with timestamps."""
MIN_EPISODES = 3
"""Fewer losses in a stretch do not set its pace."""
SLOWER = 0.25
"""A transfer much slower than its losses allow is held down by something else."""


def cost_s(facts: Facts, found: Losses) -> float:
    """Timers waited for, and how much slower the transfers were than without loss."""
    if not found.count:
        return 0.0
    waits = found.waits_s()
    transfer = next((t for t in transfers(facts) if t.address == found.address), None)
    slower_s = 0.0
    if transfer is not None:
        slower_s = sum(_slower_s(transfer, stretch, found) for stretch in transfer.busy())
    return union_s(waits) + slower_s


def allowed_rate(rtt_s: float, share: float) -> float:
    """Bytes per second that one connection gets under random loss."""
    return MATHIS * SEGMENT / (rtt_s * sqrt(share)) if rtt_s > 0.0 and share > 0.0 else float("inf")


def _slower_s(transfer: Transfer, stretch: Busy, found: Losses) -> float:
    """How much longer a stretch took because of its losses, timers left out."""
    episodes = found.episodes(stretch.start_s, stretch.end_s)
    if episodes < MIN_EPISODES:
        return 0.0
    waited_s = union_s(
        (max(a, stretch.start_s), min(b, stretch.end_s))
        for a, b in found.waits_s()
        if a < stretch.end_s and b > stretch.start_s
    )
    took_s = stretch.length_s - waited_s
    share = episodes * SEGMENT / stretch.size
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
