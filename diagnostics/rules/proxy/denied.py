"""The proxy forbids the destination.

What it means
-------------
The explicit proxy answered CONNECT with 403 or another 4xx: its policy does not allow this host. Or
it sends who asks to a log-in page.

Why it happens
--------------
An allow-list without the module proxy, the checksum database or the storage it redirects to. Cloud
proxies redirect until somebody has logged in with a browser; go follows no redirect of CONNECT.

How it is recognised
--------------------
A 4xx other than 407 to CONNECT, a redirect, or 511. (go prints such a status without its number:
"Forbidden".)

Fix
---
Have the hosts allowed that a module download needs; log in where the proxy wants it.

References
----------
RFC 9110 section 9.3.6; RFC 6585 section 6 (511).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.answers import connect_findings
from diagnostics.pages import LOGIN_WANTED, REDIRECTS
from diagnostics.tlsproxies import said_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per proxy that forbids a destination."""
    yield from connect_findings(facts, _denied, _words, _fix)
    yield from said_findings(facts, _denied, _words, _fix)


def _denied(status: int | None) -> bool:
    if status is None or status == 407:
        return False
    return 400 <= status < 500 or status in REDIRECTS or status == LOGIN_WANTED


def _wants_login(attempt: Attempt) -> bool:
    return attempt.reason in {f"status {status}" for status in (*REDIRECTS, LOGIN_WANTED)}


def _words(attempt: Attempt) -> str:
    if _wants_login(attempt):
        return f"The proxy {attempt.address} wants a log-in before it connects to {attempt.need}."
    return f"The proxy {attempt.address} does not allow connections to {attempt.need}."


def _fix(attempt: Attempt) -> tuple[Fix, ...]:
    login = Fix("Log in with a browser that uses the same proxy, then download again.")
    return (
        *((login,) if _wants_login(attempt) else ()),
        Fix(
            f"Have {attempt.name} allowed on the proxy; the public service needs "
            "proxy.golang.org, sum.golang.org and storage.googleapis.com."
        ),
        Fix(
            "Or use a module proxy inside your network.",
            "go env -w GOPROXY=https://goproxy.example.internal",
        ),
    )
