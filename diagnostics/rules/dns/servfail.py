"""The resolver failed to find an answer.

What it means
-------------
The DNS server answered SERVFAIL: it tried, and could not get an answer it believes.

Why it happens
--------------
The resolver cannot reach the name's authoritative servers, its own upstream is down, or DNSSEC
validation fails.

How it is recognised
--------------------
Queries of one lookup are answered with rcode 2 (go asks twice per server), and no address
follows. An Extended DNS Error in the answer, which go does not print, is quoted.

Fix
---
Use a resolver that can answer, or repair the upstream of this one.

References
----------
RFC 1035 section 4.1.1, RFC 8914 (Extended DNS Errors); go prints "server misbehaving".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.lookupfailures import Failure, rcode_findings
from diagnostics.report.escape import shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("dns.slow", "dns.lossy")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that answered SERVFAIL for a name the download needs."""
    return rcode_findings(facts, Failure.SERVFAIL, _words)


def _words(server: str, names: str) -> tuple[str, tuple[Fix, ...]]:
    name = names.split(", ")[0]
    return f"The resolver {server} fails on {names} (SERVFAIL).", (
        Fix(
            "Compare with another resolver; if it answers, this one or its upstream is broken.",
            f"nslookup {shell_word(name)} 1.1.1.1",
        ),
        Fix(
            "With DNSSEC at fault, the same query with checking disabled succeeds.",
            f"dig +cd @{shell_word(server)} {shell_word(name)}",
        ),
    )
