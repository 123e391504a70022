"""The vocabulary of HTTP facts: exchanges in clear or decrypted, and CONNECT dialogues."""

from __future__ import annotations

from analyzers.facts.side import Side
from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class StreamAbort:
    """One side gave up an HTTP/2 stream (RST_STREAM) or the connection (GOAWAY)."""

    stream: int
    """TCP stream."""
    sender: Side
    frame: int
    time_s: float
    http2_stream: int | None
    """The stream that was reset; None for GOAWAY."""
    last_stream: int | None
    """GOAWAY: the last stream that the sender will answer; None for RST_STREAM."""
    code: int
    name: str
    """As RFC 9113 section 7 spells it ("NO_ERROR", "REFUSED_STREAM"), or the number."""


@dataclass(frozen=True, slots=True)
class InsideTls:
    """What is known only of an exchange that keys let see inside TLS."""

    http2_stream: int | None
    """None: HTTP/1.1."""
    ended: bool
    """The server said that its body is over (END_STREAM)."""
    abort: StreamAbort | None
    """What kept it from being answered in full."""


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """One request and its response on one connection, in clear or decrypted."""

    index: int
    stream: int
    method: str
    """As sent."""
    target: str
    """As sent: path, absolute URL, or host:port for CONNECT."""
    host: str | None
    user_agent: str | None
    request_frames: tuple[int, ...]
    request_s: float
    """Last byte of the request head seen."""
    request_acked_s: float | None
    """When the server's side acknowledged all of the request."""
    status: int | None
    """None: no (final) response was seen."""
    reason: str
    """The words behind the status."""
    response_frame: int | None
    """With the first byte of the response."""
    response_s: float | None
    """First byte of the response."""
    complete: bool
    """The body ended as announced (length, chunks, or close where neither is given)."""
    announced_bytes: int | None
    """Content-Length."""
    received_bytes: int
    """Of the body."""
    body_end_s: float | None
    """Last body byte seen."""
    body_end_frame: int | None
    headers: tuple[tuple[str, str], ...]
    """Of the response: lower-case names, values as sent; at most 64."""
    body_start: bytes
    """First bytes of the body (at most 256), to tell HTML from JSON from zip."""
    gap: bool
    """Bytes of the response are missing from the capture: lengths are lower bounds."""
    head_cut: bool = False
    """The response's head was not captured to its end: a header that is not among `headers` may
    have been there, and where the body begins and ends is a guess."""
    tunnel_client_offset: int | None = None
    """After a 2xx to CONNECT: offset in the client's byte stream where the tunnel begins."""
    tunnel_server_offset: int | None = None
    """The same in the server's byte stream."""
    inside: InsideTls | None = None
    """None: it went by in clear."""
    server_s: float | None = None
    """What the network does not explain of the wait for the first byte (`Turn.server_s`). None
    where the server was still sending something else, or the answer was sent again."""

    @property
    def is_connect(self) -> bool:
        """A request to a proxy to open a tunnel."""
        return self.method == "CONNECT"

    def header(self, name: str) -> str | None:
        """First value of a response header, by lower-case name."""
        return next((v for k, v in self.headers if k == name), None)
