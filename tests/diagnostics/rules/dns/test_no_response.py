"""A resolver that answers nothing, and lookups that only look like it."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NAME,
    OTHER,
    RESOLVER,
    SERVER,
    Part,
    facts,
    fetched,
    frame_at,
    question,
    resolved,
    response,
    unanswered,
)

CODE = "dns.no_response"


def test_silence_to_both_tries_is_pinned_on_the_resolver() -> None:
    silent = facts(unanswered(0.0, 5.0), duration_s=10.0)
    finding = only(CODE, silent)
    assert place(finding) == (Role.RESOLVER, RESOLVER, None)
    assert finding.impact_s == pytest.approx(10.0, abs=0.1)
    assert frames(finding) == {frame_at(t) for t in (0.0, 0.001, 5.0, 5.001)}
    assert NAME in finding.summary
    assert root_of(silent) == ("failed", CODE)
    verdict = diagnose(silent)
    assert verdict.time.total_s == pytest.approx(10.0, abs=0.1)
    assert verdict.time.dns_s == pytest.approx(10.0, abs=0.1)


def test_an_answer_to_another_question_answers_nothing() -> None:
    stranger = response(0.02, SERVER, question_matches=False)
    only_heard = question([], [response(0.01)], qtype="AAAA")
    finding = only(CODE, facts([question([0.0], [stranger]), only_heard], duration_s=10.0))
    assert frames(finding) == {frame_at(0.0), frame_at(0.02)}
    assert "none answered; 1 message" in finding.evidence[0].text
    assert "no fitting answer" in finding.summary


def test_an_answer_from_an_address_that_was_not_asked_answers_nothing() -> None:
    """A router with two addresses that answers from the other one."""
    asked = question([0.0, 5.0])
    heard = question([], [response(0.01, SERVER), response(5.01, SERVER)], server=OTHER)
    finding = only(CODE, facts([asked, heard], duration_s=10.0))
    assert finding.hop.address == RESOLVER
    assert "2 messages" in finding.evidence[0].text


def test_a_resolver_that_shows_itself_elsewhere_has_a_distance() -> None:
    silent = facts(unanswered(0.0, 5.0), duration_s=10.0, distances={RESOLVER: 3})
    assert place(only(CODE, silent)) == (Role.RESOLVER, RESOLVER, (3, 3))


def test_names_that_fail_alike_are_one_finding() -> None:
    both = facts(
        unanswered(0.0, 5.0), unanswered(20.0, 25.0, name="sum.example.org"), duration_s=30.0
    )
    finding = only(CODE, both)
    assert finding.attempts == {0, 1}
    assert "sum.example.org" in finding.summary


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([question([0.0, 5.0], [response(5.01, SERVER)])], id="the retry is answered"),
        pytest.param(
            [question([0.0], [response(0.01, SERVER)]), question([0.0, 5.0], qtype="AAAA")],
            id="one type is answered",
        ),
        pytest.param([question([9.5])], id="the capture ends"),
    ],
)
def test_what_is_answered_in_the_end_is_something_else(parts: list[Part]) -> None:
    assert not found(CODE, facts(parts, fetched(at_s=6.0), duration_s=10.0))


def test_a_dead_first_resolver_delays_what_the_second_one_answers() -> None:
    parts: list[Part] = [
        *unanswered(0.0, server="192.0.2.1"),
        *resolved(SERVER, at_s=5.0, server=RESOLVER),
    ]
    (finding,) = found(CODE, facts(parts, fetched(at_s=6.0), duration_s=10.0))
    assert finding.hop.address == "192.0.2.1"
    assert finding.impact_s == pytest.approx(5.0, abs=0.1)
    assert finding.delays_only
    assert not finding.fatal


def test_whoever_denied_the_name_is_not_the_resolver_that_kept_silent() -> None:
    parts: list[Part] = [
        *unanswered(0.0, server="192.0.2.1"),
        *resolved(rcode="NXDOMAIN", at_s=5.0, server=RESOLVER),
    ]
    denied = facts(parts, duration_s=10.0)
    assert only("dns.nxdomain", denied).hop.address == RESOLVER
    assert only(CODE, denied).hop.address == "192.0.2.1"
    assert root_of(denied) == ("failed", "dns.nxdomain")


SUFFIXED = f"{NAME}.corp.internal"


def test_names_of_the_search_list_that_nobody_answers() -> None:
    """ndots:5, as in Kubernetes: the name proper is asked last."""
    late = facts(
        unanswered(0.0, 5.0, name=SUFFIXED), resolved(SERVER, at_s=10.0), fetched(at_s=10.1)
    )
    finding = only(CODE, late)
    assert finding.impact_s == pytest.approx(10.0)
    assert SUFFIXED in finding.summary
    assert root_of(late) == ("degraded", CODE)
    time = diagnose(late).time
    assert time.dns_s == pytest.approx(10.0, abs=0.1)
    assert time.total_s == pytest.approx(11.0, abs=0.2)


def test_an_answer_that_there_is_no_such_name_is_an_answer() -> None:
    denied = resolved(name=SUFFIXED, rcode="NXDOMAIN")
    assert not found(CODE, facts(denied, resolved(SERVER, at_s=0.1), fetched(at_s=0.2)))
