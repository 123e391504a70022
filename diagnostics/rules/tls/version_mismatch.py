"""Client and server have no TLS version in common.

What it means
-------------
The handshake ends with a protocol_version alert, or the server chose a version that was not
offered.

Why it happens
--------------
An old appliance or server that knows only TLS 1.0 or 1.1, which go refuses as a client since 1.18,
whatever is set (GODEBUG=tls10server=1 of go 1.22 is for servers); or a server that insists on
TLS 1.3 with an old client.

How it is recognised
--------------------
Alert 70 from either side before the handshake is complete, or a ServerHello whose version is not
among those of the ClientHello.

Fix
---
Update the older side.

References
----------
RFC 8446 section 6.2; go prints "protocol version not supported".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.alerts import alert_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.handshake_failure",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server with which no version could be agreed."""
    return alert_findings(
        facts,
        {"protocol_version"},
        "{name} and this client have no TLS version in common.",
        (
            Fix(
                "Update the server or appliance to TLS 1.2 or 1.3; see what it speaks.",
                "openssl s_client -tls1_2 -connect {endpoint} </dev/null",
            ),
            Fix(
                "Until then, use another module proxy: no setting of go lets it speak TLS 1.0 or "
                "1.1 as a client (GODEBUG=tls10server=1 is for servers only).",
                "go env GOPROXY",
            ),
        ),
        from_client=True,
    )
