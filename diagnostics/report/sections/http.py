"""The HTTP that went by in clear or could be decrypted, CONNECT dialogues included."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, HttpExchange, InsideTls, StreamAbort
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, size
from diagnostics.report.table import Table


def tables(facts: Facts) -> Iterator[Table]:
    """One row per request, and per HTTP/2 reset."""
    yield Table(
        "HTTP requests",
        (
            ">stream",
            "request",
            "host",
            ">status",
            ">at s",
            ">first byte ms",
            ">server ms",
            ">announced",
            ">received",
            "complete",
            "inside",
            "frames",
        ),
        [_request(request) for request in facts.requests],
    )
    if facts.decryption.aborts:
        yield Table(
            "HTTP/2 resets",
            (">stream", "sender", "frame type", "code", ">frame", ">at s"),
            [_abort(abort) for abort in facts.decryption.aborts],
        )


def _request(request: HttpExchange) -> tuple[object, ...]:
    answered = request.response_s
    frames = [*request.request_frames]
    frames += [f for f in (request.response_frame, request.body_end_frame) if f is not None]
    return (
        request.stream,
        f"{request.method} {request.target}",
        request.host,
        request.status,
        at(request.request_s),
        ms(answered - request.request_s) if answered is not None else None,
        ms(request.server_s),
        size(request.announced_bytes),
        f"{request.received_bytes:,}{'+' * request.gap}",
        request.complete,
        _inside(request.inside),
        frame_numbers(frames),
    )


def _inside(inside: InsideTls | None) -> str | None:
    if inside is None:
        return None
    return "TLS" if inside.http2_stream is None else f"TLS, HTTP/2 stream {inside.http2_stream}"


def _abort(abort: StreamAbort) -> tuple[object, ...]:
    what = (
        f"RST_STREAM {abort.http2_stream}"
        if abort.last_stream is None
        else f"GOAWAY, last stream {abort.last_stream}"
    )
    return (abort.stream, abort.sender, what, abort.name, abort.frame, at(abort.time_s))
