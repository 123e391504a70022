"""Four times as much of anything takes about four times as long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz import bulk, pipeline

FEW, MANY = 500, 2000
#: Linear work comes to 4, quadratic work to 16, at this size diluted by what is linear.
MOST = 8.0


@pytest.mark.parametrize("shape", bulk.SHAPES, ids=lambda shape: shape.__name__)
def test_time_grows_with_the_capture(
    shape: Callable[[int], Iterator[bytes]], tmp_path: Path
) -> None:
    def taken_s(count: int) -> float:
        made = bulk.made(shape(count))
        started = time.process_time()
        failure = pipeline.run(made, tmp_path)
        taken = time.process_time() - started
        assert failure is None, failure
        return taken

    taken_s(FEW)  # loads what is loaded once
    few_s = min(taken_s(FEW) for _ in range(2))
    assert taken_s(MANY) < MOST * max(few_s, 0.05)
