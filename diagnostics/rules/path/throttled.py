"""Something on the path holds the rate flat, far below what lines do.

What it means
-------------
The transfer never gets faster than a fixed rate, whatever the sender tries: a shaper delays what
exceeds it, or a policer drops it.

Why it happens
--------------
A limit of the tariff (used-up volume), a guest or hotel network, quality of service rules of a
company, throttling of a destination, a virtual machine's network limit, a very slow line.

How it is recognised
--------------------
Shaper: for at least 2 s, four fifths of the transfer's windows are within 15 % of one rate of at
most 5 Mbit/s (or less than half of what the first second showed), and round trips under load are
longer by a queue of at least 10 ms. Policer (up to 15 Mbit/s): at least 1 % of the segments are
lost in runs over most of the transfer, arrivals nevertheless keep to a straight line, and round
trips stay short. A rate that the receive window sets has no queue; random loss has no flat rate.

Fix
---
Ask whoever runs the network, or go another way.

References
----------
Flach et al., "An Internet-Wide Analysis of Traffic Policing", SIGCOMM 2016; RFC 2475 section 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.hops import Fault, narrowed
from diagnostics.localize import end_of
from diagnostics.losses import losses
from diagnostics.mirrors import elsewhere
from diagnostics.ratelimits import Kind, RateLimit, rate_limit
from diagnostics.transfers import PLAIN_RATE, Transfer, ideal_s, transfers
from diagnostics.tries import attempts_on, indices, names
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("path.loss", "path.jitter", "path.reordering", "path.high_latency")

MIN_COST_S = 1.0
MIN_COST_SHARE = 0.1
"""Of the capture's time: less is not noticed."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server whose transfers are held at a rate."""
    sending = {transfer.address: transfer for transfer in transfers(facts)}
    for found in losses(facts):
        transfer = sending.get(found.address)
        if transfer is None:
            continue
        limit = rate_limit(transfer, found)
        cost_s = _cost_s(transfer, limit) if limit is not None else 0.0
        if limit is None or cost_s < max(MIN_COST_S, MIN_COST_SHARE * facts.capture.duration_s):
            continue
        streams = frozenset(c.stream for c in transfer.connections)
        attempts = attempts_on(facts, streams)
        yield Finding(
            hop=narrowed(facts, end_of(transfer.connections, found.side), Fault.DELAY),
            summary=f"{names(attempts) or transfer.address} sends at a flat "
            f"{limit.rate * 8 / 1e6:.1f} Mbit/s: {_who(limit)} on the way holds it there.",
            evidence=(Evidence(limit.text, _frames(transfer), _stream(transfer)),),
            fix=_fix(attempts[0].name if attempts else None),
            confidence=0.9 if limit.kind is Kind.POLICED else 0.85,
            impact_s=cost_s,
            attempts=indices(attempts),
            streams=streams,
        )


def _cost_s(transfer: Transfer, limit: RateLimit) -> float:
    """How much longer it took than at a rate that nobody wonders about."""
    rate = max(PLAIN_RATE, transfer.best_rate())
    return limit.busy.length_s - ideal_s(limit.busy.size, transfer.rtt_s, rate)


def _who(limit: RateLimit) -> str:
    return "a policer" if limit.kind is Kind.POLICED else "a shaper or a slow line"


def _frames(transfer: Transfer) -> tuple[int, ...]:
    """First and last data of the largest connection."""
    server = max(transfer.connections, key=lambda c: c.server.payload_bytes).server
    return tuple(f for f in (server.first_data_frame, server.last_data_frame) if f is not None)


def _stream(transfer: Transfer) -> int:
    return max(transfer.connections, key=lambda c: c.server.payload_bytes).stream


def _fix(name: str | None) -> tuple[Fix, ...]:
    return (
        Fix(
            "Compare with another destination: if that is as slow, the limit is near you (tariff, "
            "guest network, VPN); if not, it is aimed at this one.",
            "curl -o /dev/null -w '%{speed_download}\\n' https://go.dev/dl/go1.24.0.src.tar.gz",
        ),
        *elsewhere(
            name,
            "Use a module proxy that is not limited, or one inside the network.",
            *("goproxy.io", "proxy.golang.org", "goproxy.cn"),
        ),
        Fix("Ask whoever runs the network to lift the limit; show them the flat rate."),
    )
