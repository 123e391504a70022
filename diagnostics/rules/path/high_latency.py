"""The way to the server is so long that waiting for it makes up the download.

What it means
-------------
Every round trip takes a fifth of a second or more, always about the same. A download is a chain of
round trips (name, connection, TLS, one per file and several per large file), so they add up.

Why it happens
--------------
A satellite link, a VPN or proxy through another continent, a detour after a cable cut, a mirror on
the other side of the world.

How it is recognised
--------------------
The shortest round trip is at least 200 ms (fibre to the antipodes and back), half of all round
trips are within a quarter of each other, and the waits for them, one after the other, make up half
of the time and cost at least 2 s more than a server 120 ms away would.

Fix
---
Use a nearer module proxy, leave the VPN out for it, or keep a caching proxy near.

References
----------
RFC 9293; Grigorik: "High Performance Browser Networking", chapter 1 (speed of light and latency).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzers.facts import Connection, Facts, Side
from diagnostics.hops import Fault, narrowed
from diagnostics.localize import end_of
from diagnostics.mirrors import elsewhere
from diagnostics.queues import RoundTrips, round_trips
from diagnostics.report.escape import shell_word
from diagnostics.rounds import Waits, waits, ways
from diagnostics.tries import attempts_on, indices, names, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("tls.slow_handshake",)

MIN_RTT_S = 0.2
"""Light needs 0.2 s for 40,000 km of fibre: no server on earth is farther."""
STEADY = 0.25
"""Of the median: half of the samples lie this close together."""
PLAIN_RTT_S = 0.12
"""Another continent, as millions use it every day."""
MIN_SHARE = 0.5
"""Of the time spent waiting for round trips."""
MIN_COST_S = 2.0


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that is too far away."""
    for connections, side in ways(facts):
        trips = round_trips(connections, side)
        if trips.base_s < MIN_RTT_S or not _steady(trips):
            continue
        spent = waits(connections, trips.base_s)
        cost_s = spent.count * (trips.base_s - PLAIN_RTT_S)
        if spent.share < MIN_SHARE or cost_s < MIN_COST_S:
            continue
        streams = frozenset(c.stream for c in connections)
        attempts = attempts_on(facts, streams)
        address = connections[0].half(side).address
        whom = f"The client {address}" if side is Side.CLIENT else names(attempts) or address
        yield Finding(
            hop=narrowed(facts, end_of(connections, side), Fault.DELAY),
            summary=f"{whom} is {seconds(trips.base_s)} away, and the "
            f"download waits for {spent.count:.0f} round trips one after the other.",
            evidence=(_evidence(connections, trips, spent),),
            fix=_fix(attempts[0].name if attempts else None),
            confidence=0.9,
            impact_s=cost_s,
            attempts=indices(attempts),
            streams=streams,
        )


def _steady(trips: RoundTrips) -> bool:
    low, middle, high = np.percentile(trips.rtt_s, (25, 50, 75))
    return bool(high - low <= STEADY * middle)


def _evidence(connections: list[Connection], trips: RoundTrips, spent: Waits) -> Evidence:
    low, high = np.percentile(trips.rtt_s, (25, 75))
    first = min(connections, key=lambda c: c.first_s)
    frames = tuple(f for f in (first.syn_frame, first.syn_ack_frame) if f is not None)
    text = (
        f"round trips take {seconds(float(low))} to {seconds(float(high))} (quartiles of "
        f"{len(trips.rtt_s)}), at least {seconds(trips.base_s)}; {spent.count:.0f} of them, one "
        f"after the other, take {seconds(spent.spent_s)} of {seconds(spent.whole_s)}"
    )
    return Evidence(text, frames, first.stream)


def _fix(name: str | None) -> tuple[Fix, ...]:
    url = shell_word(f"https://{name or 'proxy.golang.org'}/")
    return (
        *elsewhere(
            name,
            "Use a module proxy that is nearer, or a caching one in your network.",
            *("goproxy.io", "proxy.golang.org", "goproxy.cn"),
        ),
        Fix(
            "If a VPN or proxy takes the traffic round the world, leave it out for this host and "
            "compare.",
            f"curl -o /dev/null -s -w '%{{time_connect}}\\n' {url}",
        ),
    )
