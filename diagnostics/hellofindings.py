"""Findings about TLS handshakes that stopped early: what their rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.hellos import ML_DSA, Cause, FailedHello, box_hop, failed_hellos, what_is_seen
from diagnostics.localize import server_hop
from diagnostics.tries import indices, lost_s, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role


def hop_of_attempt(facts: Facts, attempt: Attempt) -> Hop:
    """The TLS server of an attempt; behind a proxy it has a name, but no address or distance."""
    if attempt.via_proxy:
        return Hop(Role.SERVER, None, attempt.name, None)
    return server_hop(facts, attempt)


def tls_hop(facts: Facts, failed: FailedHello) -> Hop:
    """The TLS server that a hello was meant for."""
    return hop_of_attempt(facts, failed.attempt)


def hello_findings(
    facts: Facts,
    cause: Cause,
    words: Callable[[FailedHello], str],
    fix: Callable[[FailedHello], tuple[Fix, ...]],
    confidence: Callable[[FailedHello], float],
    hop: Callable[[Facts, FailedHello], Hop] = box_hop,
    is_aftermath: Callable[[Facts, Attempt, list[FailedHello]], bool] = lambda *_: False,
) -> Iterator[Finding]:
    """One finding per name among the failed hellos of one cause; later tries that `is_aftermath`
    takes for a consequence are accounted for by it too."""
    by_name: dict[str | None, list[FailedHello]] = {}
    for failed in failed_hellos(facts, cause):
        by_name.setdefault(failed.hello.sni, []).append(failed)
    for found in by_name.values():
        attempts = [f.attempt for f in found]
        attempts += [a for a in facts.attempts if is_aftermath(facts, a, found)]
        yield Finding(
            hop=hop(facts, found[0]),
            summary=words(found[0]),
            evidence=tuple(Evidence(*what_is_seen(f), stream=f.attempt.stream) for f in found[:3]),
            fix=fix(found[0]),
            confidence=confidence(found[0]),
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.TLS,
        )


def small_hello_fix(failed: FailedHello) -> tuple[Fix, ...]:
    """What makes a hello smaller or plainer, as far as go lets one."""
    fixes = []
    if failed.hello.post_quantum:
        fixes.append(
            Fix(
                "Leave the post-quantum key share out: the hello fits one segment again.",
                "GODEBUG=tlsmlkem=0 go mod download",
            )
        )
    if ML_DSA & set(failed.hello.signature_schemes):
        fixes.append(
            Fix(
                "If that is not enough, the ML-DSA signature schemes of go 1.27 may be what it "
                "hates: go 1.26 does not offer them.",
                "GOTOOLCHAIN=go1.26.6 go mod download",
            )
        )
    fixes.append(
        Fix(
            "Have the firewall or load balancer on the way updated (see tldr.fail); show it these "
            "frames."
        )
    )
    return tuple(fixes)
