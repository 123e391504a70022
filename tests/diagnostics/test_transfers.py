"""What servers sent over time, and how long it should have taken."""

from __future__ import annotations

import pytest

from diagnostics.transfers import FIRST_WINDOW, ideal_s, transfers
from tests.factories import OTHER, facts, fetched
from tests.factories.courses import paced


def test_connections_to_one_server_add_up() -> None:
    one = fetched(0, server=paced(1.0, [2.0] * 20))
    two = fetched(1, server=paced(2.0, [4.0] * 20))
    other = fetched(2, server=paced(1.0, [9.0] * 10), address=OTHER)
    both, alone = transfers(facts(one, two, other))
    assert both.size == pytest.approx(1.5e6)
    assert alone.size == pytest.approx(9e6 / 8)
    assert both.between(2.0, 3.0) == pytest.approx(6e6 / 8)
    assert both.best_rate() == pytest.approx(6e6 / 8)
    assert [(b.start_s, round(b.end_s, 6)) for b in both.busy()] == [(1.0, 4.0)]


def test_pauses_part_what_a_server_sent() -> None:
    (found,) = transfers(facts(fetched(server=paced(1.0, [5.0] * 5 + [0.0] * 20 + [5.0] * 5))))
    assert [round(b.length_s, 6) for b in found.busy()] == [0.5, 0.5]


def test_what_came_years_later_is_another_download() -> None:
    """Merged captures, or a clock that was set: nothing may grow with the time between."""
    one = fetched(0, server=paced(1.0, [2.0] * 20))
    two = fetched(1, server=paced(1e9, [2.0] * 10))
    (found,) = transfers(facts(one, two))
    assert found.size == pytest.approx(0.5e6)
    assert [c.stream for c in found.connections] == [0]


def test_a_day_is_cut_into_longer_steps() -> None:
    hours = [fetched(n, server=paced(1.0 + 3000.0 * n, [2.0] * 10)) for n in range(30)]
    (found,) = transfers(facts(*hours))
    assert len(found.connections) == 30
    assert len(found.payload) <= 1 << 20
    assert found.size == pytest.approx(30 * 0.25e6)


def test_small_answers_are_no_transfer() -> None:
    assert not transfers(facts(fetched()))


@pytest.mark.parametrize(
    ("size", "rtt_s", "rate", "expected_s"),
    [
        pytest.param(1e6, 0.001, 1e6, 1.0, id="the rate alone"),
        pytest.param(FIRST_WINDOW, 0.1, 1e9, 0.1, id="one window"),
        pytest.param(FIRST_WINDOW * 7, 0.1, 1e9, 0.3, id="three rounds of slow start"),
        pytest.param(5.0, 0.1, 0.0, 0.0, id="nothing is known"),
    ],
)
def test_ideal_time(size: float, rtt_s: float, rate: float, expected_s: float) -> None:
    assert ideal_s(size, rtt_s, rate) == pytest.approx(expected_s, rel=0.02)
