"""What each TCP connection did: its life, its round trips, its losses, its ends."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Connection, Facts, Half, Side, Turn
from analyzers.limits import Limits, limits
from analyzers.rtt import jitter_s
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, size, spread
from diagnostics.report.table import Table

SIDES = (Side.CLIENT, Side.SERVER)


def tables(facts: Facts) -> Iterator[Table]:
    """Connections, round trips, then what happened to segments."""
    connections = facts.connections
    yield Table(
        "TCP connections",
        (
            ">stream",
            "client",
            "server",
            ">at s",
            ">lasts s",
            "state",
            "history",
            ">sent",
            ">received",
            "frames",
        ),
        [_life(connection) for connection in connections],
    )
    rows = [row for connection in connections for row in _round_trips(connection)]
    yield Table(
        "Round trips (ms)",
        (">stream", "towards", ">samples", ">handshake", ">min", ">median", ">p95", ">jitter"),
        rows,
    )
    yield Table(
        "Transfers, and what held them down",
        (
            ">stream",
            "sender",
            ">bytes",
            ">busy s",
            ">Mbit/s",
            ">best",
            ">idle s",
            ">loss s",
            ">window s",
            ">full windows",
            ">same rate",
            ">sent again",
            ">RTT low ms",
            ">high",
        ),
        [_transfer(found) for found in limits(facts)],
    )
    yield Table(
        "Questions and first bytes of answers (ms)",
        (
            ">stream",
            ">asked s",
            ">waited",
            ">round trip",
            ">server",
            "again",
            ">asked",
            ">answered",
        ),
        [_turn(c, turn) for c in connections for turn in c.turns],
    )
    yield Table(
        "Segments that did not simply arrive",
        (">stream", "sender", "what", ">count", ">bytes", "frames"),
        [row for connection in connections for row in _events(connection)],
    )
    yield Table(
        "Silences",
        (">stream", ">at s", ">lasts s", "waiting for", ">after frame", ">before frame"),
        [
            (
                c.stream,
                at(s.start_s),
                at(s.end_s - s.start_s),
                s.cause,
                s.after_frame,
                s.before_frame,
            )
            for c in connections
            for s in c.silences
        ],
    )
    yield Table(
        "Resets",
        (">stream", "address of", ">frame", ">at s", ">TTL", "signs of another sender"),
        [
            (c.stream, r.sender, r.frame, at(r.time_s), r.ttl, ", ".join(sorted(r.signs)) or None)
            for c in connections
            for r in c.resets
        ],
    )
    yield Table(
        "Connections that broke off, by the published signatures of tampering",
        (">stream", "sent last", "then came", "from address of", ">signature", "frames"),
        [
            (
                c.stream,
                c.break_off.after,
                c.break_off.followed.replace("_", " "),
                c.break_off.sender,
                c.break_off.signature,
                frame_numbers(c.break_off.frames),
            )
            for c in connections
            if c.break_off is not None
        ],
    )


def _end(half: Half) -> str:
    host = f"[{half.address}]" if ":" in half.address else half.address
    return f"{host}:{half.port}"


def _life(connection: Connection) -> tuple[object, ...]:
    return (
        connection.stream,
        _end(connection.client),
        _end(connection.server),
        at(connection.first_s),
        at(connection.last_s - connection.first_s),
        connection.state,
        connection.history,
        size(connection.client.payload_bytes),
        size(connection.server.payload_bytes),
        f"{connection.first_frame}-{connection.last_frame}",
    )


def _round_trips(connection: Connection) -> Iterator[tuple[object, ...]]:
    for side, samples in ((Side.SERVER, connection.rtt), (Side.CLIENT, connection.client_rtt)):
        seen = spread(samples.rtt_s)
        if seen is None:
            continue
        yield (
            connection.stream,
            side,
            seen.count,
            ms(connection.handshake_rtt_s) if side is Side.SERVER else None,
            ms(seen.min_s),
            ms(seen.median_s),
            ms(seen.p95_s),
            ms(jitter_s(samples)),
        )


def _transfer(found: Limits) -> tuple[object, ...]:
    return (
        found.stream,
        found.sender,
        size(found.payload_bytes),
        at(found.busy_s),
        f"{found.rate * 8e-6:.2f}",
        f"{found.best_rate * 8e-6:.2f}",
        at(found.application_s),
        at(found.loss_s),
        at(found.window_s),
        _share(found.window_share),
        _share(found.flat_share),
        _share(found.sent_again_share),
        ms(found.rtt_low_s),
        ms(found.rtt_high_s),
    )


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.0%}"


def _turn(connection: Connection, turn: Turn) -> tuple[object, ...]:
    return (
        connection.stream,
        at(turn.asked_s),
        ms(turn.waited_s),
        ms(turn.rtt_s),
        ms(turn.server_s),
        turn.sent_again,
        turn.asked_frame,
        turn.answered_frame,
    )


def _events(connection: Connection) -> Iterator[tuple[object, ...]]:
    for side in SIDES:
        half = connection.half(side)
        for kind, loss in sorted({(r.kind, r.loss) for r in half.retransmissions}):
            them = [r for r in half.retransmissions if (r.kind, r.loss) == (kind, loss)]
            what = f"sent again: {kind}, {loss}".replace("_", " ")
            yield _event(
                connection, side, what, [r.frame for r in them], sum(r.length for r in them)
            )
        for what, frames in _plain_events(half):
            if frames:
                yield _event(connection, side, what, frames, None)


def _plain_events(half: Half) -> Iterator[tuple[str, list[int]]]:
    yield "out of order", list(half.out_of_order_frames)
    yield "duplicate ACK", list(half.duplicate_ack_frames)
    yield "duplicate told by SACK", list(half.dsack_frames)
    yield "window of zero", [frame for zero in half.zero_windows for frame in zero.frames]
    yield "window filled", list(half.window_full_frames)
    yield "keep-alive", list(half.keep_alive_frames)


def _event(
    connection: Connection, side: Side, what: str, frames: list[int], count: int | None
) -> tuple[object, ...]:
    listed = frame_numbers(frames)
    return (connection.stream, side, what, len(frames), size(count), listed)
