"""Which TCP stream each packet belongs to, numbered as Wireshark numbers tcp.stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.packets import ACK, BROKEN_HEADER, LATER_FRAGMENT, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

TCP = 6


@dataclass(frozen=True, slots=True)
class StreamRows:
    """Table rows grouped by stream, in file order within each."""

    rows: Int64
    starts: Int64
    """Rows of stream i are rows[starts[i]:starts[i + 1]]."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, stream: int) -> Int64:
        """Return the rows of one stream."""
        return self.rows[self.starts[stream] : self.starts[stream + 1]]


def tcp_streams(table: PacketTable) -> Int32:
    """Return the stream of each row, -1 where it is no TCP segment with a whole header.

    One stream is one pair of endpoints, until a SYN with another initial sequence number opens
    the next (as Wireshark 4.0 tells them apart, packet-tcp.c `dissect_tcp`).
    """
    streams = np.full(len(table), -1, dtype=np.int32)
    rows = np.flatnonzero(
        (table.protocol == TCP) & ((table.fragment & (LATER_FRAGMENT | BROKEN_HEADER)) == 0)
    )
    if not len(rows):
        return streams
    pairs = _endpoint_pairs(table, rows)
    order = _stable_order(pairs)
    rows, pairs = rows[order], pairs[order]
    opens = np.ones(len(rows), dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=opens[1:])
    _open_again(table, rows, opens)
    labels = np.cumsum(opens) - 1
    rank = np.empty(int(labels[-1]) + 1, dtype=np.int32)
    rank[np.argsort(rows[opens])] = np.arange(len(rank), dtype=np.int32)
    streams[rows] = rank[labels]
    return streams


def rows_by_stream(streams: Int32) -> StreamRows:
    """Group rows by the stream numbers that `tcp_streams` gave."""
    rows = np.flatnonzero(streams >= 0)
    numbers = streams[rows]
    counts = np.bincount(numbers) if len(numbers) else np.empty(0, dtype=np.int64)
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return StreamRows(rows[_stable_order(numbers)], starts)


def _stable_order(labels: Int32) -> npt.NDArray[np.intp]:
    """Return what sorts labels >= 0; numpy sorts 16-bit ones by radix, in linear time."""
    if len(labels) and int(labels.max()) < 1 << 16:
        return np.argsort(labels.astype(np.uint16), kind="stable")
    return np.argsort(labels, kind="stable")


def _endpoint_pairs(table: PacketTable, rows: npt.NDArray[np.intp]) -> Int32:
    """Return one label per unordered pair of endpoints, the same for both directions."""
    source = table.source[rows].astype(np.int64) << 16 | table.source_port[rows]
    destination = table.destination[rows].astype(np.int64) << 16 | table.destination_port[rows]
    low, high = np.minimum(source, destination), np.maximum(source, destination)
    changes = np.ones(len(rows), dtype=np.bool_)
    changes[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    heads = np.flatnonzero(changes)
    _, low_label = np.unique(low[heads], return_inverse=True)
    highs, high_label = np.unique(high[heads], return_inverse=True)
    _, label = np.unique(low_label * len(highs) + high_label, return_inverse=True)
    lengths = np.diff(np.append(heads, len(rows)))
    return np.repeat(label.astype(np.int32), lengths)


def _open_again(table: PacketTable, rows: npt.NDArray[np.intp], opens: Bools) -> None:
    """Set `opens` where a SYN begins another stream on the endpoints of an earlier one."""
    flags = table.tcp_flags[rows]
    syn = (flags & (SYN | ACK)) == SYN
    firsts = np.flatnonzero(opens)
    pair = np.cumsum(opens) - 1
    first = rows[firsts][pair[syn]]
    strange = (table.seq[rows[syn]] != table.seq[first]) | ((flags[firsts][pair[syn]] & SYN) == 0)
    strange |= table.source[rows[syn]] != table.source[first]
    strange |= table.source_port[rows[syn]] != table.source_port[first]
    if not strange.any():
        return
    again = np.zeros(len(firsts), dtype=np.bool_)
    again[pair[syn][strange]] = True
    look = np.flatnonzero(again[pair])
    _split(table, rows, pair, look[_that_matter(table, rows[look], pair[look], syn[look])], opens)


def _that_matter(table: PacketTable, rows: Int64, pair: Int64, syn: Bools) -> Int64:
    """Return which of the rows can set or change an initial sequence number.

    These are segments with SYN, and after each SYN the first segment either way, with and
    without ACK.
    """
    flags = table.tcp_flags[rows]
    since = np.cumsum(syn | (np.diff(pair, prepend=-1) != 0))
    key = since * 4 + _backward(table, rows) * 2 + ((flags & ACK) != 0)
    _, first = np.unique(key, return_index=True)
    return np.union1d(first, np.flatnonzero(flags & SYN))


def _backward(table: PacketTable, rows: Int64) -> Bools:
    """Return which rows go from the higher endpoint of their pair to the lower."""
    source = table.source[rows].astype(np.int64) << 16 | table.source_port[rows]
    return source > (table.destination[rows].astype(np.int64) << 16 | table.destination_port[rows])


def _split(table: PacketTable, rows: Int64, pair: Int64, look: Int64, opens: Bools) -> None:
    """Go through the rows at `look` and set `opens` at SYNs with another initial number."""
    at = rows[look]
    columns = (
        look.tolist(),
        pair[look].tolist(),
        _backward(table, at).tolist(),
        table.tcp_flags[at].tolist(),
        table.seq[at].tolist(),
        table.ack[at].tolist(),
    )
    current, initial = -1, [-1, -1]
    for place, label, side, flags, seq, ack in zip(*columns, strict=True):
        if label != current:
            current, initial = label, [-1, -1]
        if flags & (SYN | ACK) == SYN and initial[side] not in (-1, seq):
            opens[place] = True
            initial = [-1, -1]
        if flags & (SYN | ACK) == SYN | ACK or initial[side] < 0:
            initial[side] = seq if flags & SYN else (seq - 1) & 0xFFFFFFFF
        if flags & ACK and initial[not side] < 0:
            initial[not side] = (ack - 1) & 0xFFFFFFFF
