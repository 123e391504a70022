"""The server's only certificate is self-signed.

What it means
-------------
The server sends a single certificate that nobody but itself vouches for.

Why it happens
--------------
A test or appliance certificate left in place, a captive portal.

How it is recognised
--------------------
The client ends the handshake on the server's certificates; the leaf is signed with its own key
and is not among the trusted roots.

Fix
---
Put a certificate of a trusted authority in place, or trust this one on purpose.

References
----------
RFC 5280 section 3.2; go prints "certificate signed by unknown authority".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.trustfixes import trust_fixes
from diagnostics.verdict import Finding

EXPLAINS = ("tls.certificate_rejected",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name with a self-signed certificate."""
    return rejection_findings(facts, Refusal.SELF_SIGNED, _words, trust_fixes)


def _words(rejection: Rejection) -> str:
    return f"{rejection.attempt.name} presents a self-signed certificate, which go does not trust."
