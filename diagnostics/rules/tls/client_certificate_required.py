"""The server wants a client certificate, which go cannot give.

What it means
-------------
The server asked for a client certificate and ended the handshake when none came.

Why it happens
--------------
A module proxy or a gateway that is protected by mutual TLS.

How it is recognised
--------------------
Alert certificate_required, or a CertificateRequest in the handshake followed by a fatal alert of
the server (handshake_failure or bad_certificate in TLS 1.2).

Fix
---
Put something in front that presents the certificate: the go command has no setting for one.

References
----------
RFC 8446 section 4.3.2; golang/go issue 30119 (GOAUTH) has no client certificates either.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.alerts import CLIENT_CERTIFICATE_ALERTS, alert_findings
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.handshake_failure",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that insists on a client certificate."""
    return alert_findings(
        facts,
        {"certificate_required"},
        "{name} wants a client certificate, and the go command has none to give.",
        (
            Fix(
                "Run a local forwarder that presents the certificate, and point GOPROXY at it "
                "(stunnel, nginx with proxy_ssl_certificate).",
                "go env -w GOPROXY=http://127.0.0.1:8080",
            ),
        ),
        after_request=CLIENT_CERTIFICATE_ALERTS,
    )
