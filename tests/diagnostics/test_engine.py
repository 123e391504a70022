"""Which finding is the root, and what the others are to it: told with rules made for the test."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from analyzers.facts import Facts, Stage
from diagnostics import engine
from diagnostics.engine import FAULTLESS, HARMLESS, NOTICEABLE_S, UNRECOGNISED, diagnose
from diagnostics.registry import Rule
from diagnostics.verdict import Evidence, Finding, Hop, Outcome, Role, Verdict
from tests.factories import (
    OTHER,
    SERVER,
    Part,
    client_hello,
    facts,
    fetched,
    fetched_plain,
    query,
    question,
    resolved,
    response,
    session,
    unconnected,
)

WORKS: list[Part] = [*resolved(SERVER), *fetched()]
BROKEN: list[Part] = [*resolved(SERVER), unconnected(0.1, 1.1, 3.1)]


def finding(cause: str, impact_s: float = 1.0, **changes: Any) -> Finding:
    plain = Finding(
        hop=Hop(Role.SERVER, SERVER, None, (5, 5)),
        summary=f"{cause} is seen.",
        evidence=(Evidence("seen", (1,), 0),),
        fix=(),
        confidence=0.9,
        impact_s=impact_s,
        attempts=frozenset((0,)),
        stage=Stage.CONNECT,
        cause=cause,
    )
    return replace(plain, **changes)


def _told(group: list[Finding], _: Facts) -> list[Finding]:
    return group


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The verdict on facts in which rules find what they are told to, and explain codes."""

    def judge(capture: Facts, *found: Finding, **explains: tuple[str, ...]) -> Verdict:
        by_cause: dict[str, list[Finding]] = {}
        for item in found:
            by_cause.setdefault(item.cause, []).append(item)
        rules = tuple(
            Rule(c, "T.", {}, explains.get(c.replace(".", "_"), ()), partial(_told, group))
            for c, group in by_cause.items()
        )
        monkeypatch.setattr(engine, "load_all", lambda: rules)
        return diagnose(capture)

    return judge


def outcome(verdict: Verdict) -> tuple[str, str | None]:
    return verdict.outcome.value, verdict.root_cause.cause if verdict.root_cause else None


def test_what_a_needed_request_failed_by_is_the_root(verdict: Any) -> None:
    slow = finding("a.slow", 60.0, attempts=frozenset(), delays_only=True)
    assert outcome(verdict(facts(BROKEN, duration_s=30.0), slow, finding("b.fails"))) == (
        "failed",
        "b.fails",
    )


def test_of_several_the_earliest_stage_is_the_root(verdict: Any) -> None:
    late = finding("a.late", 60.0, stage=Stage.TLS)
    early = finding("b.early", 0.1, stage=Stage.DNS)
    assert outcome(verdict(facts(BROKEN, duration_s=30.0), late, early)) == ("failed", "b.early")


def test_at_one_stage_the_surer_is_the_root(verdict: Any) -> None:
    vague = finding("a.vague", 60.0, confidence=0.6)
    assert outcome(verdict(facts(BROKEN, duration_s=30.0), vague, finding("b.sure", 0.1))) == (
        "failed",
        "b.sure",
    )


def test_an_explained_failure_gives_way_to_its_cause(verdict: Any) -> None:
    early = finding("a.early", stage=Stage.DNS)
    deep = finding("b.deep", stage=Stage.TLS)
    judged = verdict(facts(BROKEN, duration_s=30.0), early, deep, b_deep=("a.*",))
    assert outcome(judged) == ("failed", "b.deep")
    root, consequence = judged.findings
    assert (root.id, root.explains) == ("F1", ("F2",))
    assert (consequence.id, consequence.explained_by) == ("F2", "F1")


def test_with_nothing_failed_the_costliest_is_the_root(verdict: Any) -> None:
    judged = verdict(facts(WORKS), finding("a.cheap", 1.0), finding("b.dear", 3.0))
    assert outcome(judged) == ("degraded", "b.dear")
    assert [f.id for f in judged.findings] == ["F1", "F2"]


@pytest.mark.parametrize("impact_s", [0.0, 0.01, 0.99 * NOTICEABLE_S])
def test_what_nobody_would_notice_is_healthy(verdict: Any, impact_s: float) -> None:
    judged = verdict(facts(WORKS), finding("a.tiny", impact_s))
    assert outcome(judged) == ("healthy", None)
    assert judged.reason == HARMLESS
    assert verdict(facts(WORKS)).reason == FAULTLESS
    assert judged.exit_status == 0


def test_nothing_costs_more_than_there_was(verdict: Any) -> None:
    judged = verdict(facts(WORKS), finding("a.slow", 300.0))
    assert judged.root_cause.impact_s == pytest.approx(judged.time.total_s)


@pytest.mark.parametrize(("is_go", "sure"), [(True, 0.9), (False, UNRECOGNISED)])
def test_what_nothing_shows_to_be_gos_is_less_sure(verdict: Any, is_go: bool, sure: float) -> None:
    foreign = fetched(hello=client_hello(0.13, is_go=is_go))
    judged = verdict(facts(foreign), finding("a.slow", 3.0, confidence=0.9))
    assert judged.root_cause.confidence == sure


def test_a_fatal_finding_fails_what_succeeds_beside_it(verdict: Any) -> None:
    assert outcome(verdict(facts(WORKS), finding("a.fatal", 0.0, fatal=True))) == (
        "failed",
        "a.fatal",
    )


def test_a_command_that_succeeded_did_not_fail(verdict: Any) -> None:
    done = facts(BROKEN, session=session(exit_code=0), duration_s=30.0)
    assert outcome(verdict(done, finding("a.fatal", 5.0, fatal=True))) == ("degraded", "a.fatal")
    assert outcome(verdict(done)) == ("healthy", None)


def test_what_only_delays_fails_nothing_at_a_later_stage(verdict: Any) -> None:
    late = finding("a.late", stage=Stage.DNS, delays_only=True)
    judged = verdict(facts(BROKEN, duration_s=30.0), late, finding("b.fails"))
    assert outcome(judged) == ("failed", "b.fails")
    alone = verdict(facts(BROKEN, duration_s=30.0), late)
    assert alone.outcome is not Outcome.FAILED


def test_what_only_delays_fails_at_its_own_stage(verdict: Any) -> None:
    late = finding("a.late", stage=Stage.CONNECT, delays_only=True)
    assert outcome(verdict(facts(BROKEN, duration_s=30.0), late)) == ("failed", "a.late")


def test_what_was_made_good_did_not_fail(verdict: Any) -> None:
    again = facts(BROKEN, fetched(1, 4.0))
    assert outcome(verdict(again, finding("a.first", 3.0))) == ("degraded", "a.first")


def test_the_captures_own_faults_are_no_root(verdict: Any) -> None:
    judged = verdict(facts(WORKS), finding("capture.incomplete", 5.0))
    assert judged.root_cause is None


STRAY = question([query(0.5, edns=None)], [response(0.51, OTHER)], name="www.example.com")
"""Asked the way no go does: the download's scope leaves it out."""


def test_findings_about_other_traffic_are_background(verdict: Any) -> None:
    captured = facts(WORKS, STRAY)
    (other,) = [a.index for a in captured.attempts if a.name == "www.example.com"]
    judged = verdict(captured, finding("a.other", 9.0, fatal=True, attempts=frozenset((other,))))
    assert outcome(judged) == ("healthy", None)
    assert [f.cause for f in judged.background] == ["a.other"]
    assert judged.findings == ()


def test_a_cause_explains_only_what_shares_its_traffic(verdict: Any) -> None:
    deep = finding("a.deep", streams=frozenset((0,)))
    same = finding("b.same", attempts=frozenset(), streams=frozenset((0,)))
    other = finding("b.other", attempts=frozenset(), streams=frozenset((1,)))
    everywhere = finding("b.everywhere", attempts=frozenset())
    captured = facts(WORKS, fetched(1, 0.2))
    judged = verdict(captured, deep, same, other, everywhere, a_deep=("b.*",))
    explained = {f.cause: f.explained_by for f in judged.findings}
    assert explained["b.same"] == explained["b.everywhere"] == "F1"
    assert explained["b.other"] is None


def test_each_consequence_is_listed_under_its_own_cause(verdict: Any) -> None:
    """Two findings of one cause on two connections, each with a consequence."""

    def on(cause: str, number: int, impact_s: float) -> Finding:
        words = {"summary": f"{cause} on {number}.", "streams": frozenset((number,))}
        return finding(cause, impact_s, attempts=frozenset(), **words)

    captured = facts(WORKS, fetched(1, 0.2))
    found = [on("a.deep", 0, 5.0), on("a.deep", 1, 4.0), on("b.next", 0, 1.0), on("b.next", 1, 2.0)]
    judged = verdict(captured, *found, a_deep=("b.*",))
    by_id = {f.id: f for f in judged.findings}
    for item in judged.findings:
        if item.cause == "b.next":
            cause = by_id[item.explained_by]
            assert cause.streams == item.streams
            assert item.id in cause.explains


def test_two_that_explain_each_other_explain_neither(verdict: Any) -> None:
    pair = (finding("a.one"), finding("b.two"))
    judged = verdict(facts(WORKS), *pair, a_one=("b.*",), b_two=("a.*",))
    assert [f.explained_by for f in judged.findings] == [None, None]


def test_the_root_is_explained_by_nothing(verdict: Any) -> None:
    """What explains the only failure is itself no failure: the failure stays the root."""
    harmless = finding("a.slow", 0.0, attempts=frozenset((0,)), stage=Stage.DNS, delays_only=True)
    judged = verdict(facts(BROKEN, duration_s=30.0), harmless, finding("b.fails"), a_slow=("b.*",))
    assert outcome(judged) == ("failed", "b.fails")
    assert judged.root_cause.explained_by is None
    assert all("F1" not in f.explains for f in judged.findings)


def test_without_anything_of_gos_what_was_waited_for_longest_is_the_root(verdict: Any) -> None:
    captured = facts(fetched_plain(target="/v1", user_agent="curl/8", status=500), duration_s=3.0)
    short = finding("a.short", 0.1, stage=Stage.DNS, fatal=True)
    long = finding("b.long", 9.0, stage=Stage.RESPONSE, fatal=True)
    assert outcome(verdict(captured, short, long)) == ("failed", "b.long")


def test_a_failure_that_no_rule_knows_is_inconclusive(verdict: Any) -> None:
    judged = verdict(facts(BROKEN, duration_s=30.0))
    assert outcome(judged) == ("inconclusive", None)
    assert judged.exit_status == 3
    assert "connect" in judged.reason
