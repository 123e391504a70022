"""The resolver (or a box before it) cannot stand EDNS.

What it means
-------------
Queries that carry the EDNS option, as all of go's do, die or are answered FORMERR; plain ones
pass.

Why it happens
--------------
Old routers and forwarders that reject the OPT record, firewalls that drop it.

How it is recognised
--------------------
Answers FORMERR or NOTIMP to queries with EDNS; or queries with EDNS all unanswered while queries
without it, to the same server, are answered.

Fix
---
Update the device, use another resolver, or switch EDNS off in go.

References
----------
RFC 6891 section 7; golang/go issue 67925; GODEBUG=netedns0 (Go 1.22.5 and later).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import DnsExchange, DnsLookup, Facts, Stage
from diagnostics.localize import resolver_hop
from diagnostics.lookupfailures import ADDRESS_TYPES, spent_s
from diagnostics.tries import attempts_of_lookups, indices, plural
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.no_response", "dns.half_answered", "dns.servfail", "dns.slow", "dns.lossy")

REJECTIONS = ("FORMERR", "NOTIMP")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that fails queries for their EDNS option."""
    for server in dict.fromkeys(e.server for e in facts.dns):
        mine = [e for e in facts.dns if e.server == server and e.qtype in ADDRESS_TYPES]
        bad = [e for e in mine if _rejected(e)] or _swallowed(mine)
        wanted = {e.index for e in bad}
        lookups = [k for k in facts.lookups if _touches(k, wanted) and not k.addresses]
        if not lookups:
            continue
        how = "answered with " + str(bad[0].rcode) if bad[0].responses else "never answered"
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} fails every query with EDNS, and go sends no other.",
            evidence=(
                Evidence(
                    f"{plural(len(bad), 'question')} with an OPT record {how}",
                    tuple(f for e in bad for f in e.frames),
                ),
            ),
            fix=(
                Fix("Switch EDNS off for the go command.", "GODEBUG=netedns0=0 go mod download"),
                Fix("Update the device that forwards DNS, or use another resolver."),
            ),
            confidence=0.92,
            impact_s=spent_s(lookups),
            attempts=indices(attempts_of_lookups(facts, lookups)),
            stage=Stage.DNS,
        )


def _has_edns(exchange: DnsExchange) -> bool:
    return bool(exchange.queries) and all(q.edns_size is not None for q in exchange.queries)


def _rejected(exchange: DnsExchange) -> bool:
    """Answered FORMERR: somebody did not understand the query, and only its OPT record is new."""
    response = exchange.response
    return _has_edns(exchange) and response is not None and response.rcode in REJECTIONS


def _swallowed(exchanges: list[DnsExchange]) -> list[DnsExchange]:
    """Unanswered questions with EDNS, where those without are answered and none with."""
    with_edns = [e for e in exchanges if _has_edns(e)]
    plain = [e for e in exchanges if e.queries and not _has_edns(e)]
    if any(e.responses for e in with_edns) or not any(e.responses for e in plain):
        return []
    return with_edns


def _touches(lookup: DnsLookup, wanted: set[int]) -> bool:
    return bool(wanted & {e.index for e in lookup.exchanges})
