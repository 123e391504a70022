"""Delays that wander without load."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import CLIENT, SERVER, facts, fetched, resolved
from tests.factories.courses import every, paced, samples

CODE = "path.jitter"
WIDE = (0.05, 0.31, 0.12, 0.24, 0.18, 0.29, 0.08, 0.21, 0.15, 0.27)


def wandering(rtts: Sequence[float], under_way: int = 0) -> list[object]:
    """A download of 12 s with these round trips again and again."""
    each = list(rtts) * 4
    trips = samples((every(0.3, 0.5, len(each)), each, under_way), ([0.1], min(rtts), 0))
    return [*fetched(rtt=trips, last_s=13.0)]


def test_round_trips_from_50_to_310_ms() -> None:
    capture = facts(resolved(SERVER), wandering(WIDE))  # type: ignore[arg-type]
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert 4.0 < finding.impact_s < 7.0
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    ("rtts", "under_way"),
    [
        pytest.param([0.02 + 0.2 * r for r in WIDE], 0, id="Wi-Fi"),
        pytest.param([0.03] * 9 + [0.33], 0, id="one in ten waits for a timer"),
        pytest.param([0.02, 0.06] * 5, 0, id="delayed acknowledgements"),
        pytest.param(WIDE, 50_000, id="own load"),
        pytest.param([0.6 + 0.1 * r for r in WIDE], 0, id="a satellite"),
    ],
)
def test_look_alikes(rtts: Sequence[float], under_way: int) -> None:
    capture = facts(resolved(SERVER), wandering(rtts, under_way))  # type: ignore[arg-type]
    assert not found(CODE, capture)


def test_a_parallel_transfer_far_below_what_the_line_brings_loads_nothing() -> None:
    transfer = fetched(server=paced(0.2, [40.0] + [1.0] * 44), last_s=4.8)
    late = [0.02, 0.3, 0.5] * 8
    beside = fetched(1, 0.2, rtt=samples((every(0.15, 0.8, 24), late, 0)), last_s=4.8)
    assert only(CODE, facts(resolved(SERVER), transfer, beside))


def test_acks_that_a_client_keeps_back_are_no_jitter() -> None:
    held = samples((every(0.2, 0.3, 60), [0.02, 0.22, 0.12] * 20, 1000))
    whole = fetched(client_rtt=held, last_s=13.0)
    assert not found(CODE, facts(resolved(SERVER), whole, distances={CLIENT: 6}))
