"""The client refuses the server's certificates; why is encrypted.

What it means
-------------
The server's flight arrived, and the client ended the handshake instead of finishing it. In TLS
1.3 certificates and alert are encrypted, so the capture alone does not show the reason.

Why it happens
--------------
An unknown root (most often TLS inspection), a missing intermediate, an expired certificate, a
wrong name: go's message says which.

How it is recognised
--------------------
After the server's complete flight the client sends a record of an alert's size and closes, where
its Finished was due.

Fix
---
Read go's message, or record with badhop, which fetches the chain after such a failure.

References
----------
RFC 8446 sections 4.4.2 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import shell_word
from diagnostics.tries import client_way
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose certificates were refused for an unknown reason."""
    return rejection_findings(facts, Refusal.UNKNOWN, _words, _fix, confidence=0.9)


def _words(rejection: Rejection) -> str:
    return (
        f"The client refuses the certificates of {rejection.attempt.name}; the capture does not "
        "show why."
    )


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    name = rejection.attempt.name or ""
    where = client_way(rejection.attempt)
    return (
        Fix(
            "Record with badhop: it fetches the chain and judges it.",
            "badhop capture -- go mod download",
        ),
        Fix(
            "Or look at the chain by hand.",
            f"openssl s_client -connect {where} -servername "
            f"{shell_word(name)} -showcerts </dev/null",
        ),
    )
