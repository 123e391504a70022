"""Where the time went: every instant has one name, and the parts add up."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.facts import Facts, Side, Silence
from diagnostics.scope import scope_of
from diagnostics.timeline import time_spent, union_s
from diagnostics.verdict import TimeSpent
from tests.factories import (
    OTHER,
    SERVER,
    closed,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    query,
    question,
    request,
    resolved,
    response,
    sent,
    session,
    unconnected,
)


def spent(captured: Facts) -> TimeSpent:
    found = time_spent(captured, scope_of(captured))
    total_s, *parts = astuple(found)
    assert sum(parts) == pytest.approx(total_s)
    assert min(parts) >= 0.0
    return found


def test_a_download_step_by_step() -> None:
    """Lookup 0-0.2, connect 0.3-0.4, hello to Finished 0.4-0.522, request, answer to 1.5."""
    through = handshake(
        0,
        0.4,
        finished_s=0.522,
        first_application_data_s={Side.CLIENT: 0.53, Side.SERVER: 1.03},
    )
    carried = connection(
        0,
        0.3,
        rtt_s=0.1,
        last_s=1.6,
        client=sent(900, 0.4, 0.53),
        server=sent(90_000, 0.5, 1.5),
    )
    found = spent(facts(resolved(SERVER, took_s=0.198), carried, through))
    assert found.total_s == pytest.approx(1.6)
    assert found.dns_s == pytest.approx(0.2)
    assert found.connect_s == pytest.approx(0.1)
    assert found.tls_s == pytest.approx(0.122)
    assert found.wait_s == pytest.approx(0.5)
    assert found.transfer_s == pytest.approx(0.47)
    assert found.client_s == pytest.approx(1.6 - 0.2 - 0.1 - 0.122 - 0.5 - 0.47)


@pytest.mark.parametrize(
    ("cause", "part"),
    [
        ("loss", "stall_s"),
        ("window", "stall_s"),
        ("path_silent", "stall_s"),
        ("unknown", "stall_s"),
        ("sender_idle", "wait_s"),
        ("client_idle", "client_s"),
    ],
)
def test_a_silence_counts_by_its_cause(cause: str, part: str) -> None:
    quiet = Silence(0.4, 1.4, frame_at(0.4), frame_at(1.4), cause, Side.SERVER, Side.SERVER)
    carried = connection(
        port=80, last_s=2.0, client=sent(200, 0.13), server=sent(9000, 0.15, 1.9), silences=(quiet,)
    )
    whole = request(body_end_s=1.9, body_end_frame=frame_at(1.9))
    without = spent(facts(replace(carried, silences=()), whole))
    found = spent(facts(carried, whole))
    assert getattr(found, part) - getattr(without, part) == pytest.approx(1.0)
    assert without.transfer_s - found.transfer_s == pytest.approx(1.0)


def test_what_goes_on_beside_a_transfer_costs_nothing() -> None:
    """While one connection brings data, another one's dead SYNs do not hold the download up."""
    busy, through = fetched()
    dead = unconnected(0.3, 0.6, stream=1, address=OTHER, last_s=0.7)
    found = spent(facts(resolved(SERVER), busy, through, dead))
    assert found.connect_s == pytest.approx(0.02)


def test_a_connection_that_never_came_about_waits_to_its_end() -> None:
    found = spent(facts(resolved(SERVER), unconnected(0.1, 1.1, 3.1), duration_s=30.0))
    assert found.connect_s == pytest.approx(3.0)


def test_the_session_knows_the_whole_time() -> None:
    captured = facts(resolved(SERVER), fetched(), session=session(duration_s=20.0))
    found = spent(captured)
    assert found.total_s == 20.0
    assert found.client_s > 18.0


def test_what_nothing_on_the_wire_explains_is_the_clients() -> None:
    """Half a minute between two downloads: go was busy with something else."""
    apart = facts(resolved(SERVER), fetched(), resolved(SERVER, at_s=30.0), fetched(1, 30.1))
    found = spent(apart)
    assert found.total_s == pytest.approx(31.1)
    assert found.client_s > 28.0


@pytest.mark.parametrize(
    ("connects_s", "dns_s"),
    [
        pytest.param(10.0, 10.0, id="after the second wait for AAAA"),
        pytest.param(5.4, 5.4, id="sooner"),
        pytest.param(30.0, 10.0, id="long after it"),
    ],
)
def test_the_last_wait_for_the_other_address_type_is_the_resolvers(
    connects_s: float, dns_s: float
) -> None:
    asked = (
        question([0.0], [response(0.01, SERVER)]),
        question([query(0.0, port=40002), 5.0], qtype="AAAA"),
    )
    for known in (None, session(exit_code=0)):
        found = spent(facts(asked, fetched(at_s=connects_s), session=known))
        assert found.dns_s == pytest.approx(dns_s, abs=0.01)


def test_an_empty_capture_took_no_time() -> None:
    assert spent(facts()) == TimeSpent()


def test_a_background_connection_is_not_counted() -> None:
    stray = connection(
        1, 5.0, address=OTHER, port=8080, last_s=50.0, client=closed(49.0), server=sent(9000, 6.0)
    )
    assert spent(facts(resolved(SERVER), fetched(), stray)).total_s < 2.0


@pytest.mark.parametrize(
    ("intervals", "length_s"),
    [
        ([], 0.0),
        ([(0, 1), (2, 3)], 2.0),
        ([(0, 2), (1, 3)], 3.0),
        ([(0, 9), (1, 2), (3, 4)], 9.0),
        ([(5, 6), (0, 1)], 2.0),
        ([(3, 1)], 0.0),
    ],
)
def test_parallel_waits_cost_their_time_once(
    intervals: list[tuple[float, float]], length_s: float
) -> None:
    assert union_s(intervals) == length_s


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12))
def test_the_union_is_the_set_of_instants(intervals: list[tuple[int, int]]) -> None:
    covered = {t for a, b in intervals for t in range(a, b)}
    assert union_s(intervals) == len(covered)
