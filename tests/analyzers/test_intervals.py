"""Interval tracking against a model that remembers every single byte."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzers.intervals import FAR_BELOW, first_copies, highest_before

intervals = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 25)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=30,
)


def arrays(spans: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Starts and stops as the functions take them."""
    both = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


@given(intervals)
def test_every_byte_belongs_to_the_first_that_brought_it(spans: list[tuple[int, int]]) -> None:
    owner: dict[int, int] = {}
    for index, (start, stop) in enumerate(spans):
        for byte in range(start, stop):
            owner.setdefault(byte, index)
    pieces = first_copies(*arrays(spans))
    told: dict[int, int] = {}
    for index, start, stop in zip(
        pieces.index.tolist(), pieces.start.tolist(), pieces.stop.tolist(), strict=True
    ):
        assert start < stop
        for byte in range(start, stop):
            assert byte not in told
            told[byte] = index
    assert told == owner
    assert (np.diff(pieces.start) > 0).all()


@given(intervals)
def test_highest_before_is_the_mark_when_it_arrives(spans: list[tuple[int, int]]) -> None:
    before = highest_before(arrays(spans)[1])
    for index in range(len(spans)):
        expected = max((stop for _, stop in spans[:index]), default=FAR_BELOW)
        assert before[index] == expected


def test_segments_in_reverse_order_do_not_take_quadratic_time() -> None:
    start = np.arange(200_000, 0, -1, dtype=np.int64) * 10
    begun = time.perf_counter()
    pieces = first_copies(
        np.concatenate((start[:1] + 10, start)), np.concatenate((start[:1] + 20, start + 10))
    )
    assert len(pieces.index) == 200_001
    assert time.perf_counter() - begun < 5
