"""One side of a connection that speaks HTTP: its bytes, how far they are read, who has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Side
from analyzers.httpbodies import Body
from analyzers.httpheads import Head, head_at
from analyzers.reassembly import byte_stream
from analyzers.times import seconds_at
from captures.packets import ACK, RST, SYN, Capture

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

Said = TypeVar("Said")

#: Segments of a connection that are looked at for the start of a message where the one before
#: it has no known end.
MAX_SEARCH = 65_536
#: The end of a body is the last frame of this many bytes: no window reaches further back.
_TAIL = 1 << 23
_LAST_CHUNK = b"0\r\n\r\n"


class HttpSide:
    """What one side sent, from the first byte to the last."""

    def __init__(self, capture: Capture, connection: Connection, side: Side) -> None:
        self.stream = byte_stream(capture, connection, side)
        self.at: int | None = 0
        """Offset of the next message; None when it is not known."""
        self.sought = False
        """The latest head was searched for: it need not be the one that was due."""
        self._read_from = -1
        """Offset of the latest message."""
        self._searches = MAX_SEARCH
        self._capture = capture
        self._half = connection.half(side)
        table, rows = capture.table, connection.rows
        own = _sent_by(capture, connection, side)
        self._data = rows[own & (table.payload_length[rows] > 0)]
        peers = rows[~own & ((table.tcp_flags[rows] & (ACK | RST)) == ACK)]
        self._base = self._first_sequence()
        # RFC 9293 section 3.4: modulo 2^32; what lies beyond the end acknowledges nothing of ours.
        acknowledged = (table.ack[peers] - np.uint32(self._base)).astype(np.int64)
        acknowledged[acknowledged > self.stream.end + 2] = 0
        self._acknowledged: Int64 = np.maximum.accumulate(acknowledged)
        self._acknowledging = peers

    def next_head(
        self,
        read: Callable[[Head], Said | None],
        begins: Callable[[bytes], bool],
        after_frame: int,
    ) -> tuple[int, Head, Said] | None:
        """Offset, bytes and meaning of the next head; None when no more can be found.

        Where the stream has something else (a hole, the rest of a body), the next segment after
        `after_frame` that begins a message is taken.
        """
        self.sought = self.at is None
        if self.sought:
            self._seek(begins, after_frame)
        while self.at is not None and self.at < self.stream.end:
            start, head = self.at, head_at(self.stream, self.at)
            said = read(head)
            if said is not None:
                self._read_from = start
                return start, head, said
            if self.sought:
                break
            self.sought = True
            self._seek(begins, after_frame)
        return None

    def starts_before(self, frame: int) -> bool:
        """Whether this side's next message begins before a frame."""
        if self.at is None or self.at >= self.stream.end:
            return False
        return self.stream.frame_at(self.at) < frame

    def go_behind(self, head: Head, body: Body) -> None:
        """Move to the end of a message."""
        if not head.complete:
            self.at = None if head.stop < self.stream.end else self.stream.end
        else:
            self.at = self.stream.end if body.until_close else body.stop

    def received(self, head: Head, body: Body) -> tuple[int, bool]:
        """Bytes of a body that arrived, and whether it is complete."""
        end, arrived = self.stream.end, self.arrived
        if not head.complete:
            # The file holds too little of each packet to see where the body starts.
            behind = end - head.stop
            announced = behind if body.announced is None else body.announced
            return min(behind, announced), 0 < announced <= behind
        if body.size is not None:
            if body.stop is None:
                return body.size, self.stream.read(end - len(_LAST_CHUNK), 5) == _LAST_CHUNK
            return body.size, arrived >= body.stop
        if body.stop is None:
            return max(0, arrived - body.start), self.stream.fin and arrived == end
        return max(0, min(arrived, body.stop) - body.start), arrived >= body.stop

    def _seek(self, begins: Callable[[bytes], bool], after_frame: int) -> None:
        """Move to the first segment after a frame whose payload begins an unread message."""
        self.at = None
        rows = self._data[np.searchsorted(self._data, after_frame) :][: self._searches]
        for row in rows.tolist():
            self._searches -= 1
            offset = (int(self._capture.table.seq[row]) - self._base) & 0xFFFFFFFF
            if offset > self._read_from and begins(self._capture.payload(row)):
                self.at = offset
                return

    def acked_s(self, offset: int) -> float | None:
        """When the other side acknowledged all bytes below `offset`."""
        at = int(np.searchsorted(self._acknowledged, offset))
        if at == len(self._acknowledging):
            return None
        return seconds_at(self._capture.table, int(self._acknowledging[at]))

    @property
    def arrived(self) -> int:
        """Offset up to which the other side has the bytes, by what it acknowledged or holds."""
        if not self._half.missing_bytes:
            return self.stream.end
        acknowledged = int(self._acknowledged[-1]) if len(self._acknowledged) else 0
        return max(self.stream.contiguous, min(acknowledged, self.stream.end))

    def has_gap(self, start: int, stop: int) -> bool:
        """Whether the capture never saw some byte of [start, stop)."""
        if not self._half.missing_bytes and not self._half.unseen_acked_bytes:
            return False
        if stop <= self.stream.contiguous:
            return False
        frames = np.array(self.stream.frames(start, stop), dtype=np.int64)
        seen = int(self._capture.table.payload_length[frames - 1].sum()) if len(frames) else 0
        return seen < stop - start

    def last_frame(self, start: int, stop: int) -> int | None:
        """The frame that completed [start, stop): the latest of those that brought its bytes."""
        return (self.stream.frames(max(start, stop - _TAIL), stop) or (None,))[-1]

    def frame_time_s(self, frame: int) -> float:
        """Time of a frame, in seconds since the capture's first packet."""
        return seconds_at(self._capture.table, frame - 1)

    def _first_sequence(self) -> int:
        """Sequence number of the byte at offset 0."""
        offset = self.stream.next_available(0)
        if offset is None:
            return 0
        table, row = self._capture.table, self.stream.frame_at(offset) - 1
        syn = bool(table.tcp_flags[row] & SYN)
        return (int(table.seq[row]) + syn - offset) & 0xFFFFFFFF


def _sent_by(capture: Capture, connection: Connection, side: Side) -> Bools:
    """Which rows of a connection this side sent."""
    table, rows = capture.table, connection.rows
    half = connection.half(side)
    source, port = table.source[rows], table.source_port[rows]
    same: Bools = (source == source[0]) & (port == port[0])
    is_first = (str(table.addresses[source[0]]), int(port[0])) == (half.address, half.port)
    return same if is_first else ~same
