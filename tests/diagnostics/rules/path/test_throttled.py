"""Rates that something holds: shapers and policers, told from slow senders and plain lines."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, TlsHandshake
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import CLIENT, SERVER, facts, fetched, resolved
from tests.factories.courses import again, every, paced, samples

CODE = "path.throttled"
QUEUED = samples((every(0.02, 0.3, 290), 0.08, 20_000), ([0.1, 0.15, 0.2], 0.02, 0))
PLAIN = samples((every(0.02, 0.3, 290), 0.021, 20_000), ([0.1, 0.15, 0.2], 0.02, 0))


def held(mbit: float, **changes: Any) -> tuple[Connection, TlsHandshake]:
    """A transfer of 6 s at one rate."""
    plain: dict[str, Any] = {"server": paced(0.2, [mbit] * 60), "last_s": 6.4}
    return fetched(**(plain | changes))


def test_a_flat_rate_with_a_queue_is_shaped() -> None:
    capture = facts(resolved(SERVER), held(1.5, rtt=QUEUED))
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert "1.5 Mbit/s" in finding.summary
    assert finding.impact_s == pytest.approx(5.6, abs=0.2)
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(held(1.5, rtt=PLAIN), id="no queue: the server sends no faster"),
        pytest.param(held(12.0, rtt=QUEUED), id="a plain line of 12 Mbit/s"),
        pytest.param(
            fetched(server=paced(0.2, [1.5] * 12), rtt=QUEUED, last_s=1.5), id="over too soon"
        ),
        pytest.param(
            held(0, server=paced(0.2, [0.5] * 20 + [2.5] * 10 + [1.0] * 30), rtt=QUEUED),
            id="not flat",
        ),
    ],
)
def test_look_alikes(whole: tuple[Connection, TlsHandshake]) -> None:
    assert not found(CODE, facts(resolved(SERVER), whole))


def test_a_burst_shows_what_the_path_could_do() -> None:
    burst = held(0, server=paced(0.2, [80.0, 60.0] + [8.0] * 60), rtt=QUEUED)
    assert "8.0 Mbit/s" in only(CODE, facts(resolved(SERVER), burst)).summary


def policed(runs: int, length: int, rates: list[float]) -> tuple[Connection, TlsHandshake]:
    """A transfer whose losses come in so many runs of a length."""
    step_s = 0.1 * (len(rates) - 4) / runs
    lost = tuple(
        again(t + 0.02 + i / 1e4, delay_s=0.02 + i / 1e4, sequence=1 + 10_000 * n + 1448 * i)
        for n, t in enumerate(every(step_s, 0.3, runs))
        for i in range(length)
    )
    return fetched(
        server=paced(0.2, rates) | {"retransmissions": lost}, rtt=PLAIN, last_s=0.1 * len(rates)
    )


def test_losses_in_runs_on_a_straight_line_are_policed() -> None:
    capture = facts(resolved(SERVER), policed(50, 2, [2.1, 1.9] * 30))
    finding = only(CODE, capture)
    assert "policer" in finding.summary
    assert root_of(capture) == ("degraded", CODE)


def test_single_losses_at_a_wandering_rate_are_not() -> None:
    rates = [3.0] * 8 + [1.2] * 14 + [2.6] * 10 + [1.4] * 16 + [2.9] * 12
    assert not found(CODE, facts(resolved(SERVER), policed(50, 1, rates)))


def test_a_shaper_before_the_client_seen_at_the_server() -> None:
    near = samples((every(0.02, 0.3, 290), 0.0001, 0))
    whole = held(1.5, rtt=near, client_rtt=QUEUED)
    finding = only(CODE, facts(resolved(SERVER), whole, distances={CLIENT: 9}))
    assert place(finding) == (Role.PATH, None, (0, 9))


def test_acks_of_short_answers_that_the_client_keeps_back_are_no_queue() -> None:
    near = samples((every(0.02, 0.3, 290), 0.0001, 0))
    held_back = samples((every(0.02, 0.3, 290), 0.1, 3 * 1448), ([0.1, 0.15, 0.2], 0.02, 0))
    whole = held(1.5, rtt=near, client_rtt=held_back)
    assert not found(CODE, facts(resolved(SERVER), whole, distances={CLIENT: 9}))
