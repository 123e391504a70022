"""The delay of the path wanders although nothing loads it.

What it means
-------------
Round trips take now 50 ms, now 300 ms, while hardly any data is under way. Each of them may be a
long one, and timers learn to be late.

Why it happens
--------------
Mobile and Wi-Fi links with retransmissions of their own, radio schedulers, power saving, an
overloaded router or VPN gateway, a link that others fill.

How it is recognised
--------------------
Of the round trips without load, the middle four fifths are at least 50 ms apart and more than a
quarter of the median, half of them at least 30 ms above the shortest, and what they take beyond the
shortest adds up to 1 s. What own data does is path.bufferbloat; what timers do is path.loss. Only
the way to the server is judged: a client may keep its acknowledgements back for 40 to 200 ms, which
looks the same.

Fix
---
Find where it starts; on Wi-Fi, change channel, band or place, or use a cable.

References
----------
RFC 3393; RFC 3550 section 6.4.1; RFC 6298.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Facts
from diagnostics.hops import Fault, narrowed
from diagnostics.queues import RoundTrips, round_trips
from diagnostics.report.escape import shell_word
from diagnostics.rounds import by_server
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_on, indices, names, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("path.high_latency", "path.reordering")

MIN_SAMPLES = 6
MIN_SPREAD_S = 0.05
"""Between the 10th and the 90th percentile. Delayed ACKs make 40 ms (Linux)."""
MIN_SPREAD_SHARE = 0.25
"""Of the median."""
MIN_MIDDLE_S = 0.03
"""Of the median above the shortest: a few late ones are no jitter."""
MIN_QUARTILES_S = 0.02
MIN_COST_S = 1.0


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server the way to which wanders."""
    for address, connections in by_server(facts).items():
        trips = round_trips(connections)
        idle = trips.while_idle()
        if not _wanders(idle, trips.base_s):
            continue
        cost_s = _excess_s(trips)
        if cost_s < MIN_COST_S:
            continue
        streams = frozenset(c.stream for c in connections)
        attempts = attempts_on(facts, streams)
        low, high = np.percentile(idle, (10, 90)).tolist()
        yield Finding(
            hop=narrowed(facts, address, Fault.JITTER),
            summary=f"Round trips to {names(attempts) or address} wander between {seconds(low)} "
            f"and {seconds(high)} without load.",
            evidence=(_evidence(connections, idle, trips.base_s, cost_s),),
            fix=_fix(address),
            confidence=0.88,
            impact_s=cost_s,
            attempts=indices(attempts),
            streams=streams,
        )


def _wanders(idle: npt.NDArray[np.float64], base_s: float) -> bool:
    if len(idle) < MIN_SAMPLES:
        return False
    low, first, middle, third, high = np.percentile(idle, (10, 25, 50, 75, 90)).tolist()
    return bool(
        high - low >= max(MIN_SPREAD_S, MIN_SPREAD_SHARE * middle)
        and middle - base_s >= MIN_MIDDLE_S
        and third - first >= MIN_QUARTILES_S
    )


def _excess_s(trips: RoundTrips) -> float:
    """Time spent in round trips beyond the shortest; under load only where that adds nothing."""
    idle, loaded = trips.while_idle(), trips.while_loaded()
    counted = ~trips.loaded
    if len(loaded) and np.median(loaded) <= np.percentile(idle, 90):
        counted = np.ones_like(counted)
    ends, late = trips.time_s[counted], trips.rtt_s[counted] - trips.base_s
    return union_s(zip((ends - late).tolist(), ends.tolist(), strict=True))


def _evidence(
    connections: list[Connection], idle: npt.NDArray[np.float64], base_s: float, cost_s: float
) -> Evidence:
    low, middle, high = np.percentile(idle, (10, 50, 90)).tolist()
    first = min(connections, key=lambda c: c.first_s)
    frames = tuple(f for f in (first.syn_frame, first.syn_ack_frame) if f is not None)
    text = (
        f"{len(idle)} round trips without load take {seconds(base_s)} at least, half of them more "
        f"than {seconds(middle)}, a tenth less than {seconds(low)} and a tenth more than "
        f"{seconds(high)}; beyond the shortest that is {seconds(cost_s)} in all"
    )
    return Evidence(text, frames, first.stream)


def _fix(address: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "Find the hop from which on the delay wanders (the spread must last to the end).",
            f"mtr -rwzbc 100 {shell_word(address)}",
        ),
        Fix("If it is the first hop: use a cable, or another Wi-Fi band or channel."),
    )
