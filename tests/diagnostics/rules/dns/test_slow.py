"""Late answers, and waits that are not the resolver's."""

from __future__ import annotations

import pytest

from analyzers.facts import Facts
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    RESOLVER,
    SERVER,
    facts,
    fetched,
    frame_at,
    query,
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


def test_as_many_answers_as_copies_are_late_answers() -> None:
    """Windows, macOS and glibc ask again with the same id: both queries came through."""
    both = [response(1.05, SERVER, latency_s=0.05), response(1.06, SERVER, latency_s=0.06)]
    late = facts(question([0.0, 1.0], both), fetched(at_s=1.1))
    assert only(CODE, late).impact_s == pytest.approx(1.05, abs=0.01)
    assert root_of(late) == ("degraded", CODE)


def stub(asked_s: float, took_s: float, *upstream_s: float) -> Facts:
    """A stub on this machine that answers after a while, and what it asked meanwhile."""
    own = question(
        [query(asked_s)],
        [response(asked_s + took_s, latency_s=took_s)],
        server="127.0.0.53",
        client="127.0.0.1",
    )
    behind = [query(t, port=50_000, number=9) for t in upstream_s]
    return facts(own, [question(behind)] if behind else [])


@pytest.mark.parametrize(
    ("captured", "slow"),
    [
        pytest.param(stub(0.0, 10.0), True, id="by itself"),
        pytest.param(stub(0.0, 10.0, 0.001, 5.0), False, id="waits in vain for its own server"),
        pytest.param(stub(10.1, 10.0, 0.0, 5.0, 10.101, 15.0), False, id="and did before"),
    ],
)
def test_a_stub_that_only_waits_is_not_slow(captured: Facts, slow: bool) -> None:
    assert bool(found(CODE, captured)) is slow


def test_late_answers_of_another_program_do_not_degrade_the_download() -> None:
    stray = question([0.1], [response(2.1, OTHER_ANSWER, latency_s=2.0)], name="ads.example")
    assert root_of(facts(resolved(SERVER), fetched(), stray)) == ("healthy", None)


OTHER_ANSWER = "203.0.113.80"
