"""What both sides did in given spans of a connection: the evidence that names a silence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.segments import NOWHERE, Segments
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

CLIENT, SERVER = 0, 1


@dataclass(frozen=True, slots=True)
class Conduct:
    """What one side did in one span."""

    shut: bool
    """It announced no room for more than half of the span, to its end or until shortly before."""
    unanswered: bool
    """It has sent something that the other side did not acknowledge by the end of the span."""
    resent: bool
    asked: bool
    """It sent a keep-alive or a window probe."""
    spoke: bool
    """It sent anything in it."""
    speaks: bool
    """It sent anything at the span's end or later."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One span."""

    starter: int
    """Who sent the segment that begins it."""
    ender: int
    """Who sent the segment that ends it, -1 when none does."""
    ends_open: bool
    """A SYN or new data ends it, not a FIN or RST."""
    ends_hole: bool
    """What ends it was missing before, or is sent again."""
    ends_unseen: bool
    """What ends it follows on, or acknowledges, bytes that were not seen before."""
    sides: tuple[Conduct, Conduct]
    """Client and server."""


@dataclass(frozen=True, slots=True)
class _Spans:
    """Spans between segments, and what is needed to look them up."""

    seen: Segments
    begin: Int64
    """Segments that begin them."""
    end: Int64
    """Segments that end them, -1 when the capture does."""
    end_ns: Int64
    keys: Int64
    """Half and row of every segment, ascending."""
    width: int
    """Distance between halves in `keys`."""

    def last_before(self, half: Int64, row: Int64) -> Int64:
        """Return the last segment of a half before a row, -1 without any."""
        place: Int64 = np.searchsorted(self.keys, half * self.width + row) - 1
        place[self.seen.half[place] != half] = -1
        return place

    def count(self, which: Bools, half: Int64, first: Int64, last: Int64) -> Int64:
        """Return how many of a half's segments are in (first, last]."""
        total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(which)))
        begin = np.where(first >= 0, first, np.searchsorted(self.seen.half, half) - 1)
        return np.where(last >= 0, total[last + 1] - total[begin + 1], 0)


def gaps(
    table: PacketTable, seen: Segments, arrived: Arrivals, begin: Int64, end: Int64, end_ns: Int64
) -> list[Gap]:
    """Return what happened in each span; one of them ends at `end_ns` where `end` is -1."""
    width = int(seen.rows.max()) + 2
    spans = _Spans(seen, begin, end, end_ns, seen.half * width + seen.rows, width)
    repeated = ((seen.flags & (SYN | FIN)) != 0) & (seen.stop <= arrived.before)
    again = arrived.behind | repeated
    ends = end >= 0
    columns = (
        seen.half[begin] & 1,
        np.where(ends, seen.half[end] & 1, -1),
        ends & ((seen.flags[end] & (FIN | RST)) == 0),
        ends & again[end],
        ends & _beyond_seen(spans, arrived),
    )
    sides = (_conducts(table, arrived, spans, side, again) for side in (CLIENT, SERVER))
    return [
        Gap(starter, ender, ends_open, ends_hole, ends_unseen, (client, server))
        for starter, ender, ends_open, ends_hole, ends_unseen, client, server in zip(
            *(c.tolist() for c in columns), *sides, strict=True
        )
    ]


def _beyond_seen(spans: _Spans, arrived: Arrivals) -> Bools:
    """Return which spans end with a segment before which others are missing in the capture."""
    seen, end = spans.seen, spans.end
    before = arrived.before[end]
    peer = spans.last_before(seen.half[end] ^ 1, seen.rows[end])
    sent = np.where(peer >= 0, seen.stop_so_far(peer), NOWHERE)
    skips = (before > NOWHERE) & (seen.start[end] > before)
    return np.asarray(skips | ((sent > NOWHERE) & (seen.ack[end] > sent)))


def _conducts(
    table: PacketTable, arrived: Arrivals, spans: _Spans, side: int, again: Bools
) -> list[Conduct]:
    """Return what one side did in each span."""
    seen = spans.seen
    half = (seen.half[spans.begin] >> 1) * 2 + side
    stop = np.where(spans.end >= 0, seen.rows[spans.end], spans.width - 1)
    first = spans.last_before(half, seen.rows[spans.begin] + 1)
    last = spans.last_before(half, stop)
    peer = spans.last_before(half ^ 1, stop)
    sent = np.where(last >= 0, seen.stop_so_far(last), NOWHERE)
    heard = np.where(peer >= 0, seen.ack_so_far(peer), NOWHERE)
    final = np.searchsorted(seen.half, half, side="right") - 1
    columns = (
        _shut_for_long(table, spans, half, first, last),
        sent > heard,
        spans.count(again, half, first, last) > 0,
        spans.count(arrived.keep_alive, half, first, last) > 0,
        last > first,
        (final > last) & (seen.half[final] == half),
    )
    return [Conduct(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]


def _shut_for_long(
    table: PacketTable, spans: _Spans, half: Int64, first: Int64, last: Int64
) -> Bools:
    """Return whether a half's window was zero until the last half of each span."""
    seen = spans.seen
    tells = (seen.flags & (ACK | SYN | FIN | RST)) == ACK
    latest = np.maximum.accumulate(np.where(tells, np.arange(len(tells)), -1))
    shut = (latest >= 0) & (seen.half[latest] == seen.half)
    shut &= table.window[seen.rows[latest]] == 0
    latest_shut = np.maximum.accumulate(np.where(shut, np.arange(len(shut)), -1))
    place = np.where(last >= 0, latest_shut[last], -1)
    within = (place >= np.maximum(first, 0)) & (seen.half[place] == half)
    opening = np.minimum(place + 1, len(seen.rows) - 1)
    opened = np.where(place < last, seen.time_ns[opening], spans.end_ns)
    middle = (seen.time_ns[spans.begin] + spans.end_ns) // 2
    return np.asarray(within & (opened > middle))
