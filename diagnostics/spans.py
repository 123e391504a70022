"""Spans of time: what is left of some without others, and when connections were busy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from itertools import islice
from typing import TypeAlias

from analyzers.facts import Connection

Span: TypeAlias = tuple[float, float]
"""Start and end in seconds."""


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that are disjoint and ascending."""
    found: list[Span] = []
    for start_s, end_s in sorted(spans):
        if found and start_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        elif end_s > start_s:
            found.append((start_s, end_s))
    return found


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What of `spans` lies in none of `others`."""
    left: list[Span] = []
    taken = merged(others)
    ends = [end_s for _, end_s in taken]
    for start_s, end_s in spans:
        at_s = start_s
        for low_s, high_s in islice(taken, bisect_right(ends, start_s), None):
            if low_s >= end_s:
                break
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
