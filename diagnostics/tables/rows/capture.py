"""The capture and the tries in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import Attempt, CaptureFacts, Comment, Decryption, Facts, Interface
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments, moment
from diagnostics.tables.rows.tls import handshake_frames

SCHEMA = "badhop/tables/1"


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """The capture itself: what it is, and what it lost. One row, always."""

    schema: str
    """`badhop/tables/1`: columns may be added, none is renamed or removed while it says so."""
    capture: Annotated[CaptureFacts, Inline()]
    first_utc: datetime | None
    """Of the earliest packet."""
    last_utc: datetime | None
    """Of the latest packet."""
    decryption: Decryption


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try to get something: name → address → connection → (CONNECT) → TLS → request."""

    attempt: Annotated[Attempt, Inline()]
    start_utc: datetime | None
    end_utc: datetime | None
    frames: tuple[int, ...]
    """Of the lookup, the connection's first and last, of the handshake and of the requests."""


@dataclass(frozen=True, slots=True)
class InterfaceRow:
    """One interface on which packets were captured."""

    interface: Annotated[Interface, Inline()]


@dataclass(frozen=True, slots=True)
class CommentRow:
    """One comment in the file, about a packet or about the whole."""

    comment: Annotated[Comment, Inline()]


def captures(facts: Facts) -> Iterator[CaptureRow]:
    """The one row."""
    capture = facts.capture
    some = capture.packets > 0
    yield CaptureRow(
        SCHEMA,
        capture,
        moment(capture.first_ns) if some else None,
        moment(capture.last_ns) if some else None,
        facts.decryption,
    )


def interfaces(facts: Facts) -> Iterator[InterfaceRow]:
    """All interfaces, by index."""
    return (InterfaceRow(one) for one in facts.capture.interfaces)


def comments(facts: Facts) -> Iterator[CommentRow]:
    """All comments, in the order of the file."""
    return (CommentRow(one) for one in facts.capture.comments)


def attempts(facts: Facts) -> Iterator[AttemptRow]:
    """All tries, by index."""
    clock = Moments(facts.capture)
    for attempt in facts.attempts:
        start, end = clock.at(attempt.start_s), clock.at(attempt.end_s)
        yield AttemptRow(attempt, start, end, tuple(sorted(_frames(facts, attempt))))


def _frames(facts: Facts, attempt: Attempt) -> set[int]:
    frames: set[int] = set()
    if attempt.lookup is not None:
        for exchange in facts.lookups[attempt.lookup].exchanges:
            frames.update(exchange.frames)
    if attempt.stream is not None:
        connection = facts.connection(attempt.stream)
        frames.update((connection.first_frame, connection.last_frame))
    if attempt.handshake is not None:
        frames.update(handshake_frames(facts.handshakes[attempt.handshake]))
    for index in attempt.requests:
        request = facts.requests[index]
        frames.update(request.request_frames)
        if request.response_frame is not None:
            frames.add(request.response_frame)
    return frames
