"""The receive window is too small for the distance.

What it means
-------------
A sender may have one window of data under way and must then wait for a round trip. The transfer
moves at window / round-trip time, however fast the path is.

Why it happens
--------------
A receive buffer that was set small by hand or by a container's limits, automatic tuning switched
off, a box on the way that strips the window scale option (then no window exceeds 64 kB).

How it is recognised
--------------------
In at least half of the transfer, more than 70 % of the largest window announced arrives in each
round trip, nothing is lost, and that made the transfer a second and a tenth longer than it needed.

Fix
---
Let the system tune its buffers.

References
----------
RFC 7323 section 2; Zhang et al.: "On the Characteristics and Origins of Internet Flow Rates",
SIGCOMM 2002.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzers.facts import Connection, Facts, LossSide
from captures.lazyclass import dataclass
from diagnostics.localize import client_hop
from diagnostics.transfers import PLAIN_RATE, ideal_s
from diagnostics.tries import SHOWN, attempts_on, indices, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("path.high_latency", "path.throttled")

FULL = 0.7
"""Of the window in one round trip: T-RAT allows a few segments less than all of it."""
MIN_SHARE = 0.5
"""Of the time in which data came."""
MAX_LOSS = 0.002
"""Of the segments: above, loss sets the pace."""
MIN_COST_S = 1.0
MIN_COST_SHARE = 0.1
"""Of the capture's time."""
LARGEST_PLAIN = 65_535
"""Bytes: no window is larger without the scale option."""


@dataclass(frozen=True, slots=True)
class _Limited:
    connection: Connection
    window: int
    share: float
    cost_s: float


def find(facts: Facts) -> Iterator[Finding]:
    """At most one finding: this machine's window holds its downloads down."""
    limited = [found for c in facts.connections if (found := _limited(c)) is not None]
    cost_s = max((found.cost_s for found in limited), default=0.0)
    if cost_s < max(MIN_COST_S, MIN_COST_SHARE * facts.capture.duration_s):
        return
    streams = frozenset(found.connection.stream for found in limited)
    attempts = attempts_on(facts, streams)
    window = max(found.window for found in limited)
    yield Finding(
        hop=client_hop(facts),
        summary=f"The receive window of {window / 1000:.0f} kB is too small for the distance and "
        "sets the pace of the download.",
        evidence=tuple(_evidence(found) for found in limited[:SHOWN]),
        fix=_fix(limited),
        confidence=0.92,
        impact_s=cost_s,
        attempts=indices(attempts),
        streams=streams,
    )


def _limited(connection: Connection) -> _Limited | None:
    pace, window, rtt_s = connection.server.pace, connection.client.max_window, connection.min_rtt_s
    if pace is None or not window or not rtt_s or _loses(connection):
        return None
    steps = max(1, round(rtt_s / pace.span_s))
    total = np.concatenate(([0], np.cumsum(pace.payload)))
    if len(total) <= steps:
        return None
    arrived = (total[steps:] - total[:-steps]) * (rtt_s / (steps * pace.span_s))
    share = float(np.mean(arrived[arrived > 0] >= FULL * window))
    if share < MIN_SHARE:
        return None
    size, took_s = float(pace.payload.sum()), pace.end_s - pace.start_s
    without_s = ideal_s(size, rtt_s, max(PLAIN_RATE, float(pace.payload.max()) / pace.span_s))
    return _Limited(connection, window, share, took_s - without_s)


def _loses(connection: Connection) -> bool:
    lost = sum(r.loss is LossSide.BEFORE_CAPTURE for r in connection.server.retransmissions)
    return lost > MAX_LOSS * connection.server.data_packets


def _evidence(found: _Limited) -> Evidence:
    connection = found.connection
    rtt_s = connection.min_rtt_s or 0.0
    text = (
        f"largest window {found.window} bytes, round trip {seconds(rtt_s)}: at most "
        f"{found.window / rtt_s * 8 / 1e6:.2f} Mbit/s; {found.share:.0%} of the round trips bring "
        f"more than {FULL:.0%} of it"
    )
    frames = (connection.ack_frame, connection.server.first_data_frame)
    return Evidence(text, tuple(f for f in frames if f is not None), connection.stream)


def _fix(limited: list[_Limited]) -> tuple[Fix, ...]:
    fixes = [
        Fix(
            "Allow larger receive buffers (Linux tunes up to the last number).",
            "sudo sysctl -w net.ipv4.tcp_moderate_rcvbuf=1 net.ipv4.tcp_rmem='4096 131072 6291456'",
        ),
        Fix(
            "On Windows, switch the automatic tuning on again.",
            "netsh interface tcp set global autotuninglevel=normal",
        ),
    ]
    if all(f.connection.client.window_scale is None for f in limited) or all(
        f.window <= LARGEST_PLAIN and f.connection.server.window_scale is None for f in limited
    ):
        fixes.insert(
            0,
            Fix(
                "No window scaling came about: see whether it is off here, or a box on the way "
                "strips the option.",
                "sysctl net.ipv4.tcp_window_scaling",
            ),
        )
    return tuple(fixes)
