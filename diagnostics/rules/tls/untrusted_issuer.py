"""The chain is complete, but its root is not trusted here.

What it means
-------------
The server's certificates lead to a root that this machine's trust store does not contain.

Why it happens
--------------
A private authority whose root was not installed, a container image without ca-certificates, a
wrong SSL_CERT_FILE, or an inspection device that could not be recognised as one.

How it is recognised
--------------------
The client ends the handshake on the server's certificates; the chain leads up to a root (sent or
named as issuer of the topmost certificate) that is not among the trusted ones.

Fix
---
Install the root on this machine.

References
----------
RFC 5280 section 6.1; go prints "certificate signed by unknown authority".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import printable
from diagnostics.trustfixes import trust_fixes
from diagnostics.verdict import Finding

EXPLAINS = ("tls.certificate_rejected",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose root is unknown."""
    return rejection_findings(facts, Refusal.UNTRUSTED_ISSUER, _words, trust_fixes, confidence=0.92)


def _words(rejection: Rejection) -> str:
    issuer = rejection.missing_issuer
    if issuer is None and rejection.handshake.chain and rejection.handshake.chain.certificates:
        issuer = rejection.handshake.chain.certificates[-1].issuer
    by = f" ({printable(issuer)})" if issuer else ""
    return (
        f"The authority behind {rejection.attempt.name}{by} is not in this machine's trust store."
    )
