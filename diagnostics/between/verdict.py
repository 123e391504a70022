"""Two captures, compared, in; one verdict out, its causes placed between, before or beyond."""

from __future__ import annotations

from dataclasses import replace

from analyzers.facts import Facts
from analyzers.facts.vantage import Comparison
from analyzers.vantage.comparison import Compared
from captures.lazyclass import dataclass
from diagnostics.between.bracket import bracketed, names
from diagnostics.between.informed import informed
from diagnostics.between.place import Where, place
from diagnostics.engine import diagnose
from diagnostics.verdict import CaptureSummary, Finding, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict about two captures."""

    verdict: Verdict
    comparison: Comparison
    where: Where | None
    """Of the root cause."""
    swapped: bool
    """The capture that was named second is the near one."""


def judge(compared: Compared) -> Judged:
    """Judge the near capture with what the far one adds, and place each finding."""
    comparison = compared.comparison
    if not comparison.in_common:
        return Judged(_nothing_in_common(compared), comparison, None, compared.swapped)
    facts = informed(compared.near, comparison)
    verdict = diagnose(facts)
    placed = {f.id: place(facts, comparison, f) for f in verdict.findings}
    findings = tuple(_placed(facts, comparison, f, placed[f.id]) for f in verdict.findings)
    root = verdict.root_cause
    made = replace(
        verdict,
        findings=findings,
        root_cause=findings[0] if root is not None else None,
        capture=_both(verdict.capture, compared.far),
        notes=(*verdict.notes, *_notes(comparison)),
    )
    where = placed[root.id] if root is not None else None
    return Judged(made, comparison, where, compared.swapped)


def _placed(facts: Facts, comparison: Comparison, found: Finding, where: Where | None) -> Finding:
    return found if where is None else bracketed(facts, comparison, found, where)


def _nothing_in_common(compared: Compared) -> Verdict:
    """Without a packet in common nothing can be said about the way between."""
    near, far = names(compared.comparison)
    alone = diagnose(compared.near)
    return replace(
        alone,
        outcome=Outcome.INCONCLUSIVE,
        root_cause=None,
        findings=(),
        background=(),
        reason=f"{near} and {far} have no connection in common: record the same download at both "
        "points at the same time, without a filter, with at least 128 bytes of each packet.",
        capture=_both(alone.capture, compared.far),
    )


def _both(near: CaptureSummary, far: Facts) -> CaptureSummary:
    """Both files, the near one first; the clock range stays the near one's."""
    drops = [d for d in (near.dropped, far.capture.dropped) if d is not None]
    return replace(
        near,
        files=(*near.files, *far.capture.files),
        packets=near.packets + far.capture.packets,
        bytes=near.bytes + far.capture.bytes,
        dropped=sum(drops) if drops else None,
    )


def _notes(comparison: Comparison) -> tuple[str, ...]:
    """What the comparison could not show, one sentence each."""
    said = []
    if comparison.same_point:
        said.append("Both captures were taken at the same point: nothing lies between them.")
    clock = comparison.clock
    if clock is not None and clock.stepped:
        said.append("A clock was set while the captures ran: delays between them mean nothing.")
    if clock is not None and clock.error_s is None:
        said.append(
            "Packets of one direction only were seen at both points: how the clocks stand against "
            "each other is not known, only how delays vary."
        )
    unseen = sum(t.unseen_bytes for p in comparison.pairs for t in (p.out, p.back) if t is not None)
    if unseen:
        said.append(
            f"{unseen} bytes are missing at one point and were acknowledged behind it: that "
            "capture lost them, not the network."
        )
    return tuple(said)
