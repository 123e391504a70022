"""The resolver answers late.

What it means
-------------
Lookups succeed, but each takes long enough to hold the download up.

Why it happens
--------------
An overloaded or far resolver, a forwarder whose first upstream is dead, or a cold cache behind a
slow link. Go does not cache answers, so every new connection pays again.

How it is recognised
--------------------
Responses that come later than 0.5 s after the query that they answer, adding up to at least 0.5
s; the path itself is faster (round trips of other traffic are far below that).

Fix
---
Use a faster resolver, or a caching one on this machine.

References
----------
RFC 1035; RFC 9199 section 3 on resolver latency.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import DnsExchange, Facts, Stage
from diagnostics.answeredqueries import latency_s
from diagnostics.localize import resolver_hop
from diagnostics.lookupfailures import ADDRESS_TYPES, forwarded
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_of_lookups, indices, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ()

SLOW_S = 0.5
"""An uncached answer from far away takes 0.1 to 0.3 s; later than this something is wrong."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose late answers cost noticeable time."""
    late: dict[str, list[DnsExchange]] = {}
    for lookup in facts.lookups:
        for exchange in lookup.exchanges:
            if exchange.qtype in ADDRESS_TYPES and _own_s(facts, exchange) >= SLOW_S:
                late.setdefault(exchange.server, []).append(exchange)
    for server, exchanges in late.items():
        indexes = {e.index for e in exchanges}
        lookups = [k for k in facts.lookups if indexes & {e.index for e in k.exchanges}]
        worst_s = max(map(latency_s, exchanges))
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} takes up to {seconds(worst_s)} to answer.",
            evidence=(
                Evidence(
                    f"{plural(len(exchanges), 'answer')} later than {seconds(SLOW_S)}, the slowest "
                    f"after {seconds(worst_s)}",
                    tuple(f for e in exchanges for f in e.frames),
                ),
            ),
            fix=(
                Fix("Measure it.", f"dig @{shell_word(server)} {shell_word(exchanges[0].name)}"),
                Fix("Use a nearer resolver, or run a caching one (systemd-resolved, dnsmasq)."),
            ),
            confidence=0.9,
            impact_s=union_s(
                (e.responses[0].time_s - latency_s(e), e.responses[0].time_s) for e in exchanges
            ),
            attempts=indices(attempts_of_lookups(facts, lookups)),
            delays_only=True,
            stage=Stage.DNS,
        )


def _own_s(facts: Facts, exchange: DnsExchange) -> float:
    """The latency without what the resolver itself waited for: a stub whose own query stays
    unanswered has done nothing but wait."""
    behind = tuple(forwarded(facts, exchange))
    if any(o.response is None for o in behind):
        return 0.0
    return latency_s(exchange) - max(map(latency_s, behind), default=0.0)
