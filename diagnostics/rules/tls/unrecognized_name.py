"""The server does not know the name that was asked for.

What it means
-------------
The server ends the handshake with the alert unrecognized_name: no site of that name is set up
there.

Why it happens
--------------
A virtual host that is missing, a stale DNS entry that points at another service, a wrong GOPROXY
host.

How it is recognised
--------------------
Alert 112 from the server after the ClientHello.

Fix
---
Correct the name or the address it resolves to.

References
----------
RFC 6066 section 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.alerts import alert_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.handshake_failure",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that does not know the name."""
    return alert_findings(
        facts,
        {"unrecognized_name"},
        "The server at {address} does not serve the name {name}.",
        (
            Fix("Check the name, and the address it resolves to.", "nslookup {host}"),
            Fix("Check the module proxy's address.", "go env GOPROXY"),
        ),
    )
