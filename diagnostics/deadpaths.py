"""Established connections that nobody answers any more: since when, which way, how that shows."""

from __future__ import annotations

import numpy as np

from analyzers.connectionends import server_uncaptured
from analyzers.facts import (
    Attempt,
    Connection,
    Facts,
    LossSide,
    Outcome,
    Retransmission,
    RetransmissionKind,
    Side,
    Stage,
)
from captures.lazyclass import dataclass
from diagnostics.liveness import liveness
from diagnostics.localize import far_sides
from diagnostics.swallowed import Sizes
from diagnostics.tries import plural, seconds

MIN_ASKED = 3
"""Three transmissions lost in a row are chance only where one in ten is lost and more."""
MIN_SILENT_S = 2.5
"""Time for them: timers of 0.2 to 1 s that double (RFC 6298)."""
UNFINISHED = frozenset(("no answer", "stalled", "incomplete"))
"""Reasons for which a try failed while its connection was open."""


@dataclass(frozen=True, slots=True)
class DeadPath:
    """One connection that fell silent until its end."""

    connection: Connection
    since_s: float
    until_s: float
    outwards: bool
    """The server is still heard, but hears no more."""
    sure: bool
    frames: tuple[int, ...]
    text: str
    side: Side = Side.SERVER
    """The end that is heard no more."""


def dead_paths(facts: Facts) -> list[DeadPath]:
    """How connections died; what died of its size, and what boxes do to ClientHellos (nothing of
    TLS came back yet), have rules of their own."""
    sizes = Sizes(facts)
    hellos = {h.stream for h in facts.handshakes}
    stopped = {a.stream for a in facts.attempts if _stopped(a)}
    found = []
    for connection in facts.connections:
        if not connection.established or connection.server_reset is not None:
            continue
        if server_uncaptured(connection):
            continue
        if connection.stream in hellos and not connection.server.sent_bytes:
            continue
        until_s = facts.capture.duration_s
        dead = _unanswered(connection, until_s) or _unheard(connection)
        if dead is None and Side.CLIENT in far_sides(facts, (connection,)):
            dead = _gone(connection, until_s)
        if dead is None and connection.stream in stopped:
            dead = _closing(connection, until_s)
        if dead is not None and sizes.swallowed(connection) is None:
            found.append(dead)
    return found


def _unanswered(connection: Connection, until_s: float) -> DeadPath | None:
    """The client's data and keep-alives since the last answer are never heard."""
    talk = connection.client.dialogue
    last_s = float(talk.heard_s[-1]) if len(talk.heard_s) else connection.first_s
    alive = liveness(connection, last_s, until_s)
    asked = np.isin(talk.asked_frames, alive.frames)
    asked_s = talk.asked_s[asked]
    if alive.alive is not False or len(asked_s) < MIN_ASKED:
        return None
    if float(asked_s[-1] - asked_s[0]) < MIN_SILENT_S or _only_farewells(connection, alive.frames):
        return None
    server_s = connection.server.last_s or 0.0
    heard_later = server_s > float(asked_s[0]) + 2.0 * (connection.min_rtt_s or 0.1) + 0.2
    since_s, end_s = float(asked_s[0]), connection.last_s
    return DeadPath(connection, since_s, end_s, heard_later, True, alive.frames, alive.text)


def _unheard(connection: Connection) -> DeadPath | None:
    """The server repeats, with a doubling timer, what the client has acknowledged each time."""
    again = [
        r
        for r in connection.server.retransmissions
        if r.kind is RetransmissionKind.SPURIOUS and r.length > 0
    ]
    run = _last_run(again)
    if len(run) < MIN_ASKED or run[-1].time_s - run[0].time_s < MIN_SILENT_S:
        return None
    fresh_s = _last_fresh_s(connection, run)
    if fresh_s > run[0].time_s:
        return None
    text = (
        f"the server sends the same {run[0].length} bytes {plural(len(run), 'time')} more over "
        f"{seconds(run[-1].time_s - run[0].time_s)}, although each copy is acknowledged"
    )
    frames = tuple(r.frame for r in run)
    return DeadPath(connection, fresh_s, connection.last_s, True, True, frames, text)


def _gone(connection: Connection, until_s: float) -> DeadPath | None:
    """The client is heard no more while the server repeats what it has sent: the way to the client
    died, seen from a router or the server."""
    talk = connection.server.dialogue
    last_s = float(talk.heard_s[-1]) if len(talk.heard_s) else connection.first_s
    if (connection.client.last_s or 0.0) > last_s or connection.client.fin_s is not None:
        return None
    alive = liveness(connection, last_s, until_s, Side.SERVER)
    copies = [
        r
        for r in connection.server.retransmissions
        if r.loss is LossSide.AFTER_CAPTURE and r.length > 0 and r.time_s > last_s
    ]
    if alive.alive is not False or len(copies) < MIN_ASKED:
        return None
    if copies[-1].time_s - copies[0].time_s < MIN_SILENT_S:
        return None
    frames = tuple(r.frame for r in copies)
    return DeadPath(
        connection, last_s, connection.last_s, False, True, frames, alive.text, Side.CLIENT
    )


def _last_run(again: list[Retransmission]) -> list[Retransmission]:
    """The last retransmissions, all of one segment."""
    run: list[Retransmission] = []
    for one in reversed(again):
        if run and one.sequence != run[0].sequence:
            break
        run.insert(0, one)
    return run


def _last_fresh_s(connection: Connection, run: list[Retransmission]) -> float:
    """When the server last sent anything but this run."""
    talk, copies = connection.server.dialogue, {r.frame for r in run}
    fresh = [
        time_s
        for frame, time_s in zip(talk.asked_frames.tolist(), talk.asked_s.tolist(), strict=True)
        if frame not in copies
    ]
    return max(fresh, default=connection.first_s)


def _closing(connection: Connection, until_s: float) -> DeadPath | None:
    """An answer stopped half-way, and not even the client's FIN is answered."""
    data_s = max(connection.server.last_data_s or 0.0, connection.client.last_data_s or 0.0)
    alive = liveness(connection, data_s, until_s)
    if alive.alive is not False or connection.last_s - data_s < MIN_SILENT_S:
        return None
    return DeadPath(connection, data_s, connection.last_s, False, False, alive.frames, alive.text)


def _stopped(attempt: Attempt) -> bool:
    return (
        attempt.outcome is Outcome.FAILED
        and attempt.stage >= Stage.PROXY
        and attempt.reason in UNFINISHED
    )


def _only_farewells(connection: Connection, frames: tuple[int, ...]) -> bool:
    """All that went unanswered is the client's FIN: it had got what it wanted."""
    fin = connection.client.fin_frame
    return fin is not None and bool(frames) and min(frames) >= fin
