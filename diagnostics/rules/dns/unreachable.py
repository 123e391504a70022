"""The resolver cannot be reached: a host on the way says so.

What it means
-------------
DNS queries were answered with an ICMP error instead of a DNS response.

Why it happens
--------------
No DNS service listens at that address (port unreachable, sent by the host itself), a firewall
prohibits it, or a router has no way there.

How it is recognised
--------------------
ICMP destination-unreachable messages quote the queries, and no lookup got an address.

Fix
---
Start the resolver, open the way to it, or configure another.

References
----------
RFC 792, RFC 1812 section 5.2.7, RFC 4443 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, IcmpError, Stage
from diagnostics.localize import icmp_hop, is_own_address, resolver_hop
from diagnostics.lookupfailures import Failure, failed_lookups, spent_s
from diagnostics.report.escape import shell_word
from diagnostics.tries import indices, listed
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("dns.no_response", "dns.lossy", "dns.half_answered")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose queries came back as ICMP errors."""
    by_frame = {e.frame: e for e in facts.icmp}
    for server, failed in failed_lookups(facts, Failure.UNREACHABLE):
        lookups = [lookup for lookup, _ in failed]
        frames = [f for k in lookups for e in k.exchanges for f in e.icmp_frames]
        errors = [by_frame[f] for f in frames if f in by_frame]
        if not errors:
            continue
        first = errors[0]
        kind = first.kind.replace("_", " ")
        yield Finding(
            hop=_hop(facts, first, server),
            summary=f"{first.sender} answers queries to the resolver {server} with ICMP {kind}.",
            evidence=(
                Evidence(
                    f"ICMP {kind} (type {first.type}, code {first.code}) from {first.sender} "
                    f"quotes queries for {listed(dict.fromkeys(k.name for k in lookups))}",
                    tuple(sorted({e.frame for e in errors})),
                ),
            ),
            fix=_fix(first, server),
            confidence=0.97,
            impact_s=spent_s(lookups),
            attempts=indices(a for _, a in failed),
            stage=Stage.DNS,
        )


def _hop(facts: Facts, error: IcmpError, server: str) -> Hop:
    if error.sender == server:
        if error.sender == error.receiver or is_own_address(facts, server):
            return Hop(Role.RESOLVER, server, None, (0, 0))
        own = resolver_hop(facts, server)
        return (
            own
            if own.distance
            else Hop(own.role, server, own.name, icmp_hop(facts, error).distance)
        )
    return icmp_hop(facts, error)


def _fix(error: IcmpError, server: str) -> tuple[Fix, ...]:
    if error.sender == server:
        return (
            Fix(
                "No DNS service listens there: start it, or configure a resolver that runs.",
                "cat /etc/resolv.conf",
            ),
        )
    return (
        Fix(
            f"Have {error.sender} let UDP and TCP port 53 to {server} through, or use a resolver "
            "inside your network.",
            f"nslookup example.com {shell_word(server)}",
        ),
    )
