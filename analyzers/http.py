"""Clear HTTP/1.1: connections in, requests with their responses out, CONNECT dialogues included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers.facts import Connection, HttpExchange, Side
from analyzers.httpbodies import Body, body_at, no_body
from analyzers.httpheads import (
    Head,
    RequestHead,
    ResponseHead,
    header,
    looks_like_request,
    looks_like_response,
    request_head,
    response_head,
)
from analyzers.httpstreams import HttpSide
from captures.lazyclass import dataclass
from captures.packets import Capture

MAX_HEADERS = 64
#: Longest target that is kept; longer ones than servers take (nginx and Apache: 8 kB).
MAX_TARGET = 8192
#: Switching Protocols (RFC 9110 section 15.2.2).
SWITCHING = 101
#: Captures of several queues can show an answer before its question by this much.
CAPTURE_ORDER_S = 0.001


def exchanges(capture: Capture, connections: Sequence[Connection]) -> tuple[HttpExchange, ...]:
    """All HTTP/1.x exchanges on any port, in order of time."""
    found = [
        exchange
        for connection in connections
        if _speaks_http(capture, connection)
        for exchange in dialogue(
            connection.stream,
            HttpSide(capture, connection, Side.CLIENT),
            HttpSide(capture, connection, Side.SERVER),
        )
    ]
    found.sort(key=lambda e: (e.request_s, e.stream))
    return tuple(replace(exchange, index=index) for index, exchange in enumerate(found))


def dialogue(stream: int, client: HttpSide, server: HttpSide) -> Iterator[HttpExchange]:
    """The exchanges of one connection in turn; their indices are not set."""
    return _Dialogue(stream, client, server).exchanges()


def tunnel_offsets(exchanges: Sequence[HttpExchange]) -> dict[int, tuple[int, int]]:
    """Where tunnels begin: stream → offsets in the client's and the server's bytes."""
    return {
        e.stream: (e.tunnel_client_offset, e.tunnel_server_offset)
        for e in exchanges
        if e.tunnel_client_offset is not None and e.tunnel_server_offset is not None
    }


def _speaks_http(capture: Capture, connection: Connection) -> bool:
    """Whether the client begins with a request, or the server alone is there to be heard."""
    asked, answered = connection.client.first_data_frame, connection.server.first_data_frame
    if asked is not None and looks_like_request(capture.payload(asked - 1)):
        return True
    if answered is None or not looks_like_response(capture.payload(answered - 1)):
        return False
    return asked is None or connection.starts_midway


@dataclass(frozen=True, slots=True)
class _Request:
    start: int
    head: Head
    said: RequestHead


@dataclass(frozen=True, slots=True)
class _Response:
    start: int
    head: Head
    said: ResponseHead
    body: Body


class _Dialogue:
    """Requests and responses of one connection, read in turn."""

    def __init__(self, stream: int, client: HttpSide, server: HttpSide) -> None:
        self._stream = stream
        self._client = client
        self._server = server
        self._asked_frame = 0
        """First frame of the latest request."""

    def exchanges(self) -> Iterator[HttpExchange]:
        """Every exchange, until the streams end or stop being HTTP."""
        request = self._request()
        while True:
            response = self._response(request)
            if request is None and response is None:
                return
            if request is not None and response is not None and self._is_unasked(request, response):
                yield self._exchange(None, response)
                continue
            yield self._exchange(request, response)
            if _is_switched(request, response):
                return
            request = self._request()

    def _is_unasked(self, request: _Request, response: _Response) -> bool:
        """Whether a response came before its request: the question was asked before the capture.

        (Or nobody asked: servers tell 408 to a connection that stays silent.)
        """
        asked_s = self._client.stream.time_at(request.start)
        if self._server.stream.frame_at(response.start) > self._asked_frame:
            return False
        return self._server.stream.time_at(response.start) < asked_s - CAPTURE_ORDER_S

    def _request(self) -> _Request | None:
        side = self._client
        found = side.next_head(request_head, looks_like_request, self._asked_frame)
        if found is None:
            return None
        start, head, said = found
        self._asked_frame = side.stream.frame_at(start)
        side.go_behind(head, body_at(side.stream, head.stop, said.headers, is_request=True))
        return _Request(start, head, said)

    def _response(self, request: _Request | None) -> _Response | None:
        side = self._server
        if side.at is None and request is None:
            return None
        while True:
            found = side.next_head(response_head, looks_like_response, self._asked_frame)
            if found is None:
                return None
            start, head, said = found
            if request and side.sought and self._client.starts_before(side.stream.frame_at(start)):
                # What was due is lost; this is the answer to a later request.
                side.at = start
                return None
            if said.status >= 200 or said.status == SWITCHING:
                break
            if not head.complete:
                return None
            # An interim response (RFC 9110 section 15.2): the final one follows.
            side.go_behind(head, no_body(head.stop, said.headers))
        body = (
            no_body(head.stop, said.headers)
            if _is_bodiless(request, said.status)
            else body_at(side.stream, head.stop, said.headers, is_request=False)
        )
        side.go_behind(head, body)
        return _Response(start, head, said, body)

    def _exchange(self, request: _Request | None, response: _Response | None) -> HttpExchange:
        client, server = self._client, self._server
        answered_s = server.stream.time_at(response.start) if response else None
        exchange = HttpExchange(
            index=0,
            stream=self._stream,
            method=request.said.method if request else "",
            target=request.said.target[:MAX_TARGET] if request else "",
            host=header(request.said.headers, "host") if request else None,
            user_agent=header(request.said.headers, "user-agent") if request else None,
            request_frames=client.stream.frames(request.start, request.head.stop)
            if request
            else (),
            request_s=client.stream.time_at(request.head.stop - 1)
            if request
            else answered_s or 0.0,
            request_acked_s=client.acked_s(request.head.stop) if request else None,
            status=None,
            reason="",
            response_frame=None,
            response_s=None,
            complete=False,
            announced_bytes=None,
            received_bytes=0,
            body_end_s=None,
            body_end_frame=None,
            headers=(),
            body_start=b"",
            gap=False,
        )
        return self._answered(exchange, request, response) if response else exchange

    def _answered(
        self, exchange: HttpExchange, request: _Request | None, response: _Response
    ) -> HttpExchange:
        server, body = self._server, response.body
        received, complete = server.received(response.head, body)
        stop = min(server.stream.end if body.stop is None else body.stop, server.stream.end)
        last_frame = server.last_frame(body.start, stop)
        is_tunnel = _is_tunnel(request, response)
        return replace(
            exchange,
            status=response.said.status,
            reason=response.said.reason,
            response_frame=server.stream.frame_at(response.start),
            response_s=server.stream.time_at(response.start),
            complete=complete,
            announced_bytes=body.announced,
            received_bytes=received,
            body_end_s=server.frame_time_s(last_frame) if last_frame else None,
            body_end_frame=last_frame,
            headers=response.said.headers[:MAX_HEADERS],
            body_start=body.first,
            gap=server.has_gap(response.start, stop),
            head_cut=not response.head.complete,
            tunnel_client_offset=request.head.stop if request and is_tunnel else None,
            tunnel_server_offset=response.head.stop if is_tunnel else None,
        )


def _is_bodiless(request: _Request | None, status: int) -> bool:
    """RFC 9112 section 6.3, rules 1 and 2."""
    if status in (SWITCHING, 204, 304):
        return True
    if request is None:
        return False
    return request.said.method == "HEAD" or (
        request.said.method == "CONNECT" and 200 <= status < 300
    )


def _is_tunnel(request: _Request | None, response: _Response) -> bool:
    return (
        request is not None
        and request.said.method == "CONNECT"
        and 200 <= response.said.status < 300
    )


def _is_switched(request: _Request | None, response: _Response | None) -> bool:
    """Whether what follows is no HTTP/1.1 any more."""
    if response is None:
        return False
    return response.said.status == SWITCHING or _is_tunnel(request, response)
