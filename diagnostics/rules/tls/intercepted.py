"""A TLS inspection device answers in the server's name.

What it means
-------------
The certificate was minted on the way by a device whose root go does not trust.

Why it happens
--------------
Corporate TLS inspection (firewall, secure web gateway, antivirus) without its root in the trust
store that go uses; browsers often have it.

How it is recognised
--------------------
The client ends the handshake on the server's certificates, the root is unknown, and the issuer is
an inspection product's, or it signed for unrelated names at different addresses, or for a public
module proxy (without a place to fetch a missing issuer from, which devices do not write), or the
handshake is answered from nearer than the server is.

Fix
---
Install the device's root where go looks for it, or have the module proxies exempted.

References
----------
Durumeric et al., "The Security Impact of HTTPS Interception", NDSS 2017; golang/go issue 46428.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import box_hop, rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import printable
from diagnostics.trustfixes import trust_fixes
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.certificate_rejected", "tls.untrusted_issuer")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose certificate an inspection device minted."""
    return rejection_findings(
        facts, Refusal.INTERCEPTED, _words, _fix, hop=box_hop, confidence=0.92
    )


def _words(rejection: Rejection) -> str:
    issuer = rejection.certificate.issuer if rejection.certificate else "unknown"
    return (
        f"A TLS inspection device answers for {rejection.attempt.name} (issuer "
        f"{printable(issuer)}), and go does not trust it."
    )


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    return (
        *trust_fixes(rejection),
        Fix(
            f"Or have {rejection.attempt.name} exempted from inspection; the public service needs "
            "proxy.golang.org, sum.golang.org and storage.googleapis.com."
        ),
    )
