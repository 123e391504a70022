"""Bytes followed from one point to the next: segments made by hand, some made to keep us busy."""

from __future__ import annotations

import time

import numpy as np

from analyzers.vantage.carried import Carried, carried
from analyzers.vantage.views import Sent

Lines = list[tuple[int, int, int]]
"""Time in ms, first byte, byte after the last."""


def sent(lines: Lines) -> Sent:
    table = np.array(lines, dtype=np.int64).reshape(-1, 3)
    return Sent(
        rows=np.arange(len(table)),
        time_ns=table[:, 0] * 1_000_000,
        flags=np.full(len(table), 16, dtype=np.uint16),
        length=table[:, 2] - table[:, 1],
        start=table[:, 1],
        stop=table[:, 2],
        ack=np.zeros(len(table), dtype=np.int64),
        base=0,
    )


def follow(up: Lines, down: Lines, acked_down: int = 0, acked_up: int = 0) -> Carried | None:
    before, behind = sent(up), sent(down)
    everything = np.ones(len(before), dtype=np.bool_)
    return carried(before, behind, behind.time_ns, acked_down, acked_up, everything)


def test_cut_and_joined_segments_carry_the_same_bytes() -> None:
    found = follow([(0, 1, 4001)], [(1, 1, 1461), (1, 1461, 2921), (2, 2921, 4001)])
    assert found is not None
    assert (found.lost_bytes, found.multiplied_bytes, len(found.appeared)) == (0, 0, 0)


def test_part_of_a_giant_is_lost() -> None:
    found = follow([(0, 1, 4001)], [(1, 1, 1461), (2, 2921, 4001)])
    assert found is not None
    assert found.lost_bytes == 1460
    assert found.lost.tolist() == [0]


def test_a_copy_made_on_the_way_is_no_gain() -> None:
    found = follow([(0, 1, 101)], [(1, 1, 101), (2, 1, 101)])
    assert found is not None
    assert (found.lost_bytes, found.multiplied_bytes) == (0, 100)
    assert len(found.appeared) == 0


def test_what_was_acknowledged_behind_was_missed_by_the_recording() -> None:
    found = follow([(0, 1, 101), (1, 101, 201)], [(1, 101, 201)], acked_down=201)
    assert found is not None
    assert (found.lost_bytes, found.unseen_bytes) == (0, 100)


def test_overlaps_without_end_are_refused_at_once() -> None:
    # Every segment covers every other's edges: a square of pieces.
    up = [(n, 1 + n, 60_000 + n) for n in range(20_000)]
    down = [(n, 1 + n, 2 + n) for n in range(20_000)]
    started = time.monotonic()
    assert follow(up, down) is None
    assert time.monotonic() - started < 5.0


def test_very_many_copies_take_linear_time() -> None:
    started = time.monotonic()
    found = follow([(n, 1, 101) for n in range(40_000)], [(n, 1, 101) for n in range(20_000)])
    assert found is not None
    assert len(found.lost) == 20_000
    assert time.monotonic() - started < 5.0
