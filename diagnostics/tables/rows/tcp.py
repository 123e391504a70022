"""Connections, and what happened on them frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import (
    Connection,
    Dialogue,
    Facts,
    Half,
    Overtaken,
    Reset,
    Retransmission,
    Side,
    Silence,
    Turn,
    ZeroWindow,
)
from analyzers.limits import Limits, limits
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments
from diagnostics.tables.spread import RttSpread, spread_of


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One TCP connection; what its client sent is in `client_…`, what its server sent in
    `server_…`."""

    connection: Annotated[Connection, Inline("rtt", "client_rtt", "rows")]
    first_utc: datetime | None
    last_utc: datetime | None
    rtt: RttSpread
    """Of the path between the capture point and the server."""
    client_rtt: RttSpread
    """Of the path between the capture point and the client."""


@dataclass(frozen=True, slots=True)
class RetransmissionRow:
    """One segment whose bytes were sent before (seen here or not)."""

    stream: int
    sender: Side
    retransmission: Annotated[Retransmission, Inline()]
    time_utc: datetime | None


@dataclass(frozen=True, slots=True)
class OvertakenRow:
    """One segment that others overtook on the way: out of order, not sent again."""

    stream: int
    sender: Side
    overtaken: Annotated[Overtaken, Inline()]
    time_utc: datetime | None


@dataclass(frozen=True, slots=True)
class ZeroWindowRow:
    """A span in which one side announced a receive window of zero."""

    stream: int
    sender: Side
    """Who had no room."""
    window: Annotated[ZeroWindow, Inline()]
    start_utc: datetime | None
    end_utc: datetime | None


@dataclass(frozen=True, slots=True)
class ResetRow:
    """One RST segment with what tells its origin."""

    stream: int
    reset: Annotated[Reset, Inline()]
    time_utc: datetime | None


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A span in which the connection (or one side of it) moved no new data."""

    stream: int
    silence: Annotated[Silence, Inline()]
    start_utc: datetime | None
    end_utc: datetime | None


@dataclass(frozen=True, slots=True)
class TransferRow:
    """What one side sent on one connection (16 kB or more), and measures of what held it down: who
    had nothing to send, the receive window, losses, a rate on the path."""

    limits: Annotated[Limits, Inline()]
    start_utc: datetime | None
    end_utc: datetime | None


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One question of a client and the first byte that answers it, encrypted or not: how much of
    the wait was the network's."""

    stream: int
    turn: Annotated[Turn, Inline()]
    asked_utc: datetime | None
    answered_utc: datetime | None


@dataclass(frozen=True, slots=True)
class RttSampleRow:
    """One round-trip sample, at the time of the segment that answered."""

    stream: int
    path: Side
    """Which end of the path from the capture point: `server`, or `client`."""
    frame: int | None
    """The segment that answered; null where it acknowledged nothing new, or where another one has
    the same time."""
    time_s: float
    time_utc: datetime | None
    rtt_s: float
    bytes_in_flight: int
    """What was under way when the sample began: sent and unacknowledged bytes, or, where the
    data comes towards the capture point, bytes that arrived within the sample's own span."""


def connections(facts: Facts) -> Iterator[ConnectionRow]:
    """All connections, by stream."""
    clock = Moments(facts.capture)
    for one in facts.connections:
        first, last = clock.at(one.first_s), clock.at(one.last_s)
        yield ConnectionRow(one, first, last, spread_of(one.rtt), spread_of(one.client_rtt))


def retransmissions(facts: Facts) -> Iterator[RetransmissionRow]:
    """All retransmissions, connection by connection."""
    clock = Moments(facts.capture)
    for stream, side, half in _halves(facts):
        for segment in half.retransmissions:
            yield RetransmissionRow(stream, side, segment, clock.at(segment.time_s))


def overtaken(facts: Facts) -> Iterator[OvertakenRow]:
    """All segments out of order, connection by connection."""
    clock = Moments(facts.capture)
    for stream, side, half in _halves(facts):
        for segment in half.overtaken:
            yield OvertakenRow(stream, side, segment, clock.at(segment.time_s))


def zero_windows(facts: Facts) -> Iterator[ZeroWindowRow]:
    """All spans of zero windows, connection by connection."""
    clock = Moments(facts.capture)
    for stream, side, half in _halves(facts):
        for span in half.zero_windows:
            start, end = clock.at(span.start_s), clock.at(span.end_s)
            yield ZeroWindowRow(stream, side, span, start, end)


def resets(facts: Facts) -> Iterator[ResetRow]:
    """All resets, connection by connection."""
    clock = Moments(facts.capture)
    for one in facts.connections:
        for reset in one.resets:
            yield ResetRow(one.stream, reset, clock.at(reset.time_s))


def silences(facts: Facts) -> Iterator[SilenceRow]:
    """All silences, connection by connection."""
    clock = Moments(facts.capture)
    for one in facts.connections:
        for silence in one.silences:
            start, end = clock.at(silence.start_s), clock.at(silence.end_s)
            yield SilenceRow(one.stream, silence, start, end)


def transfers(facts: Facts) -> Iterator[TransferRow]:
    """All transfers, connection by connection."""
    clock = Moments(facts.capture)
    for one in limits(facts):
        yield TransferRow(one, clock.at(one.start_s), clock.at(one.end_s))


def turns(facts: Facts) -> Iterator[TurnRow]:
    """All questions and answers, connection by connection."""
    clock = Moments(facts.capture)
    for one in facts.connections:
        for turn in one.turns:
            asked, answered = clock.at(turn.asked_s), clock.at(turn.answered_s)
            yield TurnRow(one.stream, turn, asked, answered)


def rtt_samples(facts: Facts) -> Iterator[RttSampleRow]:
    """All samples, connection by connection."""
    clock = Moments(facts.capture)
    for one in facts.connections:
        for path, samples in ((Side.SERVER, one.rtt), (Side.CLIENT, one.client_rtt)):
            # Who is at the far end answers the other one.
            asker = Side.CLIENT if path is Side.SERVER else Side.SERVER
            frame_at = _frames_by_time(one.half(asker).dialogue)
            columns = (samples.time_s, samples.rtt_s, samples.bytes_in_flight)
            for time_s, *rest in zip(*(column.tolist() for column in columns), strict=True):
                frame = frame_at.get(time_s)
                yield RttSampleRow(one.stream, path, frame, time_s, clock.at(time_s), *rest)


def _frames_by_time(dialogue: Dialogue) -> dict[float, int | None]:
    frames: dict[float, int | None] = {}
    for time_s, frame in zip(
        dialogue.heard_s.tolist(), dialogue.heard_frames.tolist(), strict=True
    ):
        frames[time_s] = None if time_s in frames else frame
    return frames


def _halves(facts: Facts) -> Iterator[tuple[int, Side, Half]]:
    for one in facts.connections:
        for side in Side:
            yield one.stream, side, one.half(side)
