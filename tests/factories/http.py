"""Clear requests and CONNECT dialogues, made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analyzers.facts import HttpExchange
from tests.factories.world import NAME, RTT_S, frame_at


def request(
    stream: int = 0,
    at_s: float = 0.13,
    target: str = "/example.com/m/@v/v1.0.0.zip",
    *,
    status: int | None = 200,
    took_s: float = RTT_S,
    **changes: Any,
) -> HttpExchange:
    """A clear request and its complete answer (with status None: none)."""
    answered_s = None if status is None else at_s + took_s
    asked = HttpExchange(
        index=0,
        stream=stream,
        method="GET",
        target=target,
        host=NAME,
        user_agent="Go-http-client/1.1",
        request_frames=(frame_at(at_s),),
        request_s=at_s,
        request_acked_s=at_s + RTT_S,
        status=status,
        reason="",
        response_frame=None if answered_s is None else frame_at(answered_s),
        response_s=answered_s,
        complete=status is not None,
        announced_bytes=None if status is None else 2000,
        received_bytes=0 if status is None else 2000,
        body_end_s=None if answered_s is None else answered_s + 0.01,
        body_end_frame=None if answered_s is None else frame_at(answered_s + 0.01),
        headers=(),
        body_start=b"PK\x03\x04" if status == 200 else b"",
        gap=False,
    )
    return replace(asked, **changes)


def connect(
    stream: int = 0, at_s: float = 0.13, *, status: int | None = 200, to: str = NAME, **changes: Any
) -> HttpExchange:
    """A CONNECT to an explicit proxy."""
    target = f"{to}:443"
    return request(stream, at_s, target, status=status, method="CONNECT", host=target, **changes)
