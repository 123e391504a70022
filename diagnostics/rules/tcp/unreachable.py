"""A device on the way says that the host cannot be reached.

What it means
-------------
Connection attempts are answered with an ICMP error: no route, host down, or prohibited by policy.

Why it happens
--------------
A firewall that rejects with "administratively prohibited", a router without a route, a last
router whose neighbour does not answer ARP.

How it is recognised
--------------------
ICMP destination-unreachable messages quote the SYNs. Their sender names itself.

Fix
---
Ask whoever runs that device.

References
----------
RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, IcmpError, Stage
from diagnostics.localize import icmp_hop
from diagnostics.report.escape import shell_word
from diagnostics.tries import failed_at, grouped, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("tcp.syn_timeout",)

HARMLESS = ("fragmentation_needed", "redirect", "other", "parameter_problem")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per sender and kind of ICMP error that refused connections."""
    errors: dict[int, IcmpError] = {}
    for error in facts.icmp:
        if error.stream is not None and error.kind not in HARMLESS:
            errors.setdefault(error.stream, error)
    failed = [a for a in failed_at(facts, Stage.CONNECT, "unreachable") if a.stream in errors]

    for (sender, kind), attempts in grouped(
        failed, lambda a: (errors[a.stream or 0].sender, errors[a.stream or 0].kind)
    ).items():
        first = errors[attempts[0].stream or 0]
        told = [e for e in facts.icmp if e.sender == sender and e.stream in streams(attempts)]
        words = kind.replace("_", " ")
        yield Finding(
            hop=icmp_hop(facts, first),
            summary=f"{sender} answers connection attempts to {names(attempts)} with ICMP {words}.",
            evidence=(
                Evidence(
                    f"ICMP {words} (type {first.type}, code {first.code}) from {sender}, arriving "
                    f"with TTL {first.ip_ttl}, quotes SYNs to {first.quoted_destination} port "
                    f"{first.quoted_destination_port}",
                    tuple(e.frame for e in told),
                ),
            ),
            fix=(
                Fix(
                    f"Ask whoever runs {sender} to let these connections pass; send them this "
                    "capture."
                    if kind == "admin_prohibited"
                    else f"Ask whoever runs {sender} about its route to this address.",
                    f"traceroute -n {shell_word(first.quoted_destination or '')}",
                ),
                Fix(
                    "If only the web proxy is allowed out, tell go about it.",
                    "HTTPS_PROXY=http://proxy.example:3128 go mod download",
                ),
            ),
            confidence=0.97,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.CONNECT,
        )
