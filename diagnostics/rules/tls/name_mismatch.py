"""The certificate is for another name.

What it means
-------------
No subject alternative name of the server's certificate matches the name that go asked for.

Why it happens
--------------
A wrong virtual host or default certificate, a stale or forged DNS answer that leads to another
service, a captive portal, an old certificate that carries its name in the common name only.

How it is recognised
--------------------
The client ends the handshake on the server's certificates, and the leaf's alternative names,
compared as Go does (common names do not count), do not cover the name in the ClientHello.

Fix
---
Correct the name, its address, or the certificate.

References
----------
RFC 6125, RFC 9525; go prints "certificate is valid for …, not …".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection
from diagnostics.report.escape import printable, shell_word
from diagnostics.tries import listed
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tls.certificate_rejected",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name that the certificates do not cover."""
    return rejection_findings(facts, Refusal.NAME_MISMATCH, _words, _fix)


def _words(rejection: Rejection) -> str:
    names = rejection.certificate.dns_names if rejection.certificate else ()
    valid = f" but for {listed(map(printable, names))}" if names else ""
    return (
        f"The certificate at {rejection.attempt.address} is not for "
        f"{rejection.attempt.name}{valid}."
    )


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    name = shell_word(rejection.attempt.name or "")
    return (
        Fix("Check that the name resolves to the right address.", f"nslookup {name} 1.1.1.1"),
        Fix("Check the module proxy's name.", "go env GOPROXY"),
        Fix("If both are right, the server needs a certificate with this name as SAN."),
    )
