"""The resolver does not answer.

What it means
-------------
Queries, the resolver's own retries included, got no response at all.

Why it happens
--------------
The DNS server is down or unroutable (a VPN's server without the VPN), or a firewall drops UDP 53.

How it is recognised
--------------------
All A and AAAA queries of a lookup are unanswered, and no ICMP error explains it. What answers
another question, or comes from an address that was not asked, is no answer to anybody. Names made
with the search list count when their silence delays the name proper. Where other
packets of the resolver's address are seen, the host is up and the DNS service (or its port) is at
fault; without any, the fault may be anywhere up to the resolver.

Fix
---
Use a resolver that answers; check the way to this one.

References
----------
go asks each server twice, 5 s apart (net/dnsclient_unix.go), then prints "i/o timeout".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Attempt, DnsLookup, DnsResponse, Facts, Stage
from analyzers.usedlookups import QUERY_TIMEOUT_S
from diagnostics.localize import resolver_hop
from diagnostics.lookupfailures import Failure, failed_lookups, spent_s
from diagnostics.report.escape import shell_word
from diagnostics.searchtries import SearchTries
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_of_lookups, indices, listed, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.half_answered", "dns.lossy", "dns.slow")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose silence left a lookup without an answer."""
    yield from _skipped(facts)
    yield from _search_names(facts)
    for server, failed in failed_lookups(facts, Failure.NO_RESPONSE):
        lookups = [lookup for lookup, _ in failed]
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} {_does(lookups)} queries for "
            f"{listed(dict.fromkeys(k.name for k in lookups))}.",
            evidence=tuple(_evidence(k) for k in lookups[:3]),
            fix=_fix(server, lookups[0].name),
            confidence=0.9,
            impact_s=spent_s(lookups) + QUERY_TIMEOUT_S,
            attempts=indices(a for _, a in failed),
            stage=Stage.DNS,
        )


def _skipped(facts: Facts) -> Iterator[Finding]:
    """Servers that never answered anything, and after which another server was asked: what that
    one answered, good or bad, came late."""
    answering = {e.server for e in facts.dns if e.responses}
    waits: dict[str, list[tuple[DnsLookup, float, float]]] = {}
    for lookup in facts.lookups:
        answered_s = [e.first_s for e in lookup.exchanges if e.queries and e.responses]
        for exchange in lookup.exchanges:
            next_s = min((s for s in answered_s if s > exchange.first_s), default=None)
            silent = bool(exchange.queries) and exchange.server not in answering
            if silent and next_s is not None:
                waits.setdefault(exchange.server, []).append((lookup, exchange.first_s, next_s))
    for server, found in waits.items():
        lookups = list({k.index: k for k, _, _ in found}.values())
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} never answers; each lookup waits for the next one.",
            evidence=tuple(_evidence(k) for k in lookups[:3]),
            fix=_fix(server, lookups[0].name),
            confidence=0.9,
            impact_s=union_s((start_s, end_s) for _, start_s, end_s in found),
            attempts=indices(attempts_of_lookups(facts, lookups)),
            delays_only=True,
            stage=Stage.DNS,
        )


def _search_names(facts: Facts) -> Iterator[Finding]:
    """Servers that answer, but not for names made with the search list, which are asked first."""
    waits: dict[str, list[tuple[DnsLookup, Attempt, float]]] = {}
    tries = SearchTries(facts)
    for attempt in facts.attempts:
        if attempt.lookup is not None:
            for tried, until_s in tries.before(facts.lookups[attempt.lookup]):
                asked = [e for e in tried.exchanges if e.queries]
                if asked and not any(e.responses or e.icmp_frames for e in asked):
                    waits.setdefault(asked[0].server, []).append((tried, attempt, until_s))
    for server, found in waits.items():
        lookups = list({k.index: k for k, _, _ in found}.values())
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} does not answer queries for "
            f"{listed(dict.fromkeys(k.name for k in lookups))}, names made with the search list; "
            "the name proper is asked only after that.",
            evidence=tuple(_evidence(k) for k in lookups[:3]),
            fix=(
                Fix(
                    "Take the suffix out of the search list, or lower ndots (resolv.conf; in "
                    "Kubernetes dnsConfig), so that the name proper is asked first.",
                    "cat /etc/resolv.conf",
                ),
                *_fix(server, lookups[0].name)[:1],
            ),
            confidence=0.85,
            impact_s=union_s((k.start_s, until_s) for k, _, until_s in found),
            attempts=indices(a for _, a, _ in found),
            delays_only=True,
            stage=Stage.DNS,
        )


def _does(lookups: Sequence[DnsLookup]) -> str:
    if any(_unfit(lookup) for lookup in lookups):
        return "gives no fitting answer to"
    return "does not answer"


def _evidence(lookup: DnsLookup) -> Evidence:
    silent = [e for e in lookup.exchanges if e.queries and e.response is None]
    times_s = [q.time_s for e in silent for q in e.queries]
    servers = " and ".join(dict.fromkeys(e.server for e in silent))
    text = (
        f"{plural(len(times_s), 'query')} for {lookup.name} to {servers} within "
        f"{seconds(max(times_s) - min(times_s))}, none answered"
    )
    unfit = _unfit(lookup)
    if unfit:
        text += (
            f"; {plural(len(unfit), 'message')} came back that no resolver library takes, to "
            "another question or from another address"
        )
    frames = [m.frame for e in silent for m in e.queries] + [r.frame for r in unfit]
    return Evidence(text, tuple(sorted(set(frames))))


def _unfit(lookup: DnsLookup) -> list[DnsResponse]:
    """Answers to another question (question_matches), or from an address that was not asked: the
    resolver library waits on (RFC 5452 section 9.1)."""
    asked = {e.qtype for e in lookup.exchanges if e.queries}
    return [
        r
        for e in lookup.exchanges
        if (e.response is None if e.queries else e.qtype in asked)
        for r in e.responses
    ]


def _fix(server: str, name: str) -> tuple[Fix, ...]:
    return (
        Fix("See whether it answers at all.", f"nslookup {shell_word(name)} {shell_word(server)}"),
        Fix("See whether another resolver does.", f"nslookup {shell_word(name)} 1.1.1.1"),
        Fix(
            "Configure one that answers (resolv.conf, VPN client, `docker --dns`); go reads the "
            "configured servers in order.",
            "cat /etc/resolv.conf",
        ),
    )
