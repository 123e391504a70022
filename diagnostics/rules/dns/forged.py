"""Somebody else answers the DNS query before the resolver does.

What it means
-------------
A box on the way injects a forged answer; go takes the first one that fits and connects to the
wrong address (or to none).

Why it happens
--------------
Censorship or "protection" by DNS injection at an ISP or a national border; a captive network.

How it is recognised
--------------------
Two responses to one query id disagree (no common address, or another rcode) although the query
was sent once, and they differ in at least one thing that one server keeps the same: the IP TTL by
which they arrive, their EDNS option, DF or AA flag. Or: the only answer arrives with another TTL
than the resolver's other packets, and sooner than any of them could. Or: a second capture, nearer
to the resolver, shows that nobody there sent it.

Fix
---
Ask over an encrypted transport, or use a module proxy whose name is not forged.

References
----------
Anonymous et al., "Triplet Censors", FOCI 2020; Hoang et al., "GFWatch", USENIX Security 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import field

from analyzers.facts import Attempt, DnsExchange, DnsLookup, DnsResponse, Facts, Outcome, Stage
from captures.lazyclass import dataclass
from diagnostics.localize import distance_of_ttl, forger_hop
from diagnostics.lookupfailures import with_askers
from diagnostics.mirrors import elsewhere
from diagnostics.tries import attempts_of_lookups, indices, listed, lost_s, seconds, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop

EXPLAINS = ("dns.*", "tcp.*", "tls.*", "http.*", "path.*")

Forgery = tuple[DnsLookup, DnsExchange, DnsResponse]


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose answers are forged."""
    by_server: dict[str, list[Forgery]] = {}
    usual = _senders(facts)
    for lookup in facts.lookups:
        for exchange in lookup.exchanges:
            response = (
                contradicted(exchange)
                or _out_of_place(usual, exchange)
                or _never_sent(facts, exchange)
            )
            if response is not None:
                by_server.setdefault(exchange.server, []).append((lookup, exchange, response))
    for server, forgeries in by_server.items():
        attempts = attempts_of_lookups(facts, with_askers(facts, (k for k, _, _ in forgeries)))
        yield Finding(
            hop=_hop(facts, server, forgeries),
            summary=f"A forged answer beats the resolver {server} for "
            f"{listed(dict.fromkeys(e.name for _, e, _ in forgeries))}.",
            evidence=tuple(_evidence(e, r) for _, e, r in forgeries[:3]),
            fix=(
                Fix(
                    "Use a resolver over TLS or HTTPS (systemd-resolved: DNSOverTLS=yes), or one "
                    "inside the tunnel of a VPN.",
                    "resolvectl dnsovertls",
                ),
                *elsewhere(
                    forgeries[0][0].name,
                    "Or use a module proxy whose name is answered truthfully here.",
                    *("goproxy.cn", "goproxy.io", "proxy.golang.org"),
                    checksums="sum.golang.google.cn",
                ),
            ),
            confidence=0.95,
            impact_s=lost_s(_misled(attempts)),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.DNS,
        )


def contradicted(exchange: DnsExchange) -> DnsResponse | None:
    """The forged one of two disagreeing responses to one query; None when all agree.

    The forged one is the first: it only works when it comes before the resolver's own.
    """
    for number, first in enumerate(exchange.responses):
        sent = sum(q.transaction_id == first.transaction_id for q in exchange.queries)
        same_id = [
            r for r in exchange.responses[number:] if r.transaction_id == first.transaction_id
        ]
        for other in same_id[1:]:
            if _disagree(first, other) and (len(same_id) > sent) and unlike(first, other):
                return first
    return None


def _disagree(one: DnsResponse, other: DnsResponse) -> bool:
    if not (one.whole and other.whole):
        return False
    if one.rcode != other.rcode:
        return True
    return bool(one.addresses) != bool(other.addresses) or (
        bool(one.addresses) and not set(one.addresses) & set(other.addresses)
    )


def unlike(one: DnsResponse, other: DnsResponse) -> bool:
    """Whether two answers do not look like the work of one server."""
    return (
        one.ip_ttl != other.ip_ttl
        or (one.whole and other.whole and one.has_edns != other.has_edns)
        or one.ip_dont_fragment != other.ip_dont_fragment
        or one.authoritative != other.authoritative
        or one.recursion_available != other.recursion_available
    )


@dataclass(slots=True)
class _Sender:
    """What came in a server's name with one TTL."""

    names: set[str] = field(default_factory=set)
    """Names that were answered with it."""
    answers: int = 0
    """Answers over UDP whose query was seen."""
    fastest_s: float = math.inf
    """The first of those after its query."""


Way = tuple[str, str]
"""Server and client: behind a NAT that is captured on both sides, TTLs differ by one."""


def _senders(facts: Facts) -> dict[Way, dict[int, _Sender]]:
    """By way and TTL."""
    found: dict[Way, dict[int, _Sender]] = {}
    for exchange in facts.dns:
        senders = found.setdefault((exchange.server, exchange.client), {})
        for response in exchange.responses:
            sender = senders.setdefault(response.ip_ttl, _Sender())
            sender.names.add(exchange.name)
            if exchange.transport == "udp" and response.latency_s is not None:
                sender.answers += 1
                sender.fastest_s = min(sender.fastest_s, response.latency_s)
    return found


def _out_of_place(
    senders: dict[Way, dict[int, _Sender]], exchange: DnsExchange
) -> DnsResponse | None:
    """A lone answer with another TTL than the server's others, sooner than any of those."""
    response = exchange.response
    if response is None or response.latency_s is None or exchange.transport != "udp":
        return None
    by_ttl = senders[exchange.server, exchange.client]
    others = [s for ttl, s in by_ttl.items() if ttl != response.ip_ttl and s.answers]
    if len(others) != 1 or others[0].answers < 2 or len(by_ttl[response.ip_ttl].names) > 1:
        return None
    return response if response.latency_s < others[0].fastest_s else None


def _never_sent(facts: Facts, exchange: DnsExchange) -> DnsResponse | None:
    """An answer that a second capture, nearer to the resolver, does not have."""
    if facts.comparison is None:
        return None
    made_up = {f.frame for f in facts.comparison.forged if f.kind == "answer"}
    return next((r for r in exchange.responses if r.frame in made_up), None)


def _hop(facts: Facts, server: str, forgeries: list[Forgery]) -> Hop:
    """The TTL of the forged answers, when they agree on one."""
    ttls = _forged_ttls(forgeries)
    genuine = [
        r.ip_ttl
        for _, e, forged in forgeries
        for r in e.responses
        if r is not forged and _disagree(forged, r)
    ]
    return forger_hop(facts, genuine[:1] if ttls & set(genuine) else ttls, server)


def _forged_ttls(forgeries: list[Forgery]) -> set[int]:
    """TTLs of all answers that may be forged: those before the resolver's own, which comes last,
    and that one too where no host on earth is that far away."""
    ttls = {forged.ip_ttl for _, _, forged in forgeries}
    for _, exchange, _ in forgeries:
        last = exchange.responses[-1].ip_ttl
        ttls |= {r.ip_ttl for r in exchange.responses if r.ip_ttl != last}
        if distance_of_ttl(last) is None:
            ttls.add(last)
    return ttls


def _evidence(exchange: DnsExchange, forged: DnsResponse) -> Evidence:
    parts = [
        f"{'; '.join(r.addresses) or r.rcode} after {seconds(r.latency_s or 0.0)} with IP TTL "
        f"{r.ip_ttl} ({_sender(r.ip_ttl)})"
        for r in exchange.responses[:3]
    ]
    return Evidence(
        f"{exchange.qtype} {exchange.name}, query id {forged.transaction_id:#06x}: "
        + ", then ".join(parts),
        exchange.frames,
    )


def _sender(ttl: int) -> str:
    distance = distance_of_ttl(ttl)
    return f"a sender at distance {distance}" if distance is not None else "made up"


def _misled(attempts: list[Attempt]) -> list[Attempt]:
    return [a for a in attempts if a.outcome is Outcome.FAILED]
