"""SYNs that nobody answers, and those that lost a race or were cut by the capture's end."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    CLIENT,
    OTHER,
    SERVER,
    Part,
    facts,
    fetched,
    frame_at,
    resolved,
    unconnected,
)

CODE = "tcp.syn_timeout"
SYNS = (0.1, 1.1, 3.1, 7.1, 15.1)


def test_a_silent_address_is_somewhere_on_the_path() -> None:
    silent = facts(resolved(SERVER), unconnected(*SYNS, last_s=15.1), duration_s=30.0)
    finding = only(CODE, silent)
    assert place(finding) == (Role.PATH, None, None)
    assert frames(finding) == set(map(frame_at, SYNS))
    assert finding.impact_s == pytest.approx(15.1, abs=0.1)
    assert SERVER in finding.summary
    assert root_of(silent) == ("failed", CODE)


def test_answers_that_do_not_come_through_die_on_the_way_to_the_client() -> None:
    """As the server's capture shows it: what it sends is asked for again."""
    silent = facts(
        unconnected(*SYNS, last_s=15.1, syn_ack_frame=frame_at(0.2)),
        duration_s=30.0,
        distances={CLIENT: 12},
    )
    finding = only(CODE, silent)
    assert place(finding) == (Role.PATH, None, (0, 12))
    assert "never come to the client" in finding.summary
    assert root_of(silent) == ("failed", CODE)


def test_other_packets_of_the_address_bound_the_hop() -> None:
    """Its port 80 answers: the host is up, and the fault no farther away than it is."""
    silent = facts(
        resolved(SERVER),
        unconnected(*SYNS),
        fetched(1, 0.1, name="other.example.org"),
        duration_s=30.0,
    )
    assert place(only(CODE, silent)) == (Role.PATH, None, (0, 5))


def test_one_syn_and_a_long_silence_are_enough() -> None:
    assert found(CODE, facts(resolved(SERVER), unconnected(0.1), duration_s=4.0))


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [unconnected(0.1, 1.1, address="2001:db8::7"), *fetched(1, 0.4)],
            id="another family won after 0.3 s",
        ),
        pytest.param([unconnected(0.1)], id="the capture ends"),
    ],
)
def test_syns_that_were_given_up_are_no_finding(parts: list[Part]) -> None:
    started = facts(resolved("2001:db8::7", SERVER), parts, duration_s=1.05)
    assert not found(CODE, started)


def test_a_race_that_was_won_is_healthy() -> None:
    healthy(
        facts(
            resolved("2001:db8::7", SERVER),
            unconnected(0.1, address="2001:db8::7"),
            fetched(1, 0.4),
        )
    )


def test_silence_to_another_program_is_background() -> None:
    stray = unconnected(*SYNS, stream=1, address=OTHER, port=8443)
    assert root_of(facts(resolved(SERVER), fetched(), stray, duration_s=30.0)) == ("healthy", None)
