"""Findings about TLS alerts: what their rules share."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Outcome, Side, Stage, TlsAlert
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.report.escape import shell_word
from diagnostics.tries import client_way, grouped, indices, lost_s, streams
from diagnostics.verdict import Evidence, Finding, Fix


def _fatal_alert(facts: Facts, attempt: Attempt, side: Side) -> TlsAlert | None:
    """The alert with which `side` ended the attempt's handshake."""
    if attempt.outcome is not Outcome.FAILED or attempt.stage is not Stage.TLS:
        return None
    if attempt.handshake is None:
        return None
    alerts = facts.handshakes[attempt.handshake].refusals
    return next((a for a in alerts if a.sender is side), None)


def server_alert(facts: Facts, attempt: Attempt) -> TlsAlert | None:
    """The alert with which the server ended the attempt's handshake, if it did."""
    return _fatal_alert(facts, attempt, Side.SERVER)


def _named(
    facts: Facts,
    attempt: Attempt,
    wanted: set[str],
    after_request: frozenset[str],
    from_client: bool,
) -> TlsAlert | None:
    alert = server_alert(facts, attempt)
    if alert is None and from_client:
        alert = _fatal_alert(facts, attempt, Side.CLIENT)
    if alert is None or attempt.handshake is None:
        return None
    asked = bool(facts.handshakes[attempt.handshake].certificate_requested)
    if asked and alert.name in CLIENT_CERTIFICATE_ALERTS:
        return alert if alert.name in after_request else None
    return alert if alert.name in wanted else None


CLIENT_CERTIFICATE_ALERTS = frozenset(
    ("handshake_failure", "bad_certificate", "certificate_unknown", "encrypted")
)
"""After a CertificateRequest these mean the missing client certificate (RFC 5246 section 7.4.6)."""


def alert_findings(
    facts: Facts,
    alerts: set[str],
    words: str,
    fix: tuple[Fix, ...],
    *,
    after_request: frozenset[str] = frozenset(),
    from_client: bool = False,
) -> Iterator[Finding]:
    """One finding per endpoint whose handshakes ended with one of these alerts.

    `words` and the fixes' commands may use {name}, {address}, {alert}, {host} and {endpoint}.
    `after_request` are alerts that count only when the server had asked for a certificate.
    """
    found = [
        a
        for a in facts.attempts
        if _named(facts, a, alerts, after_request, from_client) is not None
    ]
    for attempts in grouped(found, lambda a: a.need).values():
        first = attempts[0]
        alert = _named(facts, first, alerts, after_request, from_client)
        assert alert is not None
        name = first.name or first.address or ""
        filled = {
            "name": name,
            "address": first.address or "",
            "alert": alert.name,
            "host": shell_word(name),
            "endpoint": client_way(first),
        }
        sender = "client" if alert.sender is Side.CLIENT else "server"
        yield Finding(
            hop=hop_of_attempt(facts, first),
            summary=words.format(**filled),
            evidence=tuple(_evidence(facts, a, sender) for a in attempts[:3]),
            fix=tuple(Fix(f.text, f.command.format(**filled) if f.command else None) for f in fix),
            confidence=0.96,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.TLS,
        )


def _evidence(facts: Facts, attempt: Attempt, sender: str) -> Evidence:
    assert attempt.handshake is not None
    handshake = facts.handshakes[attempt.handshake]
    alert = handshake.refusals[0]
    frames = list(handshake.client_hello.frames) if handshake.client_hello else []
    return Evidence(
        f"the {sender} ends the handshake with alert {alert.name} ({alert.description})",
        (*frames, alert.frame),
        attempt.stream,
    )
