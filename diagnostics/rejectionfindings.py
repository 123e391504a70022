"""Findings about refused certificates: what the certificate rules share.

Takes the handshakes that `rejections` judged; gives one finding per name, with its hop, evidence
and cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzers.facts import Facts, Stage
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.localize import distance_of_ttl
from diagnostics.rejections import Refusal, Rejection, refused_by_git, rejections
from diagnostics.report.escape import printable
from diagnostics.tries import indices, lost_s, plural, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role


def rejection_findings(
    facts: Facts,
    refusal: Refusal,
    words: Callable[[Rejection], str],
    fix: Callable[[Rejection], tuple[Fix, ...]],
    *,
    hop: Callable[[Facts, Rejection], Hop] | None = None,
    confidence: float = 0.96,
) -> Iterator[Finding]:
    """One finding per name whose certificates were refused for this reason."""
    by_need: dict[str, list[Rejection]] = {}
    for rejection in rejections(facts):
        if rejection.refusal is refusal:
            by_need.setdefault(rejection.attempt.need, []).append(rejection)
    for found in by_need.values():
        attempts = [r.attempt for r in found]
        yield Finding(
            hop=hop(facts, found[0]) if hop else hop_of_attempt(facts, attempts[0]),
            summary=words(found[0]),
            evidence=tuple(_evidence(facts, r) for r in found[:3]),
            fix=fix(found[0]),
            confidence=confidence if found[0].certificate else min(confidence, 0.8),
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(refused_by_git(facts, a) for a in attempts),
            stage=Stage.TLS,
        )


def box_hop(facts: Facts, rejection: Rejection) -> Hop:
    """The inspection device: it ends the connection itself, so its TTL is on every segment of it
    (not on those of other connections that the server answered in person)."""
    attempt = rejection.attempt
    if attempt.via_proxy or attempt.stream is None:
        return Hop(Role.MIDDLEBOX, None, None, None)
    ttl = facts.connection(attempt.stream).server.ttl
    distance = distance_of_ttl(ttl) if ttl is not None else None
    return Hop(Role.MIDDLEBOX, None, None, None if distance is None else (distance, distance))


def _evidence(facts: Facts, rejection: Rejection) -> Evidence:
    handshake, chain = rejection.handshake, rejection.handshake.chain
    frames = list(chain.frames) if chain else []
    frames += [a.frame for a in handshake.alerts]
    parts = []
    if rejection.certificate is not None:
        c = rejection.certificate
        parts.append(
            f"subject {printable(c.subject)}, issuer {printable(c.issuer)}, valid "
            f"{c.not_before:%Y-%m-%d} to {c.not_after:%Y-%m-%d}"
        )
    if chain is not None:
        source = " (fetched again by badhop's probe)" if chain.source == "probe" else ""
        parts.append(f"{plural(len(chain.certificates), 'certificate')} sent{source}")
    elif handshake.chain_encrypted:
        parts.append("the certificates are encrypted (TLS 1.3)")
    if rejection.detail:
        parts.append(rejection.detail)
    ended = next((a for a in handshake.alerts), None)
    if ended is not None:
        parts.append(f"the client ends the handshake (alert: {ended.name})")
    return Evidence("; ".join(parts), tuple(sorted(set(frames))), handshake.stream)
