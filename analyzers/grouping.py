"""Values of many halves or streams in one array in, one tuple per half or stream out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]
T = TypeVar("T")
Numbers = TypeVar("Numbers", Int64, npt.NDArray[np.int32])

#: Odd, and with bits all over: what is multiplied by them differs most in its upper bits.
_FACTORS = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)
#: Slots of the table of `first_alike`, as powers of two.
_LEAST_BITS, _MOST_BITS = 8, 22


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


def distinct(values: Numbers) -> Numbers:
    """Return the numbers that occur, ascending.

    As `np.unique` does, which loads all of numpy.ma to ask whether they are masked.
    """
    ordered = np.sort(values)
    return ordered[np.insert(ordered[1:] != ordered[:-1], 0, True)] if len(ordered) else ordered


def first_alike(low: Int64, high: Int64) -> Places:
    """Return for each pair of numbers the place where the same pair occurs first.

    Pairs go into a table by a hash of theirs. Those that find another pair there go into the next
    one, by another hash. What is left after some tables (nothing, unless somebody made numbers for
    it) is sorted.
    """
    first = np.arange(len(low))
    left, lows, highs = first.copy(), low, high
    bits = min(_MOST_BITS, max(_LEAST_BITS, len(low).bit_length()))
    for factor, other in zip(_FACTORS, (*_FACTORS[1:], _FACTORS[0]), strict=True):
        slot = lows.view(np.uint64) * factor
        slot += highs.view(np.uint64) * other
        slot >>= np.uint64(64 - bits)
        places = slot.view(np.int64)
        table = np.empty(1 << bits, dtype=np.intp)
        # Of several values for one slot the last one stays: of the places, the first.
        table[places[::-1]] = left[::-1]
        found = table[places]
        same = (low[found] == lows) & (high[found] == highs)
        first[left[same]] = found[same]
        rest = np.flatnonzero(~same)
        if not len(rest):
            return first
        left, lows, highs = left[rest], lows[rest], highs[rest]
    order = np.lexsort((highs, lows))
    lows, highs, left = lows[order], highs[order], left[order]
    begins = np.ones(len(left), dtype=np.bool_)
    begins[1:] = (lows[1:] != lows[:-1]) | (highs[1:] != highs[:-1])
    first[left] = left[begins][np.cumsum(begins) - 1]
    return first
