"""IPv6 connections are never answered; only the fallback to IPv4 helps.

What it means
-------------
The name has IPv6 addresses and this machine believes that it has IPv6, but nothing comes back.
Every new connection waits for the fallback (0.3 s in go, 30 s where there is none).

Why it happens
--------------
A tunnel or firewall that drops IPv6, a provider or VPN that announces a prefix and does not route
it, a router advertisement that nobody withdrew.

How it is recognised
--------------------
At least two SYNs to IPv6 addresses of a name stay without any answer (no SYN-ACK, RST or ICMP
error), none to the same address is answered, and IPv4 connections to the same name succeed.

Fix
---
Repair or switch off IPv6.

References
----------
RFC 8305 (happy eyeballs); golang/go net/dial.go (fallback after 300 ms); golang/go issue 76375.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Connection, Facts, Stage
from diagnostics.localize import distance_of
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, grouped, indices, plural, seconds, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("tcp.syn_timeout",)

MIN_SYNS = 2
"""One may be lost."""
MIN_COST_S = 0.25
"""go falls back after 0.3 s, browsers after 0.25 s (RFC 8305)."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose IPv6 addresses do not answer while IPv4 does."""
    named = [a for a in facts.attempts if a.name and a.stream is not None]
    told = {e.stream for e in facts.icmp}
    for name, mine in grouped(named, lambda a: a.name).items():
        dead = [a for a in mine if _is_6(a) and _unanswered(_of(facts, a), told)]
        works = [a for a in mine if not _is_6(a) and _of(facts, a).established]
        if not dead or not works or _answers(facts, dead):
            continue
        if sum(len(_of(facts, a).client.syn_frames) for a in dead) < MIN_SYNS:
            continue
        cost_s = union_s((_of(facts, a).first_s, _fallback_s(facts, a, works)) for a in dead)
        if cost_s < MIN_COST_S:
            continue
        address = dead[0].address or ""
        yield Finding(
            hop=_hop(facts, address, works[0].address),
            summary=f"IPv6 connections to {name} ({address}) are never answered; each waits for "
            "the fallback to IPv4.",
            evidence=tuple(_evidence(facts, a, works) for a in dead[:SHOWN]),
            fix=_fix(address),
            confidence=0.93,
            impact_s=cost_s,
            attempts=indices(dead),
            streams=streams(dead),
            stage=Stage.CONNECT,
        )


def _of(facts: Facts, attempt: Attempt) -> Connection:
    assert attempt.stream is not None
    return facts.connection(attempt.stream)


def _is_6(attempt: Attempt) -> bool:
    return ":" in (attempt.address or "")


def _unanswered(connection: Connection, told: set[int | None]) -> bool:
    """Neither the host nor a router answered its SYN."""
    silent = connection.syn_frame is not None and not connection.server.packets
    return silent and connection.stream not in told


def _answers(facts: Facts, dead: list[Attempt]) -> bool:
    """An IPv6 connection to one of the addresses came about."""
    addresses = {a.address for a in dead}
    return any(c.established and c.server.address in addresses for c in facts.connections)


def _fallback_s(facts: Facts, attempt: Attempt, works: list[Attempt]) -> float:
    """When the IPv4 connection that took its place was tried (or the last SYN, without any)."""
    connection = _of(facts, attempt)
    later = [_of(facts, w).first_s for w in works]
    return min((t for t in later if t > connection.first_s), default=connection.last_s)


def _evidence(facts: Facts, attempt: Attempt, works: list[Attempt]) -> Evidence:
    connection = _of(facts, attempt)
    waited_s = _fallback_s(facts, attempt, works) - connection.first_s
    text = (
        f"{plural(len(connection.client.syn_frames), 'SYN')} to {attempt.address}, none answered; "
        f"IPv4 is tried {seconds(waited_s)} later and answers"
    )
    return Evidence(text, connection.client.syn_frames, connection.stream)


def _hop(facts: Facts, address: str, other: str | None) -> Hop:
    """Up to the host; where it never spoke IPv6, its IPv4 side tells how far it is."""
    distance = distance_of(facts, address) or distance_of(facts, other)
    return Hop(Role.PATH, None, None, None if not distance else (0, distance))


def _fix(address: str) -> tuple[Fix, ...]:
    return (
        Fix("See where IPv6 ends.", f"traceroute -6 -n {shell_word(address)}"),
        Fix(
            "Switch IPv6 off until it is repaired.",
            "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=1",
        ),
    )
