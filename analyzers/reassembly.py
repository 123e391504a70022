"""The bytes that one side of a TCP connection sent, read from the capture when asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.facts.side import Side
from analyzers.facts.tcp import Connection
from analyzers.grouping import distinct
from analyzers.intervals import first_copies
from analyzers.sequences import unwrap
from captures.packets import ACK, FIN, RST, SYN, Capture, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


class ByteStream:
    """The bytes one side of a connection sent; the first copy of a byte wins.

    Offsets count from 0, the first byte after the SYN; for a connection that starts midway, the
    lowest byte seen. Only positions are kept: every read goes to the capture and takes no more
    than was asked for.
    """

    contiguous: int
    """Bytes available from offset 0 on without a gap."""
    end: int
    """Offset after the highest byte seen on the wire, captured or cut off by the snaplen."""
    fin: bool
    """The side said that it sends no more."""

    def __init__(self, capture: Capture, rows: Int64, offsets: Int64, fin: bool) -> None:
        """Take rows with payload in file order, and the offset of each row's first byte."""
        table = capture.table
        stops = offsets + table.payload_length[rows].astype(np.int64)
        pieces = first_copies(np.maximum(offsets, 0), np.maximum(stops, 0))
        row = rows[pieces.index]
        skip = pieces.start - offsets[pieces.index]
        captured = np.maximum(table.payload_captured[row].astype(np.int64) - skip, 0)
        available = np.minimum(pieces.stop, pieces.start + captured)
        self.fin = fin
        self.end = int(pieces.stop[-1]) if len(row) else 0
        self.contiguous = _reach(pieces.start, available)
        self._capture = capture
        self._rows = row
        self._start = pieces.start
        self._stop = pieces.stop
        self._available = available
        self._position = table.payload_offset[row] + skip
        """Where each piece lies in the capture's byte store."""
        self._latest = -1, 0
        """An offset, and its piece: several things are asked about each."""

    def read(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer where they stop being there."""
        parts: list[bytes] = []
        at, until = max(offset, 0), min(offset + length, self.end)
        piece = self._piece(at)
        while at < until and piece < len(self._rows) and int(self._start[piece]) <= at:
            stop = min(int(self._available[piece]), until)
            if stop <= at:
                break
            position = int(self._position[piece]) + at - int(self._start[piece])
            part = self._capture.store.read(position, stop - at)
            parts.append(part)
            at += len(part)
            if at < stop or at < int(self._stop[piece]):
                break
            piece += 1
        return b"".join(parts)

    def next_available(self, offset: int) -> int | None:
        """Return the first offset at or after `offset` that can be read."""
        piece = self._piece(max(offset, 0))
        while piece < len(self._rows):
            at = max(int(self._start[piece]), offset)
            if at < int(self._available[piece]):
                return at
            piece += 1
        return None

    def frame_at(self, offset: int) -> int:
        """Return the frame that first carried a byte; for a byte not seen, the next one that was.

        After the last byte it is the last frame with data; 0 when the side sent none.
        """
        if not len(self._rows):
            return 0
        return int(self._rows[min(self._piece(offset), len(self._rows) - 1)]) + 1

    def time_at(self, offset: int) -> float:
        """Return the time of `frame_at`, in seconds since the capture's first packet."""
        frame = self.frame_at(offset)
        times = self._capture.table.time_ns
        return int(times[frame - 1] - times[0]) / 1e9 if frame else 0.0

    def frames(self, start: int, stop: int) -> tuple[int, ...]:
        """Return the frames that first carried bytes of [start, stop), ascending."""
        if stop <= start:
            return ()
        first = self._piece(start)
        last = int(np.searchsorted(self._start, stop, side="left"))
        return tuple(distinct(self._rows[first:last] + 1).tolist())

    def pieces(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Yield (frame, start, stop) of each part of [start, stop) that one frame carried first."""
        for piece in range(self._piece(start), len(self._rows)):
            first = max(int(self._start[piece]), start)
            last = min(int(self._stop[piece]), stop)
            if first >= stop:
                return
            yield int(self._rows[piece]) + 1, first, last

    def _piece(self, offset: int) -> int:
        """Return the piece with this byte, or the next one after it."""
        if offset != self._latest[0]:
            self._latest = offset, int(self._stop.searchsorted(offset, side="right"))
        return self._latest[1]


def byte_stream(
    capture: Capture, connection: Connection, side: Side, most_rows: int | None = None
) -> ByteStream:
    """Return the bytes that `side` of a connection sent, in its first packets or in all."""
    table, rows = capture.table, connection.rows[:most_rows]
    sent = _from_client(table, connection, rows) == (side is Side.CLIENT)
    flags = table.tcp_flags[rows]
    calm = (flags & RST) == 0
    own = sent & calm
    carries = own & (table.payload_length[rows] > 0)
    data = rows[carries]
    fin = bool((flags[own] & FIN).any())
    if not len(data):
        return ByteStream(capture, data, np.empty(0, dtype=np.int64), fin)
    syn = (flags & SYN) != 0
    peers = rows[~sent & calm & ((flags & ACK) != 0)]
    base = _first_byte(table, rows[own & syn], peers, connection.starts_midway)
    starts = table.seq[data] + syn[carries]
    offsets, belongs = unwrap(starts, int(starts[0]) if base is None else base)
    data, offsets = data[belongs], offsets[belongs]
    if base is None:
        offsets -= offsets.min()
    return ByteStream(capture, data, offsets, fin)


def _first_byte(table: PacketTable, syns: Int64, peers: Int64, midway: bool) -> int | None:
    """Return the sequence number of the byte after the SYN; None when it cannot be known.

    Answers to repeated SYNs can carry other initial numbers (SYN cookies, RFC 4987): the one the
    peer acknowledged counts. Without a SYN of this side in a connection seen from its start, the
    peer's first ACK tells.
    """
    acknowledged = int(table.ack[peers[0]]) if len(peers) else None
    firsts = [(number + 1) & 0xFFFFFFFF for number in table.seq[syns].tolist()]
    if acknowledged in firsts or (not firsts and not midway):
        return acknowledged
    return firsts[0] if firsts else None


def _from_client(table: PacketTable, connection: Connection, rows: Int64) -> Bools:
    """Return which of the connection's rows carry the client's address and port."""
    client = connection.client
    source, port = table.source[rows], table.source_port[rows]
    first = (str(table.addresses[source[0]]), int(port[0])) == (client.address, client.port)
    same: Bools = (source == source[0]) & (port == port[0])
    return same if first else ~same


def _reach(start: Int64, available: Int64) -> int:
    """Return how many bytes from 0 can be read without a gap."""
    expected = np.concatenate((np.zeros(1, dtype=np.int64), available))
    broken = np.flatnonzero(start != expected[:-1])
    return int(expected[broken[0]] if len(broken) else expected[-1])
