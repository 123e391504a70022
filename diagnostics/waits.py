"""Waits for a server on a living path: for a first byte, or in the middle of a body."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import (
    Attempt,
    Connection,
    Facts,
    HttpExchange,
    Outcome,
    Side,
    Silence,
    Stage,
    TlsHandshake,
)
from captures.lazyclass import dataclass
from diagnostics.liveness import liveness
from diagnostics.ownpauses import is_slow_enough_for
from diagnostics.timeline import union_s
from diagnostics.tries import seconds
from diagnostics.verdict import Evidence

SLOW_S = 1.0
"""A server that works has an answer within some hundred milliseconds; module proxies that must
fetch from the origin first take seconds, and that is worth telling."""
GIVEN_UP_S = 10.0
"""Without a session, a connection that stays silent this long until go ends it was waited for: go
itself has no time-out for answers, and is idle this long only when nothing is left to do."""
CLOSING_S = 0.1
"""What comes this close before a FIN is the farewell (close_notify), not an answer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait for a server."""

    attempt: Attempt
    start_s: float
    end_s: float
    frames: tuple[int, ...]
    first_byte: bool
    """For the first byte of an answer; else for the rest of a body."""
    forever: bool
    """It was never ended by the server."""
    exact: bool
    """Read from clear HTTP, not inferred from silences."""
    text: str
    unasked: bool = False
    """Nothing was sent in it that a living path would have brought an answer to."""

    @property
    def evidence(self) -> Evidence:
        """The wait as evidence."""
        return Evidence(self.text, self.frames, self.attempt.stream)


def waits(facts: Facts) -> list[Wait]:
    """All waits above the threshold, on paths that are not shown to be dead."""
    found: list[Wait] = []
    seen: set[int] = set()
    for attempt in facts.attempts:
        if attempt.stream is None or attempt.stage < Stage.TLS:
            continue
        clear = [facts.requests[i] for i in attempt.requests if not facts.requests[i].is_connect]
        if clear:
            found += [w for r in clear for w in _clear_waits(facts, attempt, r)]
        elif attempt.stream not in seen:
            seen.add(attempt.stream)
            found += _slow_connects(facts, attempt)
            if attempt.handshake is not None:
                found += _encrypted_waits(facts, attempt)
    return found


def cost_s(found: list[Wait]) -> float:
    """Time waited, parallel waits once."""
    return union_s((w.start_s, w.end_s) for w in found)


def _clear_waits(facts: Facts, attempt: Attempt, request: HttpExchange) -> Iterator[Wait]:
    connection = facts.connection(request.stream)
    frames = request.request_frames
    if request.response_s is None:
        end_s = attempt.end_s
        waited = end_s - request.request_s >= SLOW_S
        if (
            attempt.reason == "no answer"
            and waited
            and _alive(facts, connection, request.request_s)
        ):
            text = f"request acknowledged, no answer within {seconds(end_s - request.request_s)}"
            yield Wait(attempt, request.request_s, end_s, frames, True, True, True, text)
        return
    yield from _late_answer(connection, attempt, request)
    yield from _clear_stalls(facts, attempt, request, connection)


def _late_answer(connection: Connection, attempt: Attempt, request: HttpExchange) -> Iterator[Wait]:
    """The first byte came after more than a round trip and the time that a server may take."""
    if request.response_s is None:
        return
    frames = request.request_frames
    lost = any(r.frame in frames for r in connection.client.retransmissions) or any(
        s.cause == "loss" and s.before_frame == request.response_frame for s in connection.silences
    )
    wait_s = request.response_s - request.request_s - (connection.min_rtt_s or 0.0)
    if wait_s >= SLOW_S and not lost and request.response_frame is not None:
        yield Wait(
            attempt,
            request.request_s,
            request.response_s,
            (*frames, request.response_frame),
            True,
            False,
            True,
            f"{seconds(wait_s)} from the {'CONNECT' if request.is_connect else 'request'} to the "
            "first byte of the answer, the round trip left out",
        )


def _slow_connects(facts: Facts, attempt: Attempt) -> Iterator[Wait]:
    """Tunnels that a proxy opened late; those that it refused have rules of their own."""
    for request in (facts.requests[i] for i in attempt.requests):
        if request.is_connect and request.status is not None and request.status < 300:
            yield from _late_answer(facts.connection(request.stream), attempt, request)


def _clear_stalls(
    facts: Facts, attempt: Attempt, request: HttpExchange, connection: Connection
) -> Iterator[Wait]:
    """Silences inside a body that the server alone could have ended."""
    last_s, last = request.body_end_s, request.body_end_frame
    if attempt.reason == "stalled" and last_s is not None and last is not None:
        alive = liveness(connection, last_s, facts.capture.duration_s).alive
        if alive is not False:
            announced = request.announced_bytes
            of = f" of {announced}" if announced is not None else ""
            end_s = max(connection.last_s, attempt.end_s)
            text = (
                f"{request.received_bytes}{of} bytes of the body arrived, then nothing for "
                f"{seconds(end_s - last_s)}"
            )
            yield Wait(attempt, last_s, end_s, (last,), False, True, True, text, alive is None)
        return
    first_s = request.response_s or request.request_s
    if request.head_cut:
        # Where this body ended is not known, but it had when the next file was asked for.
        later_s = (r.request_s for r in facts.requests if r.stream == request.stream)
        last_s = min((t for t in later_s if t > request.request_s), default=last_s)
    for silence in connection.silences:
        inside = first_s < silence.start_s and silence.end_s <= (last_s or first_s)
        if inside and silence.cause == "sender_idle" and _length_s(silence) >= SLOW_S:
            yield _pause(attempt, silence, exact=True)


def _pause(attempt: Attempt, silence: Silence, *, exact: bool) -> Wait:
    frames = tuple(f for f in (silence.after_frame, silence.before_frame) if f is not None)
    text = f"the body pauses for {seconds(_length_s(silence))} with nothing lost and room to send"
    return Wait(attempt, silence.start_s, silence.end_s, frames, False, False, exact, text)


def _encrypted_waits(facts: Facts, attempt: Attempt) -> Iterator[Wait]:
    """Silences of a TLS connection that only its server could have ended."""
    assert attempt.stream is not None and attempt.handshake is not None
    handshake, connection = facts.handshakes[attempt.handshake], facts.connection(attempt.stream)
    from_s = handshake.first_application_data_s.get(Side.CLIENT)
    if not handshake.completed or from_s is None:
        # Where the records cannot be read (snaplen), what the server sent may still tell by its
        # size that it answered.
        from_s = connection.server.first_data_s
        if attempt.outcome is not Outcome.SUCCEEDED or from_s is None:
            return
    for silence in connection.silences:
        if silence.start_s < from_s or _length_s(silence) < SLOW_S:
            continue
        frames = tuple(f for f in (silence.after_frame, silence.before_frame) if f is not None)
        first_byte = silence.after is Side.CLIENT or _before_answer(attempt, handshake, silence)
        if silence.cause == "sender_idle" and _goes_on(connection, silence):
            if not first_byte:
                yield _pause(attempt, silence, exact=False)
                continue
            text = f"the server is silent for {seconds(_length_s(silence))} after what was asked"
            yield Wait(attempt, silence.start_s, silence.end_s, frames, True, False, False, text)
        elif _is_last(facts, connection, silence):
            alive = liveness(connection, silence.start_s, facts.capture.duration_s)
            if alive.alive is False or (alive.alive is None and _lacks_bytes(connection)):
                continue
            yield Wait(
                attempt=attempt,
                start_s=silence.start_s,
                end_s=silence.end_s,
                frames=(*frames, *alive.frames),
                first_byte=first_byte,
                forever=True,
                exact=False,
                text=f"the server is silent for {seconds(_length_s(silence))}; {alive.text}",
                unasked=alive.alive is None,
            )


def _before_answer(attempt: Attempt, handshake: TlsHandshake, silence: Silence) -> bool:
    """All that the server had sent by then was session tickets, which a proxy may hand over late
    and one by one (RFC 8446 section 4.6.1): no part of an answer."""
    if not handshake.completed:
        return False
    answered_s = handshake.first_application_data_s.get(Side.SERVER)
    if answered_s is None:
        return attempt.stage is not Stage.RESPONSE  # else what was not captured had the answer
    return silence.end_s <= answered_s


def _lacks_bytes(connection: Connection) -> bool:
    """The capture lost packets of it: what it does not show may have been said."""
    return bool(connection.client.unseen_acked_bytes or connection.server.unseen_acked_bytes)


def _length_s(silence: Silence) -> float:
    return silence.end_s - silence.start_s


def _alive(facts: Facts, connection: Connection, since_s: float) -> bool:
    """The path is not shown to be dead."""
    return liveness(connection, since_s, facts.capture.duration_s).alive is not False


def _goes_on(connection: Connection, silence: Silence) -> bool:
    """The server's next data is an answer, not its farewell."""
    if silence.before is not Side.SERVER or silence.before_frame is None:
        return False
    last, fin_s = connection.server.last_data_frame, connection.server.fin_s
    if last is None or last < silence.before_frame:
        return False
    return last > silence.before_frame or fin_s is None or fin_s - silence.end_s > CLOSING_S


def _is_last(facts: Facts, connection: Connection, silence: Silence) -> bool:
    """The download ends in this silence: nothing of it moves any more, and it did not succeed."""
    session = facts.session
    if session is not None and session.exit_code == 0:
        return False
    if silence.before is Side.SERVER or (
        silence.before is Side.CLIENT and _asks(connection, silence)
    ):
        return False
    if _length_s(silence) < (SLOW_S if session is not None else GIVEN_UP_S):
        return False
    others = [a for a in facts.attempts if a.is_go and a.stream != connection.stream]
    quiet_s = silence.end_s - min(GIVEN_UP_S, _length_s(silence)) / 2
    if _may_be_own(facts, connection, silence) or _went_on(facts, connection, silence, quiet_s):
        return False
    if any(_waited_until(a) > quiet_s for a in others if _failed_to_start(a)):
        return False  # that is what the download waited for in the end
    return not any(
        _busy_after(facts.connection(a.stream), quiet_s) for a in others if a.stream is not None
    )


def _may_be_own(facts: Facts, connection: Connection, silence: Silence) -> bool:
    """The client paused by itself before, long enough to explain this silence too: it may have had
    everything, and unpacked it."""
    streams = {a.stream for a in facts.attempts if a.is_go} - {None, connection.stream}
    moved_s = [c.server.last_data_s or 0.0 for c in facts.connections if c.stream in streams]
    return is_slow_enough_for(facts, max([silence.start_s, *moved_s]), silence.end_s)


def _went_on(facts: Facts, connection: Connection, silence: Silence, quiet_s: float) -> bool:
    """The answer was whole: at once the client turned to another host, to which it spoke until the
    end. So does git, which go calls for "direct" and whose packets show no sign of go."""
    return facts.session is None and any(
        other.client.address == connection.client.address
        and 0.0 <= other.first_s - silence.start_s <= SLOW_S
        and other.last_s > quiet_s
        for other in facts.connections
        if other.stream != connection.stream
    )


def _failed_to_start(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.FAILED and attempt.stage < Stage.RESPONSE


def _waited_until(attempt: Attempt) -> float:
    """When the client gave up: what nobody answers is repeated after ever longer (RFC 6298), and
    the last wait, as long as all before it, leaves no packet."""
    if attempt.reason != "no answer":
        return attempt.end_s
    return attempt.end_s + (attempt.end_s - attempt.start_s)


def _asks(connection: Connection, silence: Silence) -> bool:
    """The client ends the silence with data of its own, not with its farewell."""
    last = connection.client.last_data_frame
    fin = connection.client.fin_frame
    if last is None or silence.before_frame is None or last < silence.before_frame:
        return False
    return last > silence.before_frame or fin is None or last < fin


def _busy_after(connection: Connection, time_s: float) -> bool:
    last = [t for t in (connection.server.last_data_s, connection.client.first_data_s) if t]
    return any(t > time_s for t in last) and connection.server.payload_bytes > 0
