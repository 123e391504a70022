"""The server fails on the request.

What it means
-------------
The module proxy answered with a 5xx: it, or what stands behind it, is broken.

Why it happens
--------------
500: the proxy itself. 502, 503, 504: its origin or storage is down, overloaded or too slow.

How it is recognised
--------------------
A 5xx for a module file, and no later try of the same file succeeded. Inside TLS the status comes
from go's own trace.

Fix
---
Try again later, or let go fall through on any error.

References
----------
RFC 9110 section 15.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.answers import Answer, host_of, server_of, status_findings, upstream_of
from diagnostics.mirrors import elsewhere
from diagnostics.verdict import Finding, Fix, Hop

EXPLAINS = ("config.fallback_blocked",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host that fails on requests."""
    return status_findings(facts, lambda status: status >= 500, _words, _fix, _hop)


def _hop(facts: Facts, answer: Answer) -> Hop:
    """A gateway's statuses speak of what stands behind it."""
    behind = answer.status in (502, 503, 504)
    return upstream_of(facts, answer) if behind else server_of(facts, answer)


def _words(answer: Answer) -> str:
    return f"{host_of(answer.url)} fails on the request ({answer.status})."


def _fix(answer: Answer) -> tuple[Fix, ...]:
    return (
        Fix("Try again: the go command itself repeats nothing.", "go mod download"),
        *elsewhere(
            host_of(answer.url),
            "A pipe lets go try the next proxy on any error (a comma only on 404 and 410).",
            *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
        ),
    )
