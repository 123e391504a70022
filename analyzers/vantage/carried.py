"""What one point saw pass and what came out at the other, byte by byte, copy by copy.

Bytes and not packets are compared, because adapters and firewalls cut and join segments.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.vantage.views import Sent
from captures.lazyclass import dataclass

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

MAX_CELLS_PER_SEGMENT = 64
"""On average: a joined segment of 64 kB is made of 45. More was made up to keep us busy."""
SPARE_CELLS = 1 << 16
JITTER_NS = 20_000
"""How far recording itself disturbs times."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Bytes of one half on their way from one point to the next; places are into `up`."""

    sent_bytes: int
    sent: Places
    lost_bytes: int
    lost: Places
    """Segments some or all of whose bytes never came out."""
    unseen_bytes: int
    multiplied_bytes: int
    appeared: Places
    """Into `down`: segments some of whose bytes never went in."""


def carried(
    up: Sent, down: Sent, arrived_ns: Int64, acked_down: int, acked_up: int, counted: Bools
) -> Carried | None:
    """Follow every copy of every byte from `up` to `down`; None where it was made impossible.

    `arrived_ns` is when each segment of `down` came out, by the clock of `up`, less the shortest
    time that the way takes; `acked_down` and `acked_up` are the highest positions that the
    receiver's acknowledgements past either point have; `counted` are the segments of `up` whose
    arrival the other capture can have seen.
    """
    a, b = np.flatnonzero(up.stop > up.start), np.flatnonzero(down.stop > down.start)
    edges = np.unique(np.concatenate((up.start[a], up.stop[a], down.start[b], down.stop[b])))
    cells_a, cells_b = _cells(up, a, edges), _cells(down, b, edges)
    if cells_a is None or cells_b is None:
        return None
    sizes = np.diff(edges)
    count_a = np.bincount(cells_a.cell, minlength=len(sizes))
    count_b = np.bincount(cells_b.cell, minlength=len(sizes))
    missed = (count_b == 0) & (edges[1:] <= acked_down)
    judged = counted[cells_a.place]
    gone = _gone(up, arrived_ns, cells_a, cells_b, (count_a, count_b), missed)
    lost = gone & ~missed[cells_a.cell] & judged
    appeared = (count_a == 0) & (edges[1:] > acked_up)
    more = np.maximum(count_b - count_a, 0)[count_a > 0]
    return Carried(
        sent_bytes=int(sizes[cells_a.cell[judged]].sum()),
        sent=a[counted[a]],
        lost_bytes=int(sizes[cells_a.cell[lost]].sum()),
        lost=np.unique(cells_a.place[lost]),
        unseen_bytes=int(sizes[missed & (count_a > 0)].sum()),
        multiplied_bytes=int((more * sizes[count_a > 0]).sum()),
        appeared=np.unique(cells_b.place[appeared[cells_b.cell]]),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Segments cut at every edge that either capture has: one row per segment and cell."""

    place: Places
    cell: Int64


def _cells(sent: Sent, places: Places, edges: Int64) -> _Cells | None:
    first = np.searchsorted(edges, sent.start[places])
    count = np.searchsorted(edges, sent.stop[places]) - first
    total = int(count.sum())
    if total > MAX_CELLS_PER_SEGMENT * len(places) + SPARE_CELLS:
        return None
    starts = np.cumsum(count) - count
    cell = np.arange(total) - np.repeat(starts, count) + np.repeat(first, count)
    return _Cells(np.repeat(places, count), cell)


def _gone(
    up: Sent,
    arrived_ns: Int64,
    a: _Cells,
    b: _Cells,
    counts: tuple[Int64, Int64],
    missed: Bools,
) -> Bools:
    """Which rows of `a` never came out: all where nothing did, else those that no copy suits."""
    sent, came = counts
    gone: Bools = came[a.cell] == 0
    unsure = (came > 0) & (sent > came) & ~missed
    if not unsure.any():
        return gone
    rows_a, rows_b = np.flatnonzero(unsure[a.cell]), np.flatnonzero(unsure[b.cell])
    for copies, arrivals in _groups(a, b, rows_a, rows_b):
        gone[_left(copies, up.time_ns[a.place[copies]], arrived_ns[b.place[arrivals]])] = True
    return gone


def _groups(
    a: _Cells, b: _Cells, rows_a: Places, rows_b: Places
) -> Iterator[tuple[Places, Places]]:
    """Rows of either side by cell, for the cells that both have."""
    rows_a = rows_a[np.argsort(a.cell[rows_a], kind="stable")]
    rows_b = rows_b[np.argsort(b.cell[rows_b], kind="stable")]
    cells, starts_a = np.unique(a.cell[rows_a], return_index=True)
    starts_b = np.searchsorted(b.cell[rows_b], cells, side="left").tolist()
    ends_b = np.searchsorted(b.cell[rows_b], cells, side="right").tolist()
    bounds_a = [*starts_a.tolist(), len(rows_a)]
    for number in range(len(cells)):
        yield (
            rows_a[bounds_a[number] : bounds_a[number + 1]],
            rows_b[starts_b[number] : ends_b[number]],
        )


def _left(copies: Places, sent_ns: Int64, arrived_ns: Int64) -> Places:
    """The copies that are left over when each arrival takes the latest one sent before it."""
    order = np.argsort(sent_ns, kind="stable").tolist()
    times = sent_ns.tolist()
    left: list[int] = []
    for moment in sorted(arrived_ns.tolist(), reverse=True):
        while order and times[order[-1]] > moment + JITTER_NS:
            left.append(order.pop())
        if order:
            order.pop()
    # How many are lost is certain, only which of them depends on the times.
    left = [*order, *reversed(left)][: len(times) - len(arrived_ns)]
    return copies[np.array(left, dtype=np.intp)]
