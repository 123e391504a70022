"""A certificate is not valid yet: usually a clock that is behind.

What it means
-------------
The client refused the handshake because a certificate's notBefore lies in the future.

Why it happens
--------------
This machine's clock is behind (a resumed VM, WSL, a board without a battery); rarely a
certificate that was issued for later, or an inspection device whose clock is ahead.

How it is recognised
--------------------
The client ends the handshake on the server's certificates, and one of them, judged as Go does at
the time of the capture, is not valid yet. The clock is blamed when the session measured it
behind, a server's Date contradicts it, or several unrelated servers' certificates are "not yet
valid".

Fix
---
Set the clock.

References
----------
RFC 5280 section 4.1.2.5; go prints "certificate has expired or is not yet valid: … is before".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from analyzers.facts import Facts
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.localize import client_hop
from diagnostics.rejectionfindings import rejection_findings
from diagnostics.rejections import Refusal, Rejection, rejections
from diagnostics.verdict import Finding, Fix, Hop

EXPLAINS = ("tls.certificate_rejected",)

CLOCK_OFF_S = 60.0
"""Certificate dates are set hours ahead; a clock this far off is off, not jittery."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose certificates are not valid yet."""
    return rejection_findings(facts, Refusal.NOT_YET_VALID, _words, _fix, hop=_hop)


def _words(rejection: Rejection) -> str:
    when = f" before {rejection.certificate.not_before:%Y-%m-%d}" if rejection.certificate else ""
    return f"A certificate that {rejection.attempt.name} sends is not valid{when}."


def _fix(rejection: Rejection) -> tuple[Fix, ...]:
    return (
        Fix("Check this machine's clock, and set it.", "date -u && sudo hwclock -s"),
        Fix("If the clock is right, tell the operator that the certificate starts in the future."),
    )


def _hop(facts: Facts, rejection: Rejection) -> Hop:
    if _clock_is_behind(facts):
        return client_hop(facts)
    return hop_of_attempt(facts, rejection.attempt)


def _clock_is_behind(facts: Facts) -> bool:
    clock = facts.session.clock.offset_s if facts.session is not None else None
    if clock is not None:
        return clock < -CLOCK_OFF_S
    if any(_date_ahead_s(facts, r.header("date"), r.response_s) for r in facts.requests):
        return True
    names = {r.attempt.name for r in rejections(facts) if r.refusal is Refusal.NOT_YET_VALID}
    return len(names) > 1


def _date_ahead_s(facts: Facts, date: str | None, at_s: float | None) -> bool:
    """A server's Date header is ahead of the capture's clock."""
    if date is None or at_s is None:
        return False
    # Loads sockets and more, for what few captures show.
    from email.utils import parsedate_to_datetime

    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return False
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    epoch_s = (theirs - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return epoch_s - (facts.capture.first_ns / 1e9 + at_s) > CLOCK_OFF_S
