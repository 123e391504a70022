"""What receivers said about the data: repeated ACKs, SACK blocks, duplicates they report."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.segments import NOWHERE, Segments
from analyzers.sequences import distances
from captures.lazyclass import dataclass
from captures.packets import FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """SACK blocks (RFC 2018), positions in the half they speak of; in the segments' order."""

    segment: Int64
    """Index of the segment that carries the block."""
    left: Int64
    right: Int64
    duplicate: Bools
    """The block reports bytes that arrived twice (RFC 2883): it lies below the cumulative ACK, or
    inside the second block."""


def sack_blocks(table: PacketTable, seen: Segments, blocks: Int64) -> Blocks:
    """Return the blocks (indices into the table's) that the segments carry."""
    if not len(blocks):
        none = np.empty(0, dtype=np.int64)
        return Blocks(none, none, none, np.empty(0, dtype=np.bool_))
    order = np.argsort(seen.rows)
    sorted_rows = seen.rows[order]
    place = np.minimum(np.searchsorted(sorted_rows, table.sack_rows[blocks]), len(order) - 1)
    carried = sorted_rows[place] == table.sack_rows[blocks]
    carried &= seen.ack[order[place]] > NOWHERE
    blocks, segment = blocks[carried], order[place[carried]]
    grouped = np.argsort(segment, kind="stable")
    blocks, segment = blocks[grouped], segment[grouped]
    acknowledged, raw = seen.ack[segment], table.ack[seen.rows[segment]]
    left = acknowledged + distances(table.sack_left[blocks], raw)
    right = acknowledged + distances(table.sack_right[blocks], raw)
    return Blocks(segment, left, right, _reports_duplicate(segment, left, right, acknowledged))


def _reports_duplicate(segment: Int64, left: Int64, right: Int64, acknowledged: Int64) -> Bools:
    """Return which blocks are D-SACK: only the first block of a segment can be."""
    first = np.zeros(len(segment), dtype=np.bool_)
    first[Segments.firsts(segment)] = len(segment) > 0
    inside = np.zeros(len(segment), dtype=np.bool_)
    inside[:-1] = ~first[1:] & (left[1:] <= left[:-1]) & (right[:-1] <= right[1:])
    return first & (left < right) & ((right <= acknowledged) | inside)


def duplicate_acks(table: PacketTable, seen: Segments, arrived: Arrivals, blocks: Blocks) -> Int64:
    """Return bare ACKs that repeat the one before, while the peer has data under way.

    As RFC 5681 section 2 defines them, with one addition: a changed window does not hide it when
    it carries a SACK block (RFC 6675). Answers to keep-alives and probes are none.
    """
    bare = (seen.length == 0) & ((seen.flags & (SYN | FIN | RST)) == 0)
    found: Int64 = np.flatnonzero(bare & (seen.ack > NOWHERE) & ~seen.acks_more)
    found = found[seen.ack[found] == seen.ack_before(found)]
    found = found[(seen.start[found] == arrived.before[found]) & (arrived.peer[found] >= 0)]
    before, peer = found - 1, arrived.peer[found]
    window = table.window[seen.rows[found]]
    same = window == table.window[seen.rows[before]]
    same |= np.isin(found, blocks.segment)
    under_way = seen.stop_so_far(peer) > seen.ack[found]
    repeats = same & under_way & (window > 0) & ~arrived.keep_alive[peer]
    return np.asarray(found[repeats])
