"""Late answers, and waits that are not the resolver's."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    RESOLVER,
    SERVER,
    facts,
    fetched,
    frame_at,
    question,
    resolved,
    response,
)

CODE = "dns.slow"


def test_late_answers_cost_their_time() -> None:
    late = facts(
        resolved(SERVER, took_s=1.4),
        fetched(at_s=1.5),
        resolved(SERVER, at_s=3.0, took_s=0.9),
        fetched(1, at_s=4.0),
    )
    finding = only(CODE, late)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert finding.impact_s == pytest.approx(2.3, abs=0.02)
    assert {frame_at(0.0), frame_at(1.4)} <= frames(finding)
    assert root_of(late) == ("degraded", CODE)


def test_a_far_resolver_is_not_slow() -> None:
    healthy(facts(resolved(SERVER, took_s=0.28), fetched(at_s=0.4)))


def test_an_answer_to_the_second_try_is_loss_and_not_slowness() -> None:
    lost = facts(question([0.0, 5.0], [response(5.01, SERVER, latency_s=0.01)]), fetched(at_s=5.1))
    assert not found(CODE, lost)


def test_late_answers_of_another_program_do_not_degrade_the_download() -> None:
    stray = question([0.1], [response(2.1, OTHER_ANSWER, latency_s=2.0)], name="ads.example")
    assert root_of(facts(resolved(SERVER), fetched(), stray)) == ("healthy", None)


OTHER_ANSWER = "203.0.113.80"
