"""Sums, extremes and landmarks of each half of a batch, as arrays by half number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals, missing
from analyzers.grouping import firsts, lasts
from analyzers.segments import NOWHERE, POSITION_BITS, Segments
from captures.lazyclass import dataclass
from captures.packets import FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Totals:
    """One entry per half; landmarks are segments, -1 where there is none."""

    packets: Int64
    payload_bytes: Int64
    data_packets: Int64
    first: Int64
    last: Int64
    first_data: Int64
    last_data: Int64
    first_syn: Int64
    first_fin: Int64
    ttl: Int64
    """Most frequent TTL of segments other than RST, -1 without any."""
    stamps: Bools
    """Timestamps option seen on other segments than RST."""
    max_segment: Int64
    max_ip_length: Int64
    acked: Int64
    """Stream bytes acknowledged by the peer."""
    acked_by: Int64
    """The peer's segment that last moved that on."""
    unseen: Int64
    """Acknowledged bytes that no segment brought."""
    missing: Int64
    """Other bytes below the highest one seen that no segment brought."""
    sent: Int64
    """Stream bytes that its sequence numbers tell, those of bare ACKs included."""
    reveals_unseen: Int64
    """The peer's first segment that acknowledges a byte which no segment brought."""


def totals(table: PacketTable, seen: Segments, arrived: Arrivals) -> Totals:
    """Add up a batch."""
    count, half = seen.halves, seen.half
    places = np.arange(len(half))
    data = np.flatnonzero((seen.length > 0) & (seen.start >= 0))
    calm = np.flatnonzero((seen.flags & RST) == 0)
    pieces = arrived.pieces
    brought = np.bincount(
        pieces.start >> POSITION_BITS, weights=pieces.stop - pieces.start, minlength=count
    ).astype(np.int64)
    top = _extreme(count, half[data], seen.start[data] + seen.length[data])
    acked, acked_by = _acknowledged(seen)
    unseen = missing(seen, pieces, np.ones(count, dtype=np.int64), acked + 1)
    lost = missing(seen, pieces, acked + 1, np.maximum(top, 1))
    syns, fins = (np.flatnonzero((seen.flags & (flag | RST)) == flag) for flag in (SYN, FIN))
    stamped = calm[table.has_timestamps[seen.rows[calm]]]
    return Totals(
        packets=np.bincount(half, minlength=count),
        payload_bytes=brought,
        data_packets=np.bincount(half[data], minlength=count),
        first=firsts(half, places, count),
        last=lasts(half, places, count),
        first_data=firsts(half[data], data, count),
        last_data=lasts(half[data], data, count),
        first_syn=firsts(half[syns], syns, count),
        first_fin=firsts(half[fins], fins, count),
        ttl=_most_frequent(table.ttl[seen.rows[calm]].astype(np.int64), half[calm], count),
        stamps=firsts(half[stamped], stamped, count) >= 0,
        max_segment=np.maximum(_extreme(count, half[data], seen.length[data]), 0),
        max_ip_length=np.maximum(
            _extreme(count, half, table.ip_length[seen.rows].astype(np.int64)), 0
        ),
        acked=acked,
        acked_by=acked_by,
        unseen=unseen,
        missing=lost,
        sent=_sent(seen, count),
        reveals_unseen=_revealing(seen, arrived, unseen),
    )


def _extreme(count: int, half: Int64, values: Int64) -> Int64:
    """Return the highest value of each half, NOWHERE without any; halves stand together."""
    found = np.full(count, NOWHERE, dtype=np.int64)
    if len(half):
        starts = Segments.firsts(half)
        found[half[starts]] = np.maximum.reduceat(values, starts)
    return found


def _most_frequent(values: Int64, half: Int64, count: int) -> Int64:
    """Return the most frequent value (0 to 255) of each half, the lower of equals."""
    found = np.full(count, -1, dtype=np.int64)
    if not len(half):
        return found
    starts = Segments.firsts(half)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    found[half[starts]] = low
    mixed = np.zeros(count, dtype=np.bool_)
    mixed[half[starts]] = low != high
    look = np.flatnonzero(mixed[half])
    kinds, times = np.unique(half[look] << 8 | values[look], return_counts=True)
    order = np.lexsort((-kinds, times))
    found[kinds[order] >> 8] = kinds[order] & 0xFF
    return found


def _acknowledged(seen: Segments) -> tuple[Int64, Int64]:
    """Return acknowledged stream bytes of each half, and the peer's segment that did it."""
    peer = np.arange(seen.halves) ^ 1
    told = np.flatnonzero(seen.ack > NOWHERE)
    highest = _extreme(seen.halves, seen.half[told], seen.ack[told])
    moving = told[seen.ack[told] == highest[seen.half[told]]]
    by = firsts(seen.half[moving], moving, seen.halves)[peer]
    fins = np.flatnonzero(((seen.flags & FIN) != 0) & (seen.start > NOWHERE))
    end = _extreme(seen.halves, seen.half[fins], seen.stop[fins])
    highest = highest[peer]
    acked = np.where((end > NOWHERE) & (highest >= end), end - 2, highest - 1)
    return np.maximum(acked, 0), by


def _sent(seen: Segments, count: int) -> Int64:
    """Return the bytes before the highest sequence number of each half; a FIN seen is none."""
    numbered = np.flatnonzero(seen.start > NOWHERE)
    ends = seen.start[numbered] + seen.length[numbered]
    fins = numbered[(seen.flags[numbered] & FIN) != 0]
    closed = _extreme(count, seen.half[fins], seen.start[fins] + seen.length[fins])
    highest = _extreme(count, seen.half[numbered], ends)
    return np.asarray(np.maximum(np.where(closed > NOWHERE, closed, highest) - 1, 0))


def _revealing(seen: Segments, arrived: Arrivals, unseen: Int64) -> Int64:
    """Return the peer's first ACK beyond the first byte that is missing, where one is."""
    found = np.full(seen.halves, -1, dtype=np.int64)
    for half in np.flatnonzero(unseen).tolist():
        place: Any = np.int64(half) << POSITION_BITS
        first, last = np.searchsorted(arrived.pieces.start, [place, place + (1 << POSITION_BITS)])
        start = arrived.pieces.start[first:last] - place
        stop = np.concatenate(([1], arrived.pieces.stop[first:last] - place))
        holes = np.flatnonzero(start != stop[:-1])
        byte = int(stop[holes[0]]) if len(holes) else int(stop[-1])
        peer = np.int64(half ^ 1)
        by = int(np.searchsorted(seen.ack_reach, byte + (peer << POSITION_BITS), side="right"))
        found[half] = by if by < len(seen.rows) and seen.half[by] == peer else -1
    return found
