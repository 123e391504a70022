"""HTTP exchanges, and what ended HTTP/2 before its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import Facts, HttpExchange
from analyzers.facts.http import StreamAbort
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments


@dataclass(frozen=True, slots=True)
class HttpRow:
    """One request and its response on one connection, in clear or decrypted; CONNECT too."""

    exchange: Annotated[HttpExchange, Inline()]
    request_utc: datetime | None
    response_utc: datetime | None
    frames: tuple[int, ...]
    """Of the request, the response's first byte and the body's last, in order."""


@dataclass(frozen=True, slots=True)
class AbortRow:
    """One RST_STREAM or GOAWAY of decrypted HTTP/2."""

    abort: Annotated[StreamAbort, Inline()]
    time_utc: datetime | None


def exchanges(facts: Facts) -> Iterator[HttpRow]:
    """All exchanges, by index."""
    clock = Moments(facts.capture)
    for one in facts.requests:
        single = one.response_frame, one.body_end_frame
        frames = {*one.request_frames, *(frame for frame in single if frame is not None)}
        asked, answered = clock.at(one.request_s), clock.at(one.response_s)
        yield HttpRow(one, asked, answered, tuple(sorted(frames)))


def aborts(facts: Facts) -> Iterator[AbortRow]:
    """All ends of HTTP/2 streams and connections that keys let see."""
    clock = Moments(facts.capture)
    return (AbortRow(abort, clock.at(abort.time_s)) for abort in facts.decryption.aborts)
