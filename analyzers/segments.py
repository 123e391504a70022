"""TCP segments of many streams at once: packet table in, arrays of positions out.

Streams are taken in batches, so that memory stays bounded however long the capture is, and small
connections share the cost of each array operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analyzers.endpoints import Endpoints
from analyzers.flows import StreamRows
from analyzers.sequences import unwrap_groups
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
UInt16 = npt.NDArray[np.uint16]
UInt32 = npt.NDArray[np.uint32]

#: A batch ends with the stream that brings it to so many rows …
BATCH_ROWS = 1 << 16
#: … or so many streams, whose numbers must fit above the positions (see `Segments.at`).
BATCH_STREAMS = 1 << 15

#: Bits that a position takes, sign included.
POSITION_BITS = 44

#: Where a row has no position: below all others.
NOWHERE = -(1 << 43)


# Without slots, which leave no room for what is worked out once and asked for by many.
@dataclass(frozen=True)
class Segments:
    """Segments grouped by half, in file order within each.

    Half 2k is what the client of the batch's k-th stream sent, half 2k + 1 what its server sent.
    Positions count from the sender's SYN, which is at 0; its first byte is at 1.
    """

    rows: Int64
    half: Int64
    time_ns: Int64
    """Since the first packet of the capture."""
    flags: UInt16
    length: Int64
    """Payload bytes on the wire."""
    start: Int64
    """Position of the first payload byte; NOWHERE for RST and for numbers of no stream."""
    stop: Int64
    """Position after the segment, SYN and FIN counted; NOWHERE as above."""
    ack: Int64
    """Position in the other half that it acknowledges; NOWHERE when it does not."""
    base: UInt32
    """Of each half: the sequence number at position 0."""

    @property
    def halves(self) -> int:
        """Number of halves, those without segments included."""
        return len(self.base)

    def at(self, positions: Int64, half: Int64 | None = None) -> Int64:
        """Return positions made comparable over all halves: those of a higher half are higher."""
        placed: Int64 = (self.half if half is None else half) << POSITION_BITS
        placed += positions
        return placed

    @cached_property
    def reach(self) -> Int64:
        """The highest `stop` of its half up to and including each segment, as `at` has it."""
        return self._highest(self.stop)

    @cached_property
    def ack_reach(self) -> Int64:
        """The highest `ack` of its half up to and including each segment, as `at` has it."""
        return self._highest(self.ack)

    @cached_property
    def stop_before(self) -> Int64:
        """The highest `stop` of its half before each segment, NOWHERE if none."""
        before = np.empty_like(self.reach)
        before[1:] = self.reach[:-1]
        before[1:] -= self.half[:-1] << POSITION_BITS
        before[self.firsts(self.half)] = NOWHERE
        return before

    @cached_property
    def acks_more(self) -> Bools:
        """Each acknowledges more than all before it of its half."""
        more = np.empty(len(self.ack), dtype=np.bool_)
        np.greater(self.ack_reach[1:], self.ack_reach[:-1], out=more[1:])
        firsts = self.firsts(self.half)
        more[firsts] = self.ack[firsts] > NOWHERE
        return more

    def ack_before(self, places: Int64) -> Int64:
        """Return the highest `ack` of its half before each of some segments, NOWHERE if none."""
        before = self.ack_so_far(places - 1)
        before[(places == 0) | (self.half[places - 1] != self.half[places])] = NOWHERE
        return before

    def stop_so_far(self, places: Int64) -> Int64:
        """Return the highest `stop` of its half up to and including each of some segments."""
        return self.reach[places] - (self.half[places] << POSITION_BITS)

    def ack_so_far(self, places: Int64) -> Int64:
        """Return the highest `ack` of its half up to and including each of some segments."""
        return self.ack_reach[places] - (self.half[places] << POSITION_BITS)

    def _highest(self, positions: Int64) -> Int64:
        highest = self.at(positions)
        np.maximum.accumulate(highest, out=highest)
        return highest

    @staticmethod
    def firsts(groups: Int64) -> npt.NDArray[np.intp]:
        """Return where each run of equal numbers begins."""
        changes = np.ones(len(groups), dtype=np.bool_)
        np.not_equal(groups[1:], groups[:-1], out=changes[1:])
        return np.flatnonzero(changes)

    def last_of_peer(self) -> Int64:
        """Return for each segment the last one of the other half before it, or -1."""
        width = int(self.rows.max()) + 1
        keys = self.half * width
        keys += self.rows
        # In place, as below: of a large connection each such array takes megabytes.
        wanted = self.half ^ 1
        wanted *= width
        wanted += self.rows
        found: Int64 = np.searchsorted(keys, wanted)
        del keys, wanted
        found -= 1
        found[self.half[found] ^ self.half != 1] = -1
        return found

    def only(self, keep: Bools) -> Segments:
        """Return some of the segments."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen = {n: v if n == "base" else v[keep] for n, v in parts.items()}
        return Segments(**chosen)


def batches(streams: StreamRows) -> Iterator[range]:
    """Yield all streams in consecutive ranges of bounded size."""
    first, count = 0, len(streams)
    while first < count:
        limit = streams.starts[first] + BATCH_ROWS
        last = int(np.searchsorted(streams.starts, limit, side="left"))
        last = min(max(last, first + 1), first + BATCH_STREAMS, count)
        yield range(first, last)
        first = last


def segments(table: PacketTable, streams: StreamRows, ends: Endpoints, batch: range) -> Segments:
    """Return the segments of a range of streams."""
    rows, half = _by_half(table, streams, ends, batch)
    flags = table.tcp_flags[rows]
    length = table.payload_length[rows].astype(np.int64)
    seq, ack = table.seq[rows], table.ack[rows]
    counted = np.flatnonzero((flags & RST) == 0)
    told = np.flatnonzero((flags & (RST | ACK)) == ACK)
    halves = 2 * len(batch)
    base, free = _bases(half, flags, seq, ack, counted, told, ends.midway[batch.start : batch.stop])
    start = np.full(len(rows), NOWHERE, dtype=np.int64)
    start[counted] = _positions(half[counted], seq[counted], base)
    start[counted] += (flags[counted] & SYN) != 0
    _shift_to_lowest_byte(half, length, start, base, free)
    stop = np.where(start > NOWHERE, start + length + ((flags & FIN) != 0), NOWHERE)
    acks = np.full(len(rows), NOWHERE, dtype=np.int64)
    acks[told] = _positions(half[told], ack[told], base[np.arange(halves) ^ 1])
    return Segments(
        rows, half, table.time_ns[rows] - table.time_ns[0], flags, length, start, stop, acks, base
    )


def _by_half(
    table: PacketTable, streams: StreamRows, ends: Endpoints, batch: range
) -> tuple[Int64, Int64]:
    """Return rows and their half, sorted by half, in file order within each."""
    starts = streams.starts[batch.start : batch.stop + 1]
    rows = streams.rows[starts[0] : starts[-1]]
    lengths = np.diff(starts)
    client = np.repeat(ends.client[batch.start : batch.stop], lengths)
    port = np.repeat(ends.client_port[batch.start : batch.stop], lengths)
    from_server = (table.source[rows] != client) | (table.source_port[rows] != port)
    half = np.repeat(np.arange(len(batch), dtype=np.uint16) * 2, lengths) + from_server
    order = np.argsort(half.astype(np.uint16), kind="stable")
    return rows[order], half[order].astype(np.int64)


def _bases(
    half: Int64, flags: UInt16, seq: UInt32, ack: UInt32, counted: Int64, told: Int64, midway: Bools
) -> tuple[UInt32, Bools]:
    """Return each half's sequence number at position 0, and where it is only a first guess.

    Answers to repeated SYNs can carry other initial numbers (SYN cookies, RFC 4987): the one the
    peer acknowledged counts. A half without SYN, in a connection seen from its start, has its
    number from the peer's first ACK.
    """
    halves = 2 * len(midway)
    base = np.zeros(halves, dtype=np.uint32)
    known = np.zeros(halves, dtype=np.bool_)
    _first_of(base, known, half[counted], seq[counted] - np.uint32(1))
    free = np.repeat(midway, 2) & known
    acknowledged = np.zeros(halves, dtype=np.uint32)
    heard = np.zeros(halves, dtype=np.bool_)
    _first_of(acknowledged, heard, half[told] ^ 1, ack[told] - np.uint32(1))
    unseen = heard & ~free
    base[unseen] = acknowledged[unseen]
    syn = np.flatnonzero((flags & (SYN | RST)) == SYN)
    _first_of(base, known, half[syn], seq[syn])
    agreed = syn[heard[half[syn]] & (seq[syn] == acknowledged[half[syn]])]
    base[half[agreed]] = seq[agreed]
    return base, free


def _first_of(into: UInt32, known: Bools, half: Int64, values: UInt32) -> None:
    """Write the first value of each half that occurs."""
    first = Segments.firsts(half)
    into[half[first]] = values[first]
    known[half[first]] = True


def _positions(half: Int64, numbers: UInt32, base: UInt32) -> Int64:
    """Return unwrapped positions, NOWHERE for numbers that belong to no stream."""
    starts = Segments.firsts(half)
    positions, belongs = unwrap_groups(numbers, starts, base[half[starts]])
    positions[~belongs] = NOWHERE
    return positions


def _shift_to_lowest_byte(
    half: Int64, length: Int64, start: Int64, base: UInt32, free: Bools
) -> None:
    """Let the lowest byte seen be at 1 where no SYN tells better."""
    data = np.flatnonzero((length > 0) & (start > NOWHERE) & free[half])
    if not len(data):
        return
    firsts = Segments.firsts(half[data])
    numbers = half[data[firsts]]
    lowest = np.zeros(len(base), dtype=np.int64)
    lowest[numbers] = np.minimum.reduceat(start[data], firsts) - 1
    start[start > NOWHERE] -= lowest[half[start > NOWHERE]]
    base += lowest.astype(np.uint32)
