"""A certificate of the server's chain has expired.

What it means
-------------
The client refused the handshake because a certificate is past its notAfter.

Why it happens
--------------
A renewal that did not happen or was not loaded; or this machine's clock is ahead.

How it is recognised
--------------------
The client ends the handshake on the server's certificates, and one of them, judged as Go does at
the time of the capture, has expired; for TLS 1.3 from the chain fetched after the failure, or
from what go printed.

Fix
---
Have the certificate renewed; check the clock first.

References
----------
RFC 5280 section 4.1.2.5; go prints "certificate has expired or is not yet valid".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import shell_word
from diagnostics.tries import client_way
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.certificate_rejected",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose certificates have expired."""
    return rejection_findings(facts, Refusal.EXPIRED, _words, _fix)


def _words(rejection: Rejection) -> str:
    since = f" on {rejection.certificate.not_after:%Y-%m-%d}" if rejection.certificate else ""
    return f"A certificate that {rejection.attempt.name} sends expired{since}."


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    name = rejection.attempt.name or ""
    where = client_way(rejection.attempt)
    return (
        Fix("Check this machine's clock.", "date -u"),
        Fix(
            "If the clock is right, tell the operator; see the dates.",
            f"openssl s_client -connect {where} -servername "
            f"{shell_word(name)} </dev/null | openssl x509 -noout -dates",
        ),
    )
