"""The proxy takes the request and never answers.

What it means
-------------
CONNECT was delivered to the explicit proxy, and no status came back.

Why it happens
--------------
An overloaded or stuck proxy, or one that waits for an unreachable upstream without a limit; one
that closes instead of refusing.

How it is recognised
--------------------
The connection to the proxy is established, CONNECT is sent, no response arrives before the client
gives up (go: 60 s) or the proxy closes.

Fix
---
Try another proxy, or show this to whoever runs it.

References
----------
go prints "context deadline exceeded" without naming the proxy (net/http, CONNECT limit of 60 s).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.answers import connect_findings
from diagnostics.tries import endpoint
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per proxy that leaves CONNECT unanswered."""
    return connect_findings(facts, lambda status: status is None, _words, _fix)


def _words(attempt: Attempt) -> str:
    if attempt.reason == "closed":
        return f"The proxy {attempt.address} closes instead of answering for {attempt.need}."
    return f"The proxy {attempt.address} does not answer the request for {attempt.need}."


def _fix(attempt: Attempt) -> tuple[Fix, ...]:
    return (
        Fix(
            "Show this to whoever runs the proxy; try whether it answers anything.",
            f"curl -sv -m 20 -o /dev/null -x http://{endpoint(attempt.address, attempt.port)} "
            "https://example.com/",
        ),
        Fix(
            "If another proxy is there, use it.",
            "HTTPS_PROXY=http://other-proxy.example:3128 go mod download",
        ),
    )
