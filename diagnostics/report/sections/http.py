"""The HTTP that went by in clear, CONNECT dialogues included."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, HttpExchange
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, size
from diagnostics.report.table import Table


def tables(facts: Facts) -> Iterator[Table]:
    """One row per request."""
    yield Table(
        "HTTP requests in clear",
        (
            ">stream",
            "request",
            "host",
            ">status",
            ">at s",
            ">first byte ms",
            ">announced",
            ">received",
            "complete",
            "frames",
        ),
        [_request(request) for request in facts.requests],
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
        size(request.announced_bytes),
        f"{request.received_bytes:,}{'+' * request.gap}",
        request.complete,
        frame_numbers(frames),
    )
