"""A box on the way tears the connection down in the server's name.

What it means
-------------
The RST carries the server's address, but the server did not send it.

Why it happens
--------------
A firewall or intrusion prevention that matches content, a censor, a NAT or load balancer that
lost the connection's state, an idle or size limit of a security device.

How it is recognised
--------------------
A sign that no conforming stack makes (a sequence number below data already received, a second RST
with another one, the server going on after "its" reset, an arrival sooner than the server could
have answered), its absence in a second capture nearer to the server, or a TTL unlike the server's
other segments together with a second sign. A different TTL alone convicts nobody. In a capture from
beyond the box, at the server: a reset in the client's name, in the middle of an answer, from
another distance than the client's other segments and with a second sign.

A reset straight after a ClientHello has rules of its own; it is named here where the capture does
not show what the box hated: the hello is cut, or another one to that server lies before it.

Fix
---
Have the device at that hop let the traffic pass, or go round it.

References
----------
Weaver, Sommer, Paxson: "Detecting Forged TCP Reset Packets", NDSS 2009; Clayton et al., "Ignoring
the Great Firewall of China", PET 2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Attempt, Facts, Reset, Stage
from diagnostics.helloends import End
from diagnostics.hellos import Cause, failed_hellos
from diagnostics.localize import forger_hop
from diagnostics.mirrors import elsewhere
from diagnostics.resets import (
    broken_by_reset,
    broken_s,
    cut_in_clients_name,
    forged_reset,
    forged_ttls,
    reset_evidence,
    struck,
)
from diagnostics.tries import grouped, indices, names, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("tcp.reset_by_server", "http.*", "go.*")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per distance from which resets are forged; per address where that is hidden."""
    found = [a for a in broken_by_reset(facts) if forged_reset(facts, a) is not None]
    found += [f.attempt for f in failed_hellos(facts, Cause.UNDECIDED) if f.end is End.RESET]
    ttls = {a.address: forged_ttls(facts, a.address) for a in found}
    for attempts in grouped(found, lambda a: _origin(a.address, ttls[a.address])).values():
        address = attempts[0].address
        yield Finding(
            hop=forger_hop(facts, ttls[address], address),
            summary=f"Connections to {names(attempts)} are reset by a device on the way, not by "
            "the server.",
            evidence=tuple(reset_evidence(facts, a) for a in attempts[:3]),
            fix=_fix(attempts),
            confidence=0.93,
            impact_s=broken_s(facts, attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(struck(facts, a) for a in attempts),
            stage=min(a.stage for a in attempts),
        )
    yield from _seen_beyond(facts)


def _seen_beyond(facts: Facts) -> Iterator[Finding]:
    """At the server, or on a router behind the box, only the resets to the server pass."""
    cut = cut_in_clients_name(facts)
    for client in dict.fromkeys(facts.connection(s).client.address for s in cut):
        mine = {s: r for s, r in cut.items() if facts.connection(s).client.address == client}
        attempts = [a for a in facts.attempts if a.stream in mine]
        if not attempts:
            continue
        yield Finding(
            hop=forger_hop(facts, {r.ttl for r in mine.values()}, client),
            summary=f"Connections to {names(attempts)} are reset in the client's name by a device "
            "on the way.",
            evidence=tuple(_in_clients_name(facts, s, r) for s, r in [*mine.items()][:3]),
            fix=_fix(attempts),
            confidence=0.9,
            impact_s=broken_s(facts, attempts),
            attempts=indices(attempts),
            streams=frozenset(mine),
            fatal=True,
            stage=Stage.RESPONSE,
        )


def _in_clients_name(facts: Facts, stream: int, reset: Reset) -> Evidence:
    connection = facts.connection(stream)
    text = (
        f"RST with the client's address and IP TTL {reset.ttl}; its other segments arrive with TTL "
        f"{connection.client.ttl}"
    )
    text += f" ({', '.join(s.replace('_', ' ') for s in sorted(reset.signs))})"
    frames = {reset.frame, connection.first_frame, connection.last_frame}
    return Evidence(text, tuple(sorted(frames)), stream)


def _fix(attempts: Sequence[Attempt]) -> tuple[Fix, ...]:
    return (
        Fix(
            "Show these frames to whoever runs the firewall or inspection device at that "
            "hop, and ask for the destination to be exempted.",
        ),
        *elsewhere(
            attempts[0].name if attempts else None,
            "Meanwhile go round it: a proxy or VPN, or another module proxy.",
            *("goproxy.cn", "proxy.golang.org", "goproxy.io"),
        ),
    )


def _origin(address: str | None, ttls: set[int]) -> str | int | None:
    """What resets of one forger have in common: the TTL, or (with made-up ones) the victim."""
    return min(ttls) if len(ttls) == 1 else address
