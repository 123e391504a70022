"""The server limits this client's rate.

What it means
-------------
The module proxy answered 429: too many requests from this address.

Why it happens
--------------
Many machines behind one address (NAT, CI), many parallel requests; go asks each 4xx twice and
does not wait for Retry-After.

How it is recognised
--------------------
429 for a module file. Inside TLS the status comes from go's own trace.

Fix
---
Ask less at once, or put a cache in between.

References
----------
RFC 6585 section 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.answers import Answer, host_of, status_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("config.fallback_blocked",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host that limits the client's rate."""
    return status_findings(facts, lambda status: status == 429, _words, _fix)


def _words(answer: Answer) -> str:
    return f"{host_of(answer.url)} limits this client's rate (429 Too Many Requests)."


def _fix(answer: Answer) -> tuple[Fix, ...]:
    return (
        Fix("Ask less at once.", "GOMAXPROCS=2 go mod download"),
        Fix(
            "Put a caching module proxy (Athens, goproxy) before your machines or CI, and keep "
            "GOMODCACHE between runs."
        ),
    )
