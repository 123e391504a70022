"""The proxy forbids the destination.

What it means
-------------
The explicit proxy answered CONNECT with 403 or another 4xx: its policy does not allow this host.

Why it happens
--------------
An allow-list without the module proxy, the checksum database or the storage it redirects to.

How it is recognised
--------------------
A 4xx other than 407 to CONNECT. (go prints such a status without its number: "Forbidden".)

Fix
---
Have the hosts allowed that a module download needs.

References
----------
RFC 9110 section 9.3.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.answers import connect_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per proxy that forbids a destination."""
    return connect_findings(facts, _denied, _words, _fix)


def _denied(status: int | None) -> bool:
    return status is not None and 400 <= status < 500 and status != 407


def _words(attempt: Attempt) -> str:
    return f"The proxy {attempt.address} does not allow connections to {attempt.need}."


def _fix(attempt: Attempt) -> tuple[Fix, ...]:
    return (
        Fix(
            f"Have {attempt.name} allowed on the proxy; the public service needs "
            "proxy.golang.org, sum.golang.org and storage.googleapis.com."
        ),
        Fix(
            "Or use a module proxy inside your network.",
            "go env -w GOPROXY=https://goproxy.example.internal",
        ),
    )
