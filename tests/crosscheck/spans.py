"""Sets of sequence numbers as spans, each [start, stop)."""

from __future__ import annotations

Span = tuple[int, int]


def first_missing(spans: list[Span], start: int, stop: int) -> int | None:
    """Return the first position in [start, stop) that no span covers."""
    for begin, end in sorted(spans):
        if begin > start:
            break
        start = max(start, end)
    return start if start < stop else None


def joined(spans: list[Span], one: Span) -> list[Span]:
    """Return disjoint spans in order, with one more."""
    start, stop = one
    apart = [s for s in spans if s[1] < start or s[0] > stop]
    for begin, end in spans:
        if begin <= stop and start <= end:
            start, stop = min(start, begin), max(stop, end)
    return sorted([*apart, (start, stop)])
