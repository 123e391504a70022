"""DNS messages where a capture carries them: UDP datagrams, their fragments, TCP streams."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from analyzers.dnsmessages import HEADER_LENGTH, DnsMessage, parse
from analyzers.facts import Connection, Side
from analyzers.reassembly import ByteStream, byte_stream
from analyzers.times import seconds_at
from captures.lazyclass import dataclass
from captures.packets import CUT, DONT_FRAGMENT, LATER_FRAGMENT, MORE_FRAGMENTS, Capture

DNS_PORT = 53
_UDP, _UDP_HEADER = 17, 8

#: The same datagram at two interfaces of the capturing host (`-i any`) is seen within this.
DUPLICATE_S = 0.001
#: Fragments of one datagram travel together: this many rows apart they belong to two.
FRAGMENT_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Carried:
    """One DNS message and how it travelled."""

    frame: int
    """Of its last byte."""
    time_s: float
    client: str
    client_port: int
    server: str
    server_port: int
    stream: int | None
    """TCP stream; None for UDP."""
    ip_ttl: int
    ip_id: int
    ip_dont_fragment: bool
    message: DnsMessage
    fragments_missing: bool = False
    """Fragments of its datagram are not in the capture."""


def carried_messages(capture: Capture, connections: Sequence[Connection]) -> list[Carried]:
    """All DNS messages to and from port 53, in order of time."""
    found = [*_datagrams(capture), *_segments(capture, connections)]
    found.sort(key=lambda m: (m.time_s, m.frame))
    return found


def _datagrams(capture: Capture) -> Iterator[Carried]:
    table = capture.table
    dns = (table.source_port == DNS_PORT) | (table.destination_port == DNS_PORT)
    dns &= (table.protocol == _UDP) & ((table.fragment & LATER_FRAGMENT) == 0)
    fragments = _Fragments(capture)
    seen: dict[tuple[int, int, int, int, int, bytes], int] = {}
    for row in np.flatnonzero(dns).tolist():
        wire, last, missing = fragments.whole(row)
        key = (
            int(table.source[row]),
            int(table.destination[row]),
            int(table.source_port[row]),
            int(table.destination_port[row]),
            int(table.ip_id[row]),
            wire,
        )
        time_ns = int(table.time_ns[row])
        before, seen[key] = seen.get(key), time_ns
        if before is not None and abs(time_ns - before) <= DUPLICATE_S * 1e9:
            continue
        message = parse(wire)
        if message is not None:
            yield from _carried(capture, row, last, message, None, missing)


def _carried(
    capture: Capture,
    row: int,
    last: int,
    message: DnsMessage,
    stream: int | None,
    missing: bool = False,
) -> Iterator[Carried]:
    """The message whose first header is in `row` and whose last byte is in `last`.

    Nothing when it goes the wrong way for a query or a response.
    """
    table = capture.table
    ends = (
        (str(table.addresses[table.source[row]]), int(table.source_port[row])),
        (str(table.addresses[table.destination[row]]), int(table.destination_port[row])),
    )
    server, client = ends if message.is_response else ends[::-1]
    if server[1] != DNS_PORT:
        return
    yield Carried(
        frame=last + 1,
        time_s=seconds_at(table, last),
        client=client[0],
        client_port=client[1],
        server=server[0],
        server_port=server[1],
        stream=stream,
        ip_ttl=int(table.ttl[row]),
        ip_id=int(table.ip_id[row]),
        ip_dont_fragment=bool(table.fragment[row] & DONT_FRAGMENT),
        message=message,
        fragments_missing=missing,
    )


class _Fragments:
    """Later fragments of UDP datagrams, by datagram and offset (RFC 791, RFC 8200 4.5)."""

    def __init__(self, capture: Capture) -> None:
        table = capture.table
        self._capture = capture
        self._rows: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
        later = np.flatnonzero(
            (table.protocol == _UDP) & ((table.fragment & LATER_FRAGMENT) != 0)
        ).tolist()
        # Each fragment is of one datagram; many that claim the same ones must not cost more.
        self._steps = 2 * len(later)
        for row in later:
            self._rows[self._key(row, int(table.fragment_offset[row]))].append(row)

    def _key(self, row: int, offset: int) -> tuple[int, int, int, int]:
        table = self._capture.table
        ident = int(table.fragment_id[row])
        return int(table.source[row]), int(table.destination[row]), ident, offset

    def whole(self, row: int) -> tuple[bytes, int, bool]:
        """The payload of a datagram whose header is in `row`, as far as fragments carry it on.

        And the row that completed it, and whether fragments that the IP headers announce are
        missing. A fragment that the capture cut short ends the search: then nothing is said.
        """
        data, last, table = self._capture.payload(row), row, self._capture.table
        if not table.fragment[row] & MORE_FRAGMENTS:
            return data, last, False
        parts, offset = [data], _UDP_HEADER + len(data)
        end = row
        while (piece := self._nearest(row, offset)) is not None:
            part = self._capture.payload(piece)
            parts.append(part)
            offset += len(part)
            last, end = max(last, piece), piece
            if not part or not table.fragment[piece] & MORE_FRAGMENTS:
                break
        missing = bool(table.fragment[end] & MORE_FRAGMENTS) and not table.fragment[end] & CUT
        return b"".join(parts), last, missing and self._steps >= 0

    def _nearest(self, row: int, offset: int) -> int | None:
        """The fragment at `offset` nearest to `row`: identifications come round again."""
        rows = self._rows.get(self._key(row, offset), [])
        # What is not there costs nothing: each datagram asks for that once.
        self._steps -= bool(rows)
        if self._steps < 0:
            return None
        at = bisect_left(rows, row)
        near = min(rows[max(0, at - 1) : at + 1], key=lambda r: abs(r - row), default=None)
        return near if near is not None and abs(near - row) <= FRAGMENT_ROWS else None


def _segments(capture: Capture, connections: Iterable[Connection]) -> Iterator[Carried]:
    for connection in connections:
        if connection.server.port != DNS_PORT:
            continue
        for side in (Side.CLIENT, Side.SERVER):
            if connection.half(side).data_packets:
                stream = byte_stream(capture, connection, side)
                for row, message in _stream_messages(stream, side is Side.SERVER):
                    yield from _carried(capture, row, row, message, connection.stream)


def _stream_messages(stream: ByteStream, responses: bool) -> Iterator[tuple[int, DnsMessage]]:
    """Row of the last byte and message, for each behind its two-byte length (RFC 7766).

    After a hole, what follows it is tried as the start of a message, and given up if it is none.
    """
    at: int | None = 0
    while at is not None and at < stream.end:
        head = stream.read(at, 2)
        length = int.from_bytes(head, "big")
        if len(head) < 2 or length < HEADER_LENGTH:
            at = _behind_hole(stream, at)
            continue
        wire = stream.read(at + 2, length)
        message = parse(wire)
        if message is None or message.is_response is not responses or message.name is None:
            at = _behind_hole(stream, at)
            continue
        last = at + 1 + max(len(wire), 1)
        yield stream.frame_at(last) - 1, message
        at += 2 + length


def _behind_hole(stream: ByteStream, at: int) -> int | None:
    """Where the stream goes on behind the next hole after `at`; None when it has no hole."""
    while at < stream.end:
        step = len(stream.read(at, 65_536))
        if step == 0:
            further = stream.next_available(at)
            return further if further is not None and further > at else None
        at += step
    return None
