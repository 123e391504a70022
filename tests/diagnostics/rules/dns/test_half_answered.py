"""A answered at once and AAAA never, and lookups in which one of them is late or lost."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
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

CODE = "dns.half_answered"


def half_answered(at_s: float = 0.0) -> tuple[DnsExchange, DnsExchange]:
    return (
        question([at_s], [response(at_s + 0.01, SERVER)]),
        question([query(at_s + 0.001, port=40002), at_s + 5.001], qtype="AAAA"),
    )


def asked_for(name: str, at_s: float, *answers: float) -> DnsExchange:
    """AAAA of another name."""
    first = query(at_s, port=40100)
    return question([first], [response(s) for s in answers], qtype="AAAA", name=name)


OTHER_NAME = resolved(SERVER, "2001:db8::7", at_s=30.0, name="www.example.com")
LOST = asked_for("cdn.example.com", 31.0)


def test_a_type_may_be_dropped_for_one_name_only() -> None:
    """The resolver answers AAAA of other names, at once."""
    waited = facts(half_answered(), fetched(at_s=10.01), OTHER_NAME)
    assert only(CODE, waited).impact_s == pytest.approx(10.0, abs=0.1)
    assert root_of(waited) == ("degraded", CODE)


def test_go_waits_for_the_silent_type_and_then_succeeds() -> None:
    waited = facts(half_answered(), fetched(at_s=10.01))
    finding = only(CODE, waited)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert finding.impact_s == pytest.approx(10.0, abs=0.1)
    assert "AAAA" in finding.summary
    assert {frame_at(0.001), frame_at(5.001), frame_at(0.01)} <= frames(finding)
    assert root_of(waited) == ("degraded", CODE)


def test_who_goes_on_at_once_after_a_slow_half_has_the_other_one_too() -> None:
    """A resolver that takes 2 s for each: the capture lost one of its answers."""
    slow = question([0.0], [response(2.0, SERVER)]), question([query(0.001)], qtype="AAAA")
    assert not found(CODE, facts(slow, fetched(at_s=2.001)))
    assert found(CODE, facts(slow, fetched(at_s=4.0)))


def test_every_connection_pays_again() -> None:
    again = facts(half_answered(), fetched(at_s=10.01), half_answered(20.0), fetched(1, 30.01))
    assert only(CODE, again).impact_s == pytest.approx(20.0, abs=0.1)


def test_a_silent_a_with_an_empty_aaaa_fails() -> None:
    """An empty answer is an answer: the type that has the address is the silent one."""
    failed = facts(
        question([0.0, 5.0]),
        question([0.001], [response(0.012)], qtype="AAAA"),
        duration_s=10.0,
    )
    assert only(CODE, failed).summary.count("never answers A queries") == 1
    assert root_of(failed) == ("failed", CODE)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            [*half_answered(), *resolved(SERVER, "2001:db8::7", at_s=30.0)],
            id="the type is answered later: it was loss",
        ),
        pytest.param(
            [*half_answered(), *OTHER_NAME, LOST],
            id="of another name it is answered, and more gets lost",
        ),
        pytest.param(
            [question([0.0], [response(0.01, SERVER)]), question([0.001], qtype="AAAA")],
            id="the client goes on at once",
        ),
        pytest.param(
            [question([0.0]), question([0.001], [response(0.01)], qtype="AAAA")],
            id="the client goes on at once, so the capture lost the answer",
        ),
        pytest.param(
            [
                question([0.0], [response(0.01, SERVER)]),
                question([0.001], [response(4.0, latency_s=4.0)], qtype="AAAA"),
            ],
            id="late is not never",
        ),
    ],
)
def test_other_uneven_answers_are_something_else(asked: list[DnsExchange]) -> None:
    assert not found(CODE, facts(asked, fetched(at_s=0.1)))


def test_a_type_that_fails_is_no_answered_one() -> None:
    """Of a forwarder whose own server is silent: it says so of one type after the other."""
    failing = question([0.001], [response(5.0, rcode="SERVFAIL", latency_s=5.0)], qtype="AAAA")
    assert not found(CODE, facts(question([0.0]), failing, duration_s=5.0))
