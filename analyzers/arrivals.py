"""What each segment brought: new bytes, bytes seen before, bytes into a hole, or none at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.intervals import Pieces, first_copies
from analyzers.segments import NOWHERE, POSITION_BITS, Segments
from captures.lazyclass import dataclass
from captures.packets import FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One entry per segment, except `pieces`."""

    pieces: Pieces
    """Who brought which stretch first; positions are those of `Segments.at`."""
    before: Int64
    """Highest position that its half had reached before it."""
    new_bytes: Int64
    """Payload bytes seen for the first time."""
    peer: Int64
    """The last segment of the other half before it, -1 if none."""
    acked: Int64
    """Highest position of its half that the peer had acknowledged before it."""
    keep_alive: Bools
    """It repeats the last byte (or none) to provoke an ACK (RFC 9293 3.8.4), or asks a receiver
    without room for its window (3.8.6.1)."""
    behind: Bools
    """Its payload or FIN starts below the mark: sent again, or late; keep-alives are not."""


def arrivals(table: PacketTable, seen: Segments) -> Arrivals:
    """Tell new from known bytes for every segment."""
    data = np.flatnonzero((seen.length > 0) & (seen.start >= 0))
    begin, end = np.maximum(seen.start[data], 1), seen.start[data] + seen.length[data]
    pieces = first_copies(seen.at(begin, seen.half[data]), seen.at(end, seen.half[data]))
    pieces = Pieces(data[pieces.index], pieces.start, pieces.stop)
    brought = pieces.stop - pieces.start
    new_bytes = np.zeros(len(seen.rows), dtype=np.int64)
    np.add.at(new_bytes, pieces.index, brought)
    before = seen.stop_before
    peer = seen.last_of_peer()
    acked = np.where(peer >= 0, seen.ack_so_far(peer), NOWHERE)
    keep_alive = np.zeros(len(seen.rows), dtype=np.bool_)
    keep_alive[_keep_alives(table, seen, before, peer, acked)] = True
    behind = (seen.start >= 0) & (seen.start < before) & ~keep_alive
    behind &= ((seen.length > 0) | ((seen.flags & FIN) != 0)) & ((seen.flags & SYN) == 0)
    # New data after a one-byte probe may begin with the probe's byte: nothing was lost.
    behind &= (seen.length <= 1) | (seen.start != before - 1)
    return Arrivals(pieces, before, new_bytes, peer, acked, keep_alive, behind)


def missing(seen: Segments, pieces: Pieces, low: Int64, high: Int64) -> Int64:
    """Return for each half how many bytes of the positions [low, high) no segment brought."""
    half = pieces.start >> POSITION_BITS
    place = half << POSITION_BITS
    start = np.maximum(pieces.start - place, low[half])
    stop = np.minimum(pieces.stop - place, high[half])
    found = np.bincount(half, weights=np.maximum(stop - start, 0), minlength=seen.halves)
    return np.asarray(np.maximum(np.maximum(high - low, 0) - found.astype(np.int64), 0))


def _keep_alives(
    table: PacketTable, seen: Segments, before: Int64, peer: Int64, acked: Int64
) -> Int64:
    """Return which segments only ask whether the peer is there, or has room again."""
    plain = (seen.flags & (SYN | FIN | RST)) == 0
    found: Int64 = np.flatnonzero(plain & (seen.length <= 1) & (seen.start >= 0))
    found = found[seen.start[found] == before[found] - 1]
    no_room = (peer[found] >= 0) & (table.window[seen.rows[peer[found]]] == 0)
    asks = (seen.length[found] == 0) | (acked[found] >= before[found]) | no_room
    closed = np.full(seen.halves, len(seen.rows), dtype=np.int64)
    fins = np.flatnonzero(seen.flags & FIN)
    np.minimum.at(closed, seen.half[fins], fins)
    # After a FIN the mark is one higher than the data: an ACK that was overtaken looks the same.
    asks &= found < closed[seen.half[found]]
    return np.asarray(found[asks])
