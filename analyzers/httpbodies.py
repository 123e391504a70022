"""Bodies of HTTP/1.1 messages (RFC 9112 section 6): where they end, without reading them."""

from __future__ import annotations

import re

from analyzers.httpheads import Headers, header
from analyzers.reassembly import ByteStream
from captures.lazyclass import dataclass

#: First bytes that are kept of a body: enough to tell HTML, JSON and zip apart.
BODY_START = 256
#: A download of 100 GB in chunks of 64 kB has 1.6 million.
MAX_CHUNKS = 2_000_000

#: Chunks lie far apart as a rule: most of what is read beyond a chunk's line is wasted.
_WINDOW = 128
#: Longest chunk line, and longest trailers.
_LONGEST = 8192
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_TRAILERS = re.compile(rb"(?:[^\r\n][^\n]*\n)*\r?\n")


@dataclass(frozen=True, slots=True)
class Body:
    """Where a body lies in its stream."""

    start: int
    stop: int | None
    """Offset after it (and its last chunk's line); None when only the close ends it, or when the
    stream does not hold what tells."""
    announced: int | None
    """Content-Length."""
    until_close: bool
    """Neither a length nor chunks: the close of the connection ends it."""
    first: bytes
    """At most BODY_START bytes of the content."""
    size: int | None = None
    """Bytes of content in the chunks that are there; None for a body that is not chunked."""


def body_at(stream: ByteStream, start: int, headers: Headers, is_request: bool) -> Body:
    """The body behind a head that ends at `start`."""
    coding = header(headers, "transfer-encoding")
    if coding is not None and coding.lower().rstrip().endswith("chunked"):
        return _chunked(stream, start)
    announced = _length(headers)
    until_close = announced is None and not is_request
    stop = None if until_close else start + (announced or 0)
    size = BODY_START if stop is None else min(BODY_START, stop - start)
    return Body(start, stop, announced, until_close, stream.read(start, size))


def no_body(start: int, headers: Headers) -> Body:
    """The body of a response that has none: to HEAD, 204, 304 (RFC 9112 section 6.3)."""
    return Body(start, start, _length(headers), False, b"")


def _length(headers: Headers) -> int | None:
    text = header(headers, "content-length")
    if text is None:
        return None
    # A list of equal values is one value (RFC 9110 section 8.6).
    value = text.split(",")[0].strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None


def _chunked(stream: ByteStream, start: int) -> Body:
    """Walk from chunk to chunk; only the lines between them are looked at."""
    first, size, at = b"", 0, start
    window = _Window(stream)
    for _ in range(MAX_CHUNKS):
        found = window.chunk_line(at)
        if found is None:
            break
        length, data = found
        if length == 0:
            end = _TRAILERS.match(stream.read(data, _LONGEST))
            return Body(start, data + end.end() if end else None, None, False, first, size)
        if len(first) < BODY_START:
            first += stream.read(data, min(length, BODY_START - len(first)))
        size += max(0, min(length, stream.end - data))
        at = data + length + window.line_end(data + length)
    return Body(start, None, None, False, first, size)


class _Window:
    """A few bytes of a stream, moved along as the walk asks for bytes behind them."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._base = 0
        self._bytes = b""

    def chunk_line(self, at: int) -> tuple[int, int] | None:
        """Size of the chunk whose line starts at `at`, and the offset of its data."""
        found = _CHUNK_LINE.match(self._bytes, at - self._base) if at >= self._base else None
        for size in (_WINDOW, _LONGEST):
            if found is not None:
                break
            self._base, self._bytes = at, self._stream.read(at, size)
            found = _CHUNK_LINE.match(self._bytes)
        return (int(found[1], 16), self._base + found.end()) if found else None

    def line_end(self, at: int) -> int:
        """Length of the line end at `at`: CRLF, unless a bare LF is there."""
        inside = self._bytes[at - self._base : at - self._base + 1]
        return 1 if (inside or self._stream.read(at, 1)) == b"\n" else 2
