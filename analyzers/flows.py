"""Which TCP stream each packet belongs to, numbered as Wireshark numbers tcp.stream."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.grouping import first_alike
from captures.lazyclass import dataclass
from captures.packets import ACK, BROKEN_HEADER, LATER_FRAGMENT, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

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
    opener = _first_of_pair(table, rows)
    _open_again(table, rows, opener)
    opens = np.zeros(len(rows), dtype=np.bool_)
    opens[opener] = True
    numbers = np.cumsum(opens, dtype=np.int32)
    numbers -= 1
    streams[rows] = numbers[opener]
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


def _first_of_pair(table: PacketTable, rows: Places) -> Places:
    """Return for each row the place among `rows` where its two endpoints first meet."""
    source = _endpoint(table.source, table.source_port, rows)
    destination = _endpoint(table.destination, table.destination_port, rows)
    return first_alike(np.minimum(source, destination), np.maximum(source, destination))


def _endpoint(address: Int32, port: npt.NDArray[np.uint16], rows: Places) -> Int64:
    """Return one number for address and port."""
    ends = address[rows].astype(np.int64)
    ends <<= 16
    ends |= port[rows]
    return ends


def _open_again(table: PacketTable, rows: Places, opener: Places) -> None:
    """Let a SYN open another stream on the endpoints of an earlier one, and what follows it join.

    `opener` has for each row the place of the row that opened its stream.
    """
    flags = table.tcp_flags[rows]
    syn = np.flatnonzero((flags & (SYN | ACK)) == SYN)
    at, first = rows[syn], rows[opener[syn]]
    strange = (table.seq[at] != table.seq[first]) | ((flags[opener[syn]] & SYN) == 0)
    strange |= table.source[at] != table.source[first]
    strange |= table.source_port[at] != table.source_port[first]
    if not strange.any():
        return
    again = np.zeros(len(rows), dtype=np.bool_)
    again[opener[syn[strange]]] = True
    places = np.flatnonzero(again[opener])
    places = places[np.argsort(opener[places], kind="stable")]
    pair = opener[places]
    opens = np.ones(len(places), dtype=np.bool_)
    np.not_equal(pair[1:], pair[:-1], out=opens[1:])
    is_syn = (flags[places] & (SYN | ACK)) == SYN
    look = _that_matter(table, rows[places], pair, is_syn)
    _split(table, rows[places], pair, look, opens)
    opener[places] = places[opens][np.cumsum(opens) - 1]


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
