"""Sequence numbers that wrap, go astray, or jump over what the capture missed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzers.sequences import FARTHEST_STEP, distance, unwrap, unwrap_groups

WRAP = 1 << 32
positions = st.lists(st.integers(-(1 << 20), 1 << 20), min_size=1, max_size=50)
numbers32 = st.integers(0, WRAP - 1)


def raw(base: int, places: list[int]) -> np.ndarray:
    """What the wire shows of positions."""
    return np.array([(base + place) % WRAP for place in places], dtype=np.uint32)


@given(numbers32, numbers32)
def test_distance_is_the_short_way_round(number: int, reference: int) -> None:
    found = distance(number, reference)
    assert -(1 << 31) <= found < 1 << 31
    assert (reference + found) % WRAP == number


@given(numbers32, positions)
def test_positions_near_the_start_survive_any_base(base: int, places: list[int]) -> None:
    found, belongs = unwrap(raw(base, places), base)
    assert found.tolist() == places
    assert belongs.all()


@given(numbers32, st.lists(st.integers(0, FARTHEST_STEP), min_size=1, max_size=40))
def test_a_long_stream_counts_on_beyond_the_wrap(base: int, steps: list[int]) -> None:
    places = np.cumsum([0, *steps]).tolist()
    found, belongs = unwrap(raw(base, places), base)
    assert found.tolist() == places
    assert belongs.all()


def test_a_lone_stray_number_belongs_to_no_stream() -> None:
    found, belongs = unwrap(raw(7, [0, 100, 2_000_000_000, 200, 300]), 7)
    assert belongs.tolist() == [True, True, False, True, True]
    assert found[belongs].tolist() == [0, 100, 200, 300]


def test_a_capture_that_missed_two_gigabytes_goes_on() -> None:
    places = [0, 100, 2_000_000_100, 2_000_001_100, 2_000_002_100]
    found, belongs = unwrap(raw(7, places), 7)
    assert found.tolist() == places
    assert belongs.all()


@given(st.lists(st.tuples(numbers32, st.lists(numbers32, min_size=1, max_size=12)), min_size=1))
def test_groups_are_unwrapped_as_if_alone(groups: list[tuple[int, list[int]]]) -> None:
    numbers = np.array([n for _, part in groups for n in part], dtype=np.uint32)
    starts = np.cumsum([0, *(len(part) for _, part in groups)])[:-1]
    bases = np.array([base for base, _ in groups], dtype=np.uint32)
    found, belongs = unwrap_groups(numbers, starts, bases)
    alone = [unwrap(np.array(part, dtype=np.uint32), base) for base, part in groups]
    assert found.tolist() == [p for places, _ in alone for p in places.tolist()]
    assert belongs.tolist() == [b for _, which in alone for b in which.tolist()]
