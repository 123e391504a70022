"""The proxy cannot reach the destination.

What it means
-------------
The explicit proxy answered CONNECT with 502, 503 or 504: it tried, and what stands behind it
failed.

Why it happens
--------------
The proxy's own DNS, route or firewall; an overloaded upstream proxy; a destination that is down.

How it is recognised
--------------------
A 5xx to CONNECT, other than 511.

Fix
---
Show it to whoever runs the proxy.

References
----------
RFC 9110 sections 15.6.3 to 15.6.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.answers import connect_findings
from diagnostics.pages import LOGIN_WANTED
from diagnostics.report.escape import shell_word
from diagnostics.tlsproxies import said_findings
from diagnostics.tries import endpoint, wanted_endpoint
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per proxy that cannot reach a destination."""
    yield from connect_findings(facts, _behind, _words, _fix, upstream=True)
    yield from said_findings(facts, _behind, _words, _fix, upstream=True)


def _behind(status: int | None) -> bool:
    return status is not None and status >= 500 and status != LOGIN_WANTED


def _words(attempt: Attempt) -> str:
    return f"The proxy {attempt.address} cannot reach {attempt.need}."


def _fix(attempt: Attempt) -> tuple[Fix, ...]:
    return (
        Fix(
            "Show this to whoever runs the proxy; see whether it reaches anything else.",
            f"curl -sv -o /dev/null -x http://{endpoint(attempt.address, attempt.port)} "
            f"{shell_word(f'https://{wanted_endpoint(attempt)}/')}",
        ),
        Fix(
            "If the name is served inside your network, exempt it from the proxy.",
            f"NO_PROXY={shell_word(attempt.name or '')} go mod download",
        ),
    )
