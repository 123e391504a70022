"""Round trips under load: what other connections bring is load too, whatever the clock does."""

from __future__ import annotations

import numpy as np
import pytest

from analyzers.facts import Connection, Pace
from diagnostics.queues import BEST_SPAN_S, Float64, _arrived, _grid, round_trips
from tests.factories import fetched
from tests.factories.courses import every, paced, samples


def connections(later_s: float) -> list[Connection]:
    """One waits for small answers, the other is brought much, `later_s` after."""
    waiting, _ = fetched(
        0, rtt=samples((every(0.1, 1.0, 20), 0.05, 0), (every(0.1, 3.5, 5), 0.02, 0))
    )
    busy, _ = fetched(1, server=paced(1.0 + later_s, [8.0] * 20))
    return [waiting, busy]


def test_what_waits_behind_another_connection_waits_under_load() -> None:
    trips = round_trips(connections(0.0))
    assert trips.loaded.sum() >= 15
    assert not round_trips(connections(100.0)).loaded.any()


def test_years_between_two_packets_cost_nothing() -> None:
    """A clock that was set: a grid over all of that time would not fit into memory."""
    assert not round_trips(connections(1e9)).loaded.any()


def test_no_span_that_may_be_the_best_is_left_out() -> None:
    """The thinned grid holds the best of the whole one, wherever data comes."""
    drawn = np.random.default_rng(5)
    for _ in range(50):
        starts = drawn.uniform(0.0, 20.0, 2)
        rates = [drawn.uniform(0.0, 9.0, 12).tolist() for _ in range(2)]
        spans = drawn.choice([0.01, 0.07, 0.1, 0.9], 2)
        each = [fetched(n, server=paced(starts[n], rates[n], spans[n]))[0] for n in range(2)]
        paces = [p for c in each if (p := c.server.pace) is not None]
        whole = np.arange(min(p.start_s for p in paces), max(p.end_s for p in paces), BEST_SPAN_S)
        thinned = _grid(paces)
        assert len(thinned) <= len(whole)
        assert _best(paces, thinned) == pytest.approx(_best(paces, whole), rel=1e-9)


def _best(paces: list[Pace], starts_s: Float64) -> float:
    return float(_arrived(paces, starts_s, starts_s + BEST_SPAN_S).max())
