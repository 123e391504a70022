"""The server refuses this client.

What it means
-------------
The module proxy answered 401 or 403.

Why it happens
--------------
Missing credentials (netrc, GOAUTH), a blocked module or region, an egress address that is banned.

How it is recognised
--------------------
401 or 403 for a module file; go asks each twice, which is no second failure. Inside TLS the
status comes from go's own trace.

Fix
---
Give credentials, or use another proxy.

References
----------
RFC 9110 sections 15.5.2 and 15.5.4; go help goauth.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.answers import Answer, host_of, status_findings
from diagnostics.mirrors import elsewhere
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("config.fallback_blocked",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host that refuses the client."""
    return status_findings(facts, lambda status: status in (401, 403, 451), _words, _fix)


def _words(answer: Answer) -> str:
    return f"{host_of(answer.url)} refuses {answer.url.partition('://')[2]} ({answer.status})."


def _fix(answer: Answer) -> tuple[Fix, ...]:
    host = host_of(answer.url)
    return (
        Fix(
            f"If it wants credentials, put them into ~/.netrc: machine {host} login … password …",
            "go env GOAUTH",
        ),
        *elsewhere(
            host,
            "A pipe lets go try the next proxy on any error (a comma only on 404 and 410).",
            *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
        ),
    )
