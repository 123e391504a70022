"""The server refuses the handshake with an alert.

What it means
-------------
The server's alert says that it cannot agree on what the client offers.

Why it happens
--------------
No cipher suite, group or signature scheme in common; a server that wants a client certificate
(TLS 1.2); an internal fault.

How it is recognised
--------------------
A fatal alert of the server before the handshake is complete, such as handshake_failure,
insufficient_security, illegal_parameter or internal_error. Alerts about the version, the name or
a client certificate have rules of their own.

Fix
---
Compare what the server accepts with what go offers.

References
----------
RFC 8446 section 6.2, RFC 5246 section 7.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.alerts import alert_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()

ALERTS = {
    "access_denied",
    "bad_record_mac",
    "decode_error",
    "decrypt_error",
    "handshake_failure",
    "illegal_parameter",
    "inappropriate_fallback",
    "insufficient_security",
    "internal_error",
    "missing_extension",
    "no_application_protocol",
    "record_overflow",
    "unexpected_message",
    "unsupported_extension",
}


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that refuses handshakes with an alert."""
    return alert_findings(
        facts,
        ALERTS,
        "{name} refuses the TLS handshake ({alert}).",
        (
            Fix(
                "See what the server accepts.",
                "openssl s_client -connect {endpoint} </dev/null",
            ),
            Fix("Have the server offer a modern cipher suite and curve (ECDHE with AES-GCM)."),
        ),
    )
