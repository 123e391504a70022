"""The proxy wants credentials.

What it means
-------------
The explicit proxy answered CONNECT with 407: it lets nobody through without logging in.

Why it happens
--------------
HTTPS_PROXY carries no or wrong credentials, or the proxy speaks only NTLM or Kerberos, which go
does not.

How it is recognised
--------------------
Status 407 to CONNECT (or to a plain request through the proxy), and no later try got through.

Fix
---
Give the credentials in the proxy's URL, or run a local relay that logs in.

References
----------
RFC 9110 section 15.5.8; golang/go issue 20053; go sends Basic only.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.answers import connect_findings
from diagnostics.tlsproxies import said_findings
from diagnostics.tries import endpoint
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per proxy that asks for credentials."""
    yield from connect_findings(facts, _asks, _words, _fix)
    yield from said_findings(facts, _asks, _words, _fix)


def _asks(status: int | None) -> bool:
    return status == 407


def _words(attempt: Attempt) -> str:
    return f"The proxy {attempt.address} wants credentials before it opens a way to {attempt.name}."


def _fix(attempt: Attempt) -> tuple[Fix, ...]:
    where = endpoint(attempt.address, attempt.port)
    return (
        Fix(
            "Put the credentials into the proxy's URL (special characters percent-encoded; a "
            "backslash is %5C).",
            f"HTTPS_PROXY=http://USER:PASSWORD@{where} go mod download",
        ),
        Fix(
            "If the proxy wants NTLM or Kerberos, run a local relay (cntlm, px) and point "
            "HTTPS_PROXY at it."
        ),
    )
