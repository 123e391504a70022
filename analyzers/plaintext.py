"""HTTP/1.1 inside TLS: decrypted pieces in, the exchanges read from them out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzers.facts import Connection, HttpExchange, InsideTls, Side
from analyzers.http import dialogue
from analyzers.httpheads import looks_like_request
from analyzers.httpstreams import HttpSide
from analyzers.reassembly import ByteStream
from analyzers.times import seconds_at
from captures.packets import Capture, PacketTable


class PlainStream(ByteStream):
    """What one side said inside TLS; frames are those that completed its records."""

    def __init__(self, table: PacketTable) -> None:
        self.contiguous = self.end = 0
        self.fin = False
        self._table = table
        self._data = bytearray()
        self._begins: list[int] = []
        self._brought: list[int] = []

    def append(self, frame: int, data: bytes) -> None:
        """Add what a frame brought."""
        if data:
            self._begins.append(self.end)
            self._brought.append(frame)
            self._data += data
            self.contiguous = self.end = len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset`."""
        return bytes(self._data[max(offset, 0) : max(offset + length, 0)])

    def next_available(self, offset: int) -> int | None:
        """Return the offset itself while there is something."""
        return max(offset, 0) if offset < self.end else None

    def frame_at(self, offset: int) -> int:
        """Return the frame that brought a byte; after the last byte the last one."""
        return self._brought[self._piece(offset)] if self._brought else 0

    def time_at(self, offset: int) -> float:
        """Return the time of `frame_at`."""
        frame = self.frame_at(offset)
        return seconds_at(self._table, frame - 1) if frame else 0.0

    def frames(self, start: int, stop: int) -> tuple[int, ...]:
        """Return the frames that brought [start, stop), ascending."""
        if stop <= start or not self._brought:
            return ()
        last = bisect_left(self._begins, stop)
        return tuple(sorted(set(self._brought[self._piece(start) : last])))

    def pieces(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Yield (frame, start, stop) of each part of [start, stop)."""
        for place in range(self._piece(start), len(self._begins)):
            if self._begins[place] >= stop:
                return
            behind = self._begins[place + 1] if place + 1 < len(self._begins) else self.end
            yield self._brought[place], max(self._begins[place], start), min(behind, stop)

    def _piece(self, offset: int) -> int:
        return max(bisect_right(self._begins, offset) - 1, 0)


class PlainSide(HttpSide):
    """One side's bytes, for the reader of clear HTTP."""

    def __init__(self, capture: Capture, stream: PlainStream, cut: bool) -> None:
        self.stream = stream
        self.at = 0
        self.sought = False
        self._read_from = -1
        self._capture = capture
        self._cut = cut

    def acked_s(self, offset: int) -> float | None:
        """Acknowledgements are for encrypted bytes."""
        return None

    @property
    def arrived(self) -> int:
        """All that was decrypted arrived."""
        return self.stream.end

    def has_gap(self, start: int, stop: int) -> bool:
        """Whether the message may go on where nothing could be decrypted."""
        return self._cut and stop >= self.stream.end

    def _seek(self, begins: Callable[[bytes], bool], after_frame: int) -> None:
        """Where a message has no known end, none is looked for."""
        self.at = None


def exchanges(
    capture: Capture, connection: Connection, client: PlainStream, server: PlainStream, cut: bool
) -> Iterator[HttpExchange]:
    """The exchanges of one connection; `cut`: what follows could not be decrypted."""
    if not looks_like_request(client.read(0, 4096)):
        return
    sides = PlainSide(capture, client, cut), PlainSide(capture, server, cut)
    server.fin = connection.half(Side.SERVER).fin_frame is not None and not cut
    inside = InsideTls(None, False, None)
    for exchange in dialogue(connection.stream, *sides):
        unread = cut and exchange.status is None
        yield replace(exchange, inside=inside, gap=exchange.gap or unread)
