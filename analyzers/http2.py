"""HTTP/2 inside TLS (RFC 9113): frames as tshark names them in, exchanges and resets out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from analyzers.facts import HttpExchange, InsideTls, Side, StreamAbort
from analyzers.http import MAX_HEADERS, MAX_TARGET
from captures.lazyclass import dataclass

FIELDS = (
    "http2.type",
    "http2.streamid",
    "http2.length",
    "http2.flags",
    "http2.header.count",
    "http2.header.name",
    "http2.header.value",
    "http2.rst_stream.error",
    "http2.goaway.error",
    "http2.goaway.last_stream_id",
)
"""What is asked of tshark; the first four occur once in every frame."""

DATA, HEADERS, RST_STREAM, PUSH_PROMISE, GOAWAY, CONTINUATION = 0, 1, 3, 5, 7, 9
END_STREAM, END_HEADERS = 0x1, 0x4

MAX_STREAMS = 10_000
"""Kept of one connection: servers end connections after fewer (nginx: 1000 requests)."""
_MAX_ABORTS = 1_000

#: RFC 9113 section 7.
CODES = (
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
)

Headers = tuple[tuple[str, str], ...]
Place = tuple[int, float]
"""A frame of the capture and its time."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One HTTP/2 frame."""

    kind: int
    stream: int
    length: int
    flags: int
    headers: Headers | None = None
    """Of the header block that ends in it."""
    code: int = 0
    last_stream: int = 0


@dataclass(slots=True)
class _Stream:
    """What is known of one stream."""

    asked: Place | None = None
    request: Headers = ()
    answered: Place | None = None
    """Its first byte: of the server's HEADERS, interim ones left out."""
    headed: Place | None = None
    """When those were complete."""
    response: Headers = ()
    status: int | None = None
    received: int = 0
    last: Place | None = None
    """Latest DATA of the server."""
    ended: bool = False
    reset: StreamAbort | None = None


@dataclass(slots=True)
class Http2:
    """One connection, told packet by packet."""

    stream: int
    """TCP stream."""
    aborts: list[StreamAbort] = field(default_factory=list)
    _streams: dict[int, _Stream] = field(default_factory=dict)

    def packet(
        self, place: Place, side: Side, fields: dict[str, list[str]], begun: Place | None = None
    ) -> None:
        """Take the frames that one packet completed; their first byte came at `begun`."""
        for frame in frames_of(fields):
            if frame.kind in (RST_STREAM, GOAWAY):
                self._abort(place, side, frame)
            known = self._streams.get(frame.stream)
            if known is None and side is Side.CLIENT and frame.headers is not None:
                if len(self._streams) < MAX_STREAMS:
                    asked = _Stream(asked=place, request=frame.headers)
                    self._streams[frame.stream] = asked
            elif known is not None and side is Side.SERVER:
                _server_says(known, place, begun or place, frame)

    def exchanges(self, cut: bool) -> Iterator[HttpExchange]:
        """The exchanges, in order of their requests; `cut`: what follows could not be read."""
        for number, known in sorted(self._streams.items()):
            if known.asked is not None:
                yield self._exchange(number, known, cut)

    def _abort(self, place: Place, side: Side, frame: Frame) -> None:
        if len(self.aborts) >= _MAX_ABORTS:
            return
        one = frame.kind == RST_STREAM
        name = CODES[frame.code] if 0 <= frame.code < len(CODES) else f"{frame.code:#x}"
        abort = StreamAbort(
            stream=self.stream,
            sender=side,
            frame=place[0],
            time_s=place[1],
            http2_stream=frame.stream if one else None,
            last_stream=None if one else frame.last_stream,
            code=frame.code,
            name=name,
        )
        self.aborts.append(abort)
        known = self._streams.get(frame.stream)
        if one and known is not None and known.reset is None:
            known.reset = abort

    def _exchange(self, number: int, known: _Stream, cut: bool) -> HttpExchange:
        assert known.asked is not None
        request, response = dict(reversed(known.request)), dict(reversed(known.response))
        method = request.get(":method", "")
        announced = _size(response.get("content-length"))
        bodiless = method == "HEAD" or known.status in (204, 304)
        whole = bodiless or announced is None or known.received >= announced
        complete = known.status is not None and known.ended and whole
        end = known.last or known.headed
        return HttpExchange(
            index=0,
            stream=self.stream,
            method=method,
            target=request.get(":path", request.get(":authority", ""))[:MAX_TARGET],
            host=request.get(":authority", request.get("host")),
            user_agent=request.get("user-agent"),
            request_frames=(known.asked[0],),
            request_s=known.asked[1],
            request_acked_s=None,
            status=known.status,
            reason="",
            response_frame=known.answered[0] if known.answered else None,
            response_s=known.answered[1] if known.answered else None,
            complete=complete,
            announced_bytes=announced,
            received_bytes=known.received,
            body_end_s=end[1] if end else None,
            body_end_frame=end[0] if end else None,
            headers=tuple(h for h in known.response if not h[0].startswith(":"))[:MAX_HEADERS],
            body_start=b"",
            gap=cut and not complete,
            inside=InsideTls(
                number, known.ended, None if complete else self._abort_of(number, known)
            ),
        )

    def _abort_of(self, number: int, known: _Stream) -> StreamAbort | None:
        """What ended a stream: its own reset, or the server's farewell to the connection."""
        if known.reset is not None:
            return known.reset
        farewells = [
            (number <= abort.last_stream, abort)
            for abort in self.aborts
            if abort.last_stream is not None and abort.sender is Side.SERVER
        ]
        # A farewell may come in two steps, the first naming the highest possible stream.
        return min(farewells, key=lambda f: f[0], default=(None, None))[1]


def frames_of(fields: dict[str, list[str]]) -> list[Frame]:
    """The frames in one packet; none when the fields contradict each other."""
    columns = [fields.get(name, []) for name in FIELDS[:4]]
    if len({len(column) for column in columns}) != 1:
        return []
    try:
        heads = [[int(text, 0) for text in row] for row in zip(*columns, strict=True)]
        blocks = iter(_blocks(fields))
        resets = iter(_numbers(fields, "http2.rst_stream.error"))
        codes = _numbers(fields, "http2.goaway.error")
        lasts = _numbers(fields, "http2.goaway.last_stream_id")
        farewells = iter(list(zip(codes, lasts, strict=True)))
    except ValueError:
        return []
    found: list[Frame] = []
    for kind, stream, length, flags in heads:
        headers: Headers | None = None
        code = last = 0
        if kind in (HEADERS, PUSH_PROMISE, CONTINUATION) and flags & END_HEADERS:
            block = next(blocks, None)
            headers = None if kind == PUSH_PROMISE else block
        elif kind == RST_STREAM:
            code = next(resets, 0)
        elif kind == GOAWAY:
            code, last = next(farewells, (0, 0))
        found.append(Frame(kind, stream, length, flags, headers, code, last))
    return found


def _numbers(fields: dict[str, list[str]], name: str) -> list[int]:
    return [int(text, 0) for text in fields.get(name, [])]


def _blocks(fields: dict[str, list[str]]) -> list[Headers]:
    """The header blocks of a packet: their headers come in one list, their sizes in another."""
    names, values = fields.get("http2.header.name", []), fields.get("http2.header.value", [])
    counts = _numbers(fields, "http2.header.count")
    if len(names) != len(values) or sum(counts) != len(names) or min(counts, default=0) < 0:
        return []
    pairs = iter(zip(names, values, strict=True))
    return [tuple(next(pairs) for _ in range(count)) for count in counts]


def _server_says(known: _Stream, place: Place, begun: Place, frame: Frame) -> None:
    if frame.kind == DATA:
        known.received += max(frame.length, 0)
        known.last = place
    elif frame.headers is not None and known.status is None:
        status = _size(next((v for k, v in frame.headers if k == ":status"), None))
        # Interim responses (RFC 9110 section 15.2) come before the final one.
        if status is not None and 200 <= status < 1000:
            known.headed = place
            known.status, known.answered, known.response = status, begun, frame.headers
    if frame.kind in (DATA, HEADERS) and frame.flags & END_STREAM:
        known.ended = True


def _size(text: str | None) -> int | None:
    ok = text is not None and text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if ok and text is not None else None
