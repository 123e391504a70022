"""Byte intervals in order of arrival: which of them brought which bytes first."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from captures.lazyclass import dataclass

Int64 = npt.NDArray[np.int64]

#: Below every coordinate that occurs.
FAR_BELOW = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Disjoint stretches of bytes, ascending, each with the interval that brought it first."""

    index: Int64
    """Which interval."""
    start: Int64
    stop: Int64


def highest_before(stop: Int64) -> Int64:
    """Return for each interval the highest `stop` among the earlier ones (FAR_BELOW: none)."""
    before = np.full(len(stop), FAR_BELOW, dtype=np.int64)
    np.maximum.accumulate(stop[:-1], out=before[1:])
    return before


def first_copies(start: Int64, stop: Int64) -> Pieces:
    """Return who brought each byte first, for intervals [start, stop) in order of arrival.

    Bytes above everything seen so far are new by definition. What starts below can only bring
    something where a hole was left, and all holes below the mark are known by then: few
    intervals reach one, and only those are looked at one by one (n log n at the worst).
    """
    index = np.flatnonzero(stop > start)
    start, stop = start[index], stop[index]
    if bool((start[1:] >= stop[:-1]).all()):
        return Pieces(index, start, stop)
    before = highest_before(stop)
    fresh = np.maximum(start, before)
    ahead = np.flatnonzero(stop > fresh)
    late = _fill_holes(start, stop, before, ahead)
    brought = np.concatenate((ahead, late[:, 0]))
    left = np.concatenate((fresh[ahead], late[:, 1]))
    right = np.concatenate((stop[ahead], late[:, 2]))
    if len(late):
        order = np.argsort(left, kind="stable")
        brought, left, right = brought[order], left[order], right[order]
    return Pieces(index[brought], left, right)


def _fill_holes(start: Int64, stop: Int64, before: Int64, ahead: Int64) -> Int64:
    """Return rows (index, start, stop) of what intervals brought below the mark of their time."""
    made = ahead[start[ahead] > before[ahead]]
    hole_start, hole_stop = before[made], start[made]
    behind = np.flatnonzero(start < before)
    low, high = start[behind], np.minimum(stop[behind], before[behind])
    first = np.searchsorted(hole_stop, low, side="right")
    last = np.searchsorted(hole_start, high, side="left")
    meets = last > first
    found: list[tuple[int, int, int]] = []
    if meets.any():
        waiting = _Waiting(behind[meets], low[meets], high[meets])
        for left, right in zip(hole_start.tolist(), hole_stop.tolist(), strict=True):
            if not waiting.fill(left, right, found):
                break
    return np.array(found, dtype=np.int64).reshape(-1, 3)


class _Waiting:
    """Late intervals by start, swept once from the lowest hole to the highest."""

    def __init__(self, index: Int64, low: Int64, high: Int64) -> None:
        order = np.argsort(low, kind="stable")
        self._items = list(
            zip(index[order].tolist(), low[order].tolist(), high[order].tolist(), strict=True)
        )
        self._next = 0
        self._open: list[tuple[int, int]] = []
        """Heap of (index, stop): the earliest that covers the sweep's place is on top."""

    def fill(self, left: int, right: int, found: list[tuple[int, int, int]]) -> bool:
        """Add to `found` what fills the hole [left, right); false when nothing is left to add."""
        place = left
        while place < right:
            self._admit(place)
            while self._open and self._open[0][1] <= place:
                heappop(self._open)
            upcoming = self._items[self._next][1] if self._next < len(self._items) else right
            if not self._open:
                if self._next == len(self._items):
                    return False
                place = upcoming
                continue
            index, stop = self._open[0]
            until = min(stop, right, upcoming)
            _append(found, index, place, until)
            place = until
        return True

    def _admit(self, place: int) -> None:
        while self._next < len(self._items) and self._items[self._next][1] <= place:
            index, _, stop = self._items[self._next]
            heappush(self._open, (index, stop))
            self._next += 1


def _append(found: list[tuple[int, int, int]], index: int, start: int, stop: int) -> None:
    """Add a stretch, or lengthen the last one when it goes on with the same interval."""
    if found and found[-1][0] == index and found[-1][2] == start:
        found[-1] = (index, found[-1][1], stop)
    else:
        found.append((index, start, stop))
