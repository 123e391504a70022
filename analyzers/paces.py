"""How fast each half's data came in: payload bytes by equal spans of time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.facts.tcp import Pace
from analyzers.segments import Segments

Int64 = npt.NDArray[np.int64]

#: What carries less has no pace.
SMALLEST_BYTES = 16_384

#: Spans are no shorter: below, they hold single segments.
SHORTEST_NS = 10_000_000

#: Spans are so much longer where more would be needed.
MOST_SPANS = 4096


def paces(seen: Segments) -> dict[int, Pace]:
    """Return the pace of each half of a batch that sent enough, retransmitted bytes included."""
    data = np.flatnonzero((seen.length > 0) & (seen.start >= 0))
    found: dict[int, Pace] = {}
    if not len(data):
        return found
    half = seen.half[data]
    totals = np.bincount(half, weights=seen.length[data], minlength=seen.halves)
    for number in np.flatnonzero(totals >= SMALLEST_BYTES).tolist():
        first, last = np.searchsorted(half, (number, number + 1))
        places = data[first:last]
        found[number] = _pace(seen.time_ns[places], seen.length[places])
    return found


def _pace(time_ns: Int64, length: Int64) -> Pace:
    start_ns = int(time_ns.min())
    span_ns = int(time_ns.max()) - start_ns
    step_ns = max(SHORTEST_NS, -(-span_ns // MOST_SPANS))
    payload = np.bincount((time_ns - start_ns) // step_ns, weights=length)
    return Pace(start_ns / 1e9, step_ns / 1e9, payload.astype(np.int64))
