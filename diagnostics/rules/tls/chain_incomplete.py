"""The server does not send an intermediate certificate.

What it means
-------------
The leaf was issued by an intermediate authority whose certificate the server must send and does
not. Browsers fetch or remember it; go on Linux does not.

Why it happens
--------------
The server is configured with the leaf alone instead of the full chain.

How it is recognised
--------------------
The client ends the handshake on the server's certificates; the leaf's issuer is neither among the
certificates sent nor a trusted root, and it is an intermediate: the leaf says where to fetch it
(AIA), another chain in the capture contains it, or its name does not claim to be a root.

Fix
---
Configure the full chain on the server.

References
----------
RFC 8446 section 4.4.2; golang/go issue 31773 (no AIA fetching).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import printable, shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.certificate_rejected",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose intermediate is missing."""
    return rejection_findings(facts, Refusal.CHAIN_INCOMPLETE, _words, _fix, confidence=0.93)


def _words(rejection: Rejection) -> str:
    return (
        f"{rejection.attempt.name} does not send the intermediate certificate "
        f"{printable(rejection.missing_issuer or '')!r}."
    )


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    fixes = [Fix("On the server, configure the full chain (nginx: ssl_certificate fullchain.pem).")]
    if rejection.issuer_urls:
        url = shell_word(rejection.issuer_urls[0])
        fixes.append(
            Fix(
                "Until then, fetch the intermediate and let go trust it (Linux; the bundle must "
                "hold the system's roots too).",
                f"(cat /etc/ssl/certs/ca-certificates.crt; curl -s {url} | openssl x509 -inform "
                "DER) > bundle.pem && SSL_CERT_FILE=$PWD/bundle.pem go mod download",
            )
        )
    return tuple(fixes)
