"""Heads of HTTP/1.1 messages (RFC 9112): bytes up to the empty line in, their fields out.

h11 reads them. What it refuses is still an answer that somebody got: then the first line counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzers.reassembly import ByteStream
from captures.lazyclass import dataclass

if TYPE_CHECKING:
    import h11

#: Longer heads than any server takes (nginx 32 kB, Apache and IIS 64 kB in all).
MAX_HEAD = 1 << 16
#: What h11 buffers before it gives up must hold the longest head.
_H11_LIMIT = MAX_HEAD + 1

_FIRST_READ = 2048
_END = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,31}) +(\S+) +HTTP/1\.[01]\s*$")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] +([1-9][0-9]{2})(?: ([^\r\n]*))?\s*$")
#: Whole or cut: what a request can begin with (methods of RFC 9110, and of WebDAV that git uses).
_METHOD = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|MKCOL|MOVE|LOCK|UNLOCK) "
)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Bytes of a head, and where its message goes on."""

    data: bytes
    complete: bool
    """False when the capture, or the side that sent it, ends before the empty line."""
    stop: int
    """Offset after it."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What a request says."""

    method: str
    target: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """What a response says."""

    status: int
    reason: str
    headers: Headers


def looks_like_request(data: bytes) -> bool:
    """Whether bytes begin as an HTTP/1.x request does."""
    line = data.split(b"\n", 1)[0]
    if b"\n" in data:
        return bool(_REQUEST_LINE.match(line))
    return bool(_METHOD.match(data))


def looks_like_response(data: bytes) -> bool:
    """Whether bytes begin as an HTTP/1.x response does."""
    return data.startswith((b"HTTP/1.0 ", b"HTTP/1.1 "))


def head_at(stream: ByteStream, offset: int) -> Head:
    """The head that starts at `offset`, as far as it is there."""
    size = _FIRST_READ
    while True:
        data = stream.read(offset, size)
        found = _END.search(data)
        if found:
            return Head(data[: found.end()], True, offset + found.end())
        if len(data) < size or size >= MAX_HEAD:
            return Head(data, False, offset + len(data))
        size *= 4


def request_head(head: Head) -> RequestHead | None:
    """Read a request; None when its first line is none."""
    line = head.data.split(b"\n", 1)[0]
    found = _REQUEST_LINE.match(line)
    if found and head.complete:
        event = _strict_request(head.data)
        if event is not None:
            return RequestHead(_text(event.method), _text(event.target), _strict(event.headers))
    if found:
        return RequestHead(_text(found[1]), _text(found[2]), _lenient(head.data))
    if b"\n" in head.data or not _METHOD.match(head.data):
        return None
    method, _, target = line.partition(b" ")
    return RequestHead(_text(method), _text(target), ())


def response_head(head: Head) -> ResponseHead | None:
    """Read a response, final or interim; None when its first line is no status line."""
    found = _STATUS_LINE.match(head.data.split(b"\n", 1)[0])
    if not found:
        return None
    if head.complete:
        event = _strict_response(head.data)
        if event is not None:
            return ResponseHead(event.status_code, _text(event.reason), _strict(event.headers))
    return ResponseHead(int(found[1]), _text(found[2] or b"").strip(), _lenient(head.data))


def _strict_request(data: bytes) -> h11.Request | None:
    """What h11 makes of a request; None when it refuses it."""
    # Here, because many a capture has no clear HTTP and need not wait for h11.
    import h11

    event = _event(h11.Connection(h11.SERVER, _H11_LIMIT), data)
    return event if isinstance(event, h11.Request) else None


def _strict_response(data: bytes) -> h11.Response | h11.InformationalResponse | None:
    """What h11 makes of a response; None when it refuses it."""
    import h11

    reader = h11.Connection(h11.CLIENT, _H11_LIMIT)
    reader.send(h11.Request(method="GET", target="/", headers=[("host", "-")]))
    event = _event(reader, data)
    return event if isinstance(event, h11.Response | h11.InformationalResponse) else None


def _event(reader: h11.Connection, data: bytes) -> object:
    from h11 import RemoteProtocolError

    try:
        reader.receive_data(data)
        return reader.next_event()
    except RemoteProtocolError:
        return None


def _strict(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in headers)


def _lenient(data: bytes) -> Headers:
    """Header lines that have a colon; the last line only when it is whole."""
    lines = data.split(b"\n")[1:-1]
    pairs = (line.partition(b":") for line in lines if b":" in line)
    return tuple((_text(name).strip().lower(), _text(value).strip()) for name, _, value in pairs)


def header(headers: Headers, name: str) -> str | None:
    """First value of a header, by lower-case name."""
    return next((value for key, value in headers if key == name), None)


def _text(data: bytes) -> str:
    # RFC 9110 section 5.5: anything but ASCII is opaque, and must not be lost.
    return data.decode("latin-1")
