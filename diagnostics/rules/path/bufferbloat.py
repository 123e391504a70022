"""A bloated queue: round trips grow by the transfer's own data.

What it means
-------------
A buffer before the slowest link takes in hundreds of kilobytes before it drops anything. Whatever
else goes that way, handshakes and requests included, waits behind them.

Why it happens
--------------
Home routers, modems and mobile networks with buffers far larger than their rate needs, without
active queue management.

How it is recognised
--------------------
A quarter of the round trips under load is at least 0.4 s longer than the shortest (grade F of the
bufferbloat tests), the queue holds 100 kB or more, and round trips without load are short.

Fix
---
Turn on smart queue management (fq_codel, cake) at the bottleneck, or keep the load below its rate.

References
----------
Gettys, Nichols: "Bufferbloat: Dark Buffers in the Internet", ACM Queue 2011; RFC 7567; RFC 8290.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzers.facts import Facts, Side
from diagnostics.hops import Fault, narrowed
from diagnostics.localize import end_of, far_sides
from diagnostics.queues import RoundTrips, round_trips
from diagnostics.transfers import Transfer, transfers
from diagnostics.tries import attempts_on, indices, names, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = (
    "path.throttled",
    "path.loss",
    "path.jitter",
    "path.high_latency",
    "tls.slow_handshake",
    "http.slow_response",
    "dns.slow",
)

MIN_RISE_S = 0.4
"""Grade F (www.dslreports.com/faq/17930); no link on earth needs a queue this long."""
RISE_PERCENTILE = 75.0
MIN_QUEUE = 100_000
"""Bytes, some 64 full packets: a shorter queue is not bloated, its link is slow."""
MIN_LOADED_S = 1.0
IDLE_SHARE = 0.5
"""Of the rise: round trips without load must be this much nearer to the shortest."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server whose data fills a queue on its way."""
    for transfer, side in _ways(facts):
        trips = round_trips(transfer.connections, side)
        rise_s = trips.rise_s(RISE_PERCENTILE)
        if rise_s < MIN_RISE_S or not _by_load(trips, rise_s):
            continue
        queue = rise_s * _rate(transfer)
        if queue < MIN_QUEUE:
            continue
        streams = frozenset(c.stream for c in transfer.connections)
        attempts = attempts_on(facts, streams)
        yield Finding(
            hop=narrowed(facts, end_of(transfer.connections, side), Fault.DELAY),
            summary=f"Downloading from {names(attempts) or transfer.address} fills a queue on the "
            f"way: round trips grow from {seconds(trips.base_s)} to "
            f"{seconds(trips.base_s + rise_s)}.",
            evidence=(_evidence(transfer, trips, rise_s, queue),),
            fix=_fix(transfer),
            confidence=0.9,
            impact_s=rise_s,
            attempts=indices(attempts),
            streams=streams,
        )


def _ways(facts: Facts) -> Iterator[tuple[Transfer, Side]]:
    """Each server's transfers, with each end to which there is a way from the capture point."""
    for transfer in transfers(facts):
        for side in far_sides(facts, transfer.connections):
            yield transfer, side


def _by_load(trips: RoundTrips, rise_s: float) -> bool:
    """Long with data under way, for a while, and short without."""
    loaded_s = trips.time_s[trips.loaded & (trips.rtt_s >= trips.base_s + MIN_RISE_S)]
    if not len(loaded_s) or float(loaded_s.max() - loaded_s.min()) < MIN_LOADED_S:
        return False
    idle = trips.while_idle()
    return not len(idle) or float(np.median(idle)) - trips.base_s <= IDLE_SHARE * rise_s


def _rate(transfer: Transfer) -> float:
    """Bytes per second while it sent."""
    busy = transfer.busy()
    return sum(b.size for b in busy) / max(sum(b.length_s for b in busy), 1e-3)


def _evidence(transfer: Transfer, trips: RoundTrips, rise_s: float, queue: float) -> Evidence:
    loaded = trips.while_loaded()
    text = (
        f"{len(loaded)} round trips with data under way take {seconds(float(np.median(loaded)))} "
        f"(median) and {seconds(trips.base_s + rise_s)} (upper quartile), without load "
        f"{seconds(trips.base_s)}; at {_rate(transfer) * 8 / 1e6:.1f} Mbit/s that is a queue of "
        f"{queue / 1000:.0f} kB"
    )
    server = max(transfer.connections, key=lambda c: c.server.payload_bytes)
    ends = (server.server.first_data_frame, server.server.last_data_frame)
    return Evidence(text, tuple(f for f in ends if f is not None), server.stream)


def _fix(transfer: Transfer) -> tuple[Fix, ...]:
    mbit = 0.9 * _rate(transfer) * 8 / 1e6
    return (
        Fix(
            "Turn on smart queue management (SQM, cake, fq_codel) on the router before the slow "
            "link; on a Linux router:",
            f"sudo tc qdisc replace dev eth0 root cake bandwidth {mbit:.1f}mbit",
        ),
        Fix(
            "Meanwhile let go ask for one file at a time.",
            "GODEBUG=cmdgonetlimit=1 go mod download",
        ),
    )
