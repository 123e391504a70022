"""Silences that end with what a time-out sends again, though the capture never had the first copy.

Whoever gets nothing of a lost flight sees only a pause, and after it the next bytes in order. Two
things tell it from a sender that had nothing to send. Its own count of packets (the IP
identification, where it counts those of the connection one by one) has gone on meanwhile. And
after a time-out it begins again with one full segment, and waits for its ACK (RFC 5681 section
3.1), where a sender that was idle begins with ten (RFC 6928).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.segments import Segments
from captures.lazyclass import dataclass
from captures.packets import SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: So many steps by one in a row, and the identification counts the connection's packets.
COUNTED = 8
#: A SYN or SYN-ACK with 0, and others after it without, is a Linux socket's: it counts its own
#: packets from a random number on, and fewer steps will do.
FROM_ZERO = 1
#: More than that in one silence is another counter.
MOST_LOST = 4096
#: Less time is no round trip (the smallest one is the measure).
ALONE_RTTS = 0.7
#: The ACK of a lone segment may be delayed (RFC 9293 section 3.8.6.3), and a queue may stand.
ACKED_RTTS, DELAYED_ACK_S = 3.0, 0.06
#: Segments in the flight after the lone one: two, or three with its ACK on the way.
SECOND_FLIGHT = 4
#: On a slow line segments come one by one at all times.
SPACING = 4.0
#: Segments before and after a silence that are looked at: silences may be as many as segments.
WINDOW = 512
#: Fewer bytes are no full segment (RFC 9293 section 3.7.1).
FULL = 536


@dataclass(frozen=True, slots=True)
class Restart:
    """How one span ended."""

    lost_packets: int | None
    """What its ender had sent in it and never got here, by its count of packets; None: it does not
    count them one by one, or sent none."""
    slow: bool
    """Its ender began again with one full segment alone."""

    @property
    def after_loss(self) -> bool:
        """What ended the span had been sent before."""
        return self.slow if self.lost_packets is None else self.lost_packets > 0


def restarts(
    table: PacketTable, seen: Segments, end: Int64, server_rtt_s: Float64
) -> list[Restart]:
    """Return how each span ended, by the segment that ends it (-1: none does)."""
    return [
        _restart(table, seen, int(e), float(server_rtt_s[seen.half[e] >> 1]))
        if e >= 0 and seen.length[e]
        else Restart(None, False)
        for e in end
    ]


def _restart(table: PacketTable, seen: Segments, place: int, rtt_s: float) -> Restart:
    first = int(np.searchsorted(seen.half, seen.half[place]))
    return Restart(_skipped(table, seen, first, place), _starts_slowly(seen, first, place, rtt_s))


def _skipped(table: PacketTable, seen: Segments, first: int, place: int) -> int | None:
    """How many identifications were left out before a segment; None where they do not count."""
    from_zero = (seen.flags[first] & SYN) != 0 and table.ip_id[seen.rows[first]] == 0
    begin, needed = (first + 1, FROM_ZERO) if from_zero else (first, COUNTED)
    last = seen.rows[max(begin, place - COUNTED - 1) : place + 1]
    if len(last) < needed + 2 or table.version[last[0]] != 4:
        return None
    number = table.ip_id[last].astype(np.int64)
    steps = np.diff(number) % (1 << 16)
    if np.any(steps[:-1] != 1) or not 1 <= steps[-1] <= MOST_LOST:
        return None
    return int(steps[-1]) - 1


def _starts_slowly(seen: Segments, first: int, place: int, rtt_s: float) -> bool:
    """It is full, alone for a round trip, and two or three follow."""
    half = seen.half[place]
    stop = int(np.searchsorted(seen.half, half, side="right"))
    first, stop = max(first, place - WINDOW), min(stop, place + 1 + WINDOW)
    full = int(seen.length[first:place].max(initial=0))
    later = np.flatnonzero(seen.length[place + 1 : stop] > 0)[: SECOND_FLIGHT + 1] + place + 1
    if seen.length[place] < max(FULL, full) or not len(later) or not np.isfinite(rtt_s):
        return False
    after_s = (seen.time_ns[later] - seen.time_ns[place]) / 1e9
    alone_s = ALONE_RTTS * rtt_s
    in_time = alone_s <= after_s[0] <= ACKED_RTTS * rtt_s + DELAYED_ACK_S
    second = np.count_nonzero(after_s - after_s[0] < alone_s)
    return bool(
        in_time
        and second < SECOND_FLIGHT
        and after_s[0] >= SPACING * _spacing_s(seen, first, place)
    )


def _spacing_s(seen: Segments, first: int, place: int) -> float:
    """What lay between two data segments before, in most cases."""
    data = np.flatnonzero(seen.length[first:place] > 0) + first
    if len(data) < COUNTED:
        return float("inf")
    return float(np.median(np.diff(seen.time_ns[data]))) / 1e9
