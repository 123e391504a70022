"""Facts in, one verdict out: run the rules, then order what they found.

What failed decides first: of the causes that left a needed request without an answer, the
earliest stage is the root. With nothing failed, time decides. What follows from a cause is listed
under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from analyzers.facts import Facts
from diagnostics.goodorder import bad_order
from diagnostics.midway import open_question
from diagnostics.narrowing import narrowed
from diagnostics.needs import unanswered
from diagnostics.outcome import inconclusive_reason, interrupted_reason, notes
from diagnostics.pathfaults import path_faults
from diagnostics.probestreams import without_fates
from diagnostics.registry import Rule, load_all
from diagnostics.scope import Scope, scope_of
from diagnostics.summary import capture_summary, path_hops
from diagnostics.timeline import time_spent
from diagnostics.verdict import Finding, Outcome, Verdict

NOTICEABLE_S = 0.25
"""A fault that cost less is listed, and nobody would have noticed: go's own fallback from IPv6 to
IPv4 takes 0.3 s (RFC 8305 section 5 recommends 0.25 s)."""
NEVER_ROOT = frozenset(("capture.incomplete",))
"""What is wrong with the capture is not what is wrong with the download."""

UNRECOGNISED = 0.85
"""At most so sure is a verdict on traffic that nothing shows to be go's: another program on the
machine may have met what is found, while the download met something else before the capture."""

FAULTLESS = "Every step that can be seen worked, in the time it should take."
HARMLESS = "All that was needed came in the time it should take; what is listed below did no harm."


def diagnose(facts: Facts) -> Verdict:
    """The verdict on one capture."""
    rules = load_all()
    scope = scope_of(facts)
    faults = path_faults(facts) if facts.probes else []
    judged = without_fates(facts)
    found = [narrowed(f, facts, faults) for rule in rules for f in rule.findings(judged)]
    mine = [_less_sure(f, scope) for f in found if scope.covers(f)]
    background = tuple(f for f in found if not scope.covers(f))
    failed = unanswered([facts.attempts[i] for i in sorted(scope.attempts)], facts)
    explained = _explain(mine, rules)
    blocking = [f for f in explained if _blocks(f, failed, facts)]
    root = _root(explained, blocking, scope)
    outcome, reason = _outcome(facts, scope, failed, root, blocking)
    if outcome is Outcome.HEALTHY:
        reason = HARMLESS if explained else FAULTLESS
    if outcome in (Outcome.HEALTHY, Outcome.INCONCLUSIVE):
        root = None
    time = time_spent(facts, scope)
    # Nothing costs more time than there was.
    dated = [replace(f, impact_s=min(f.impact_s, time.total_s)) for f in _order(explained, root)]
    ordered = _numbered(dated)
    return Verdict(
        outcome=outcome,
        root_cause=ordered[0] if root is not None else None,
        findings=ordered,
        path=path_hops(judged, scope, ordered),
        time=time,
        capture=capture_summary(facts),
        reason=reason,
        background=background,
        notes=notes(facts, scope),
    )


def _less_sure(finding: Finding, scope: Scope) -> Finding:
    if scope.recognised:
        return finding
    return replace(finding, confidence=min(finding.confidence, UNRECOGNISED))


def _blocks(finding: Finding, failed: frozenset[int], facts: Facts) -> bool:
    """Whether a needed request got no answer because of this finding."""
    if facts.session is not None and facts.session.exit_code == 0:
        return False
    struck = finding.attempts & failed
    if finding.delays_only:
        struck = frozenset(i for i in struck if facts.attempts[i].stage is finding.stage)
    return finding.fatal or bool(struck)


def _root(findings: Sequence[Finding], blocking: Sequence[Finding], scope: Scope) -> Finding | None:
    """The finding to name: the earliest blocking one, else the costliest.

    Where nothing is recognised as the download's, what was waited for longest is the likeliest.
    """
    candidates = [f for f in blocking if f.explained_by is None] or list(blocking)
    if candidates and not scope.recognised:
        return min(candidates, key=lambda f: (-f.impact_s, f.stage, -f.confidence, f.cause))
    if candidates:
        return min(
            candidates,
            key=lambda f: (f.stage, f.delays_only, -f.confidence, -f.impact_s, f.cause),
        )
    costly = [
        f
        for f in findings
        if f.impact_s >= NOTICEABLE_S and f.explained_by is None and f.cause not in NEVER_ROOT
    ]
    return min(costly, key=lambda f: (-f.impact_s, -f.confidence, f.cause), default=None)


def _outcome(
    facts: Facts,
    scope: Scope,
    failed: frozenset[int],
    root: Finding | None,
    blocking: Sequence[Finding],
) -> tuple[Outcome, str | None]:
    if blocking and root is not None:
        reason = open_question(facts, scope, failed, root)
        return (Outcome.FAILED, None) if reason is None else (Outcome.INCONCLUSIVE, reason)
    bare = facts.session is None
    reason = inconclusive_reason(facts, scope, failed)
    if reason is not None:
        return Outcome.INCONCLUSIVE, reason
    if root is not None:
        return Outcome.DEGRADED, None
    reason = interrupted_reason(facts) or (bad_order(facts, scope) if bare else None)
    if reason is not None:
        return Outcome.INCONCLUSIVE, reason
    return Outcome.HEALTHY, None


def _explain(findings: Sequence[Finding], rules: Sequence[Rule]) -> list[Finding]:
    """Mark each finding that a deeper one accounts for; until they are numbered, by its place."""
    findings = [replace(f, id=str(place)) for place, f in enumerate(findings)]
    patterns = {r.code: r.explains for r in rules}
    marked = []
    for finding in findings:
        deeper = [
            other
            for other in findings
            if other is not finding
            and any(fnmatchcase(finding.cause, p) for p in patterns[other.cause])
            and not any(fnmatchcase(other.cause, p) for p in patterns[finding.cause])
            and _same_traffic(finding, other)
        ]
        best = min(deeper, key=lambda f: (f.stage, -f.impact_s, f.cause), default=None)
        marked.append(replace(finding, explained_by=best.id if best else None))
    return marked


def _same_traffic(one: Finding, other: Finding) -> bool:
    """They speak of common attempts or streams, or one speaks of the whole capture."""
    if one.attempts & other.attempts or one.streams & other.streams:
        return True
    return not (one.attempts or one.streams) or not (other.attempts or other.streams)


def _order(findings: Sequence[Finding], root: Finding | None) -> list[Finding]:
    rest = sorted(
        (f for f in findings if f is not root),
        key=lambda f: (f.explained_by is not None, -f.impact_s, f.stage, f.cause, f.summary),
    )
    return [replace(root, explained_by=None), *rest] if root is not None else rest


def _numbered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give ids, and turn the explainers' places into their ids."""
    ids = {finding.id: f"F{number}" for number, finding in enumerate(findings, start=1)}
    named = [
        replace(f, id=f"F{n}", explained_by=ids.get(f.explained_by or ""))
        for n, f in enumerate(findings, start=1)
    ]
    return tuple(
        replace(f, explains=tuple(o.id for o in named if o.explained_by == f.id)) for f in named
    )
