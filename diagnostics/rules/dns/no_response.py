"""The resolver does not answer.

What it means
-------------
Queries, the resolver's own retries included, got no response at all.

Why it happens
--------------
The DNS server is down or unroutable (a VPN's server without the VPN), or a firewall drops UDP 53.

How it is recognised
--------------------
All A and AAAA queries of a lookup are unanswered, and no ICMP error explains it. Where other
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

from collections.abc import Iterator

from analyzers.facts import DnsLookup, Facts, Stage
from diagnostics.localize import resolver_hop
from diagnostics.lookupfailures import Failure, failed_lookups, resolvers_of, spent_s
from diagnostics.report.escape import shell_word
from diagnostics.tries import indices, listed, lookup_evidence, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.half_answered", "dns.lossy", "dns.slow")

QUERY_TIMEOUT_S = 5.0
"""After its last query a resolver library waits this long (resolv.conf(5), timeout)."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose silence left a lookup without an answer."""
    for server, failed in failed_lookups(facts, Failure.NO_RESPONSE).items():
        lookups = [lookup for lookup, _ in failed]
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=f"The resolver {server} does not answer queries for "
            f"{listed(dict.fromkeys(k.name for k in lookups))}.",
            evidence=tuple(_evidence(k) for k in lookups[:3]),
            fix=_fix(server, lookups[0].name),
            confidence=0.9,
            impact_s=spent_s(lookups) + QUERY_TIMEOUT_S,
            attempts=indices(a for _, a in failed),
            stage=Stage.DNS,
        )


def _evidence(lookup: DnsLookup) -> Evidence:
    queries = sum(len(e.queries) for e in lookup.exchanges)
    span_s = lookup.end_s - lookup.start_s
    return lookup_evidence(
        lookup,
        f"{plural(queries, 'query')} for {lookup.name} to {' and '.join(resolvers_of(lookup))} "
        f"within {seconds(span_s)}, none answered",
    )


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
