"""Spans of time: what is left of some without others, and when connections were busy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from analyzers.facts import Connection

Span: TypeAlias = tuple[float, float]
"""Start and end in seconds."""


def without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of `spans` lies in none of `others`."""
    left: list[Span] = []
    taken = sorted(others)
    for start_s, end_s in spans:
        at_s = start_s
        for low_s, high_s in taken:
            if high_s <= at_s or low_s >= end_s:
                continue
            if low_s > at_s:
                left.append((at_s, low_s))
            at_s = max(at_s, high_s)
        if at_s < end_s:
            left.append((at_s, end_s))
    return left


def busy(connection: Connection, waiting: Collection[str] = ()) -> list[Span]:
    """When a connection moved data, or was silent for one of these causes."""
    quiet = [(s.start_s, s.end_s) for s in connection.silences if s.cause not in waiting]
    return without([(connection.first_s, connection.last_s)], quiet)


def given_up_s(connection: Connection) -> float | None:
    """When the client ended the connection itself."""
    reset = connection.client_reset
    ends = [t for t in (connection.client.fin_s, reset.time_s if reset else None) if t is not None]
    return min(ends, default=None)
