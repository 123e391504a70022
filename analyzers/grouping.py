"""Values of many halves or streams in one array in, one tuple per half or stream out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
T = TypeVar("T")


def tuples(groups: Int64, values: Sequence[T]) -> dict[int, tuple[T, ...]]:
    """Return the values of each group; equal numbers in `groups` stand together."""
    found: dict[int, tuple[T, ...]] = {}
    if not len(groups):
        return found
    bounds = [0, *(np.flatnonzero(groups[1:] != groups[:-1]) + 1).tolist(), len(groups)]
    for number, first, last in zip(groups[bounds[:-1]].tolist(), bounds, bounds[1:], strict=False):
        found[number] = tuple(values[first:last])
    return found


def firsts(groups: Int64, places: Int64, count: int) -> Int64:
    """Return the first place of each of `count` groups, -1 where it has none.

    `groups` says for each place which group it is in; equal numbers stand together.
    """
    found = np.full(count, -1, dtype=np.int64)
    found[groups[::-1]] = places[::-1]
    return found


def lasts(groups: Int64, places: Int64, count: int) -> Int64:
    """Return the last place of each of `count` groups, -1 where it has none."""
    found = np.full(count, -1, dtype=np.int64)
    found[groups] = places
    return found
