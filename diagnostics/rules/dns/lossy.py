"""Some DNS queries are lost and asked again.

What it means
-------------
The resolver works, but queries or answers get lost on the way, and each loss costs the resolver
library's time-out of 5 s.

Why it happens
--------------
A lossy link (Wi-Fi, VPN), a rate limit for UDP, or a NAT that drops one of two parallel queries.

How it is recognised
--------------------
A question is repeated after at least one second of silence and then answered promptly, while
other questions of the same type to the same server are answered at first try.

Fix
---
Repair the link, or keep the resolver near: a caching one on this machine asks over TCP or retries
sooner.

References
----------
golang/go issue 22406 and 43398 (one of the parallel queries lost).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import DnsExchange, Facts, Stage
from diagnostics.answeredqueries import answered_query
from diagnostics.localize import distance_of
from diagnostics.lookupfailures import ADDRESS_TYPES
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_of_lookups, indices, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ()

MIN_RETRY_S = 1.0
"""Resolver libraries wait at least this long before they ask again."""
PROMPT_S = 0.5
"""An answer this soon after the retry answers the retry: the first query was lost, not slow."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver to which queries were lost and repeated with success."""
    by_server: dict[str, list[tuple[DnsExchange, float]]] = {}
    for lookup in facts.lookups:
        for first, retry_s in _lost(lookup.exchanges):
            by_server.setdefault(first.server, []).append((first, retry_s))
    for server, lost in by_server.items():
        indexes = {e.index for e, _ in lost}
        lookups = [k for k in facts.lookups if indexes & {e.index for e in k.exchanges}]
        cost_s = union_s((e.queries[0].time_s, retry_s) for e, retry_s in lost)
        asked = sum(len(e.queries) for e in facts.dns if e.server == server)
        distance = distance_of(facts, server)
        yield Finding(
            hop=Hop(Role.PATH, None, None, None if distance is None else (0, distance)),
            summary=f"Queries to the resolver {server} get lost; each loss costs a time-out.",
            evidence=(
                Evidence(
                    f"{len(lost)} of {plural(asked, 'query')} to {server} unanswered until asked "
                    f"again, {seconds(cost_s)} in all",
                    tuple(f for e, _ in lost for f in e.frames),
                ),
            ),
            fix=(
                Fix("Check the link to the resolver for loss.", f"ping -c 50 {server}"),
                Fix("Run a caching resolver on this machine, or use one that is nearer."),
            ),
            confidence=0.85,
            impact_s=cost_s,
            attempts=indices(attempts_of_lookups(facts, lookups)),
            delays_only=True,
            stage=Stage.DNS,
        )


def _lost(exchanges: tuple[DnsExchange, ...]) -> Iterator[tuple[DnsExchange, float]]:
    """Exchanges whose first query went unanswered while a later one was answered promptly."""
    for exchange in exchanges:
        if exchange.qtype not in ADDRESS_TYPES or len(exchange.queries) < 2:
            continue
        answer = exchange.response
        if answer is None:
            continue
        query = answered_query(exchange)
        if query is None or query.time_s - exchange.queries[0].time_s < MIN_RETRY_S:
            continue
        if answer.time_s - query.time_s <= PROMPT_S:
            yield exchange, query.time_s
