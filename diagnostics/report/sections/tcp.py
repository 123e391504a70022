"""What each TCP connection did: its life, its round trips, its losses, its ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analyzers.facts import Connection, Facts, Half, Side
from analyzers.limits import Limits, limits
from analyzers.rtt import jitter_s
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, size, spread
from diagnostics.report.table import Table

SIDES = (Side.CLIENT, Side.SERVER)


Row = tuple[object, ...]

# The columns of each table; ">" aligns to the right.
CONNECTION = (
    ">stream", "client", "server", ">at s", ">lasts s", "state", "history", ">sent", ">received",
    "frames",
)  # fmt: skip
ROUND_TRIPS = (
    ">stream", "towards", ">samples", ">handshake", ">min", ">median", ">p95", ">jitter",
)  # fmt: skip
TRANSFER = (
    ">stream", "sender", ">bytes", ">busy s", ">Mbit/s", ">best", ">idle s", ">loss s",
    ">window s", ">full windows", ">same rate", ">sent again", ">RTT low ms", ">high",
)  # fmt: skip
TURN = (
    ">stream", ">asked s", ">waited", ">round trip", ">server", "again", ">asked", ">answered",
)  # fmt: skip
EVENT = (">stream", "sender", "what", ">count", ">bytes", "frames")
SILENCE = (">stream", ">at s", ">lasts s", "waiting for", ">after frame", ">before frame")
RESET = (">stream", "address of", ">frame", ">at s", ">TTL", "signs of another sender")
BREAK_OFF = (">stream", "sent last", "then came", "from address of", ">signature", "frames")


def tables(facts: Facts) -> Iterator[Table]:
    """Connections, round trips, then what happened to segments."""
    connections = facts.connections
    yield Table(
        "TCP connections",
        CONNECTION,
        [_life(connection) for connection in connections],
    )
    yield Table("Round trips (ms)", ROUND_TRIPS, _rows(connections, _round_trips))
    yield Table(
        "Transfers, and what held them down", TRANSFER, [_transfer(f) for f in limits(facts)]
    )
    yield Table("Questions and first bytes of answers (ms)", TURN, _rows(connections, _turns))
    yield Table("Segments that did not simply arrive", EVENT, _rows(connections, _events))
    yield Table("Silences", SILENCE, _rows(connections, _silences))
    yield Table("Resets", RESET, _rows(connections, _resets))
    yield Table(
        "Connections that broke off, by the published signatures of tampering",
        BREAK_OFF,
        _rows(connections, _break_offs),
    )


def _rows(
    connections: Sequence[Connection], rows_of: Callable[[Connection], Iterator[Row]]
) -> list[Row]:
    return [row for connection in connections for row in rows_of(connection)]


def _end(half: Half) -> str:
    host = f"[{half.address}]" if ":" in half.address else half.address
    return f"{host}:{half.port}"


def _life(connection: Connection) -> Row:
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


def _round_trips(connection: Connection) -> Iterator[Row]:
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


def _transfer(found: Limits) -> Row:
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


def _turns(connection: Connection) -> Iterator[Row]:
    for turn in connection.turns:
        yield (
            connection.stream,
            at(turn.asked_s),
            ms(turn.waited_s),
            ms(turn.rtt_s),
            ms(turn.server_s),
            turn.sent_again,
            turn.asked_frame,
            turn.answered_frame,
        )


def _events(connection: Connection) -> Iterator[Row]:
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
) -> Row:
    listed = frame_numbers(frames)
    return (connection.stream, side, what, len(frames), size(count), listed)


def _silences(connection: Connection) -> Iterator[Row]:
    for s in connection.silences:
        lasted_s = s.end_s - s.start_s
        yield (
            connection.stream, at(s.start_s), at(lasted_s), s.cause, s.after_frame, s.before_frame,
        )  # fmt: skip


def _resets(connection: Connection) -> Iterator[Row]:
    for r in connection.resets:
        signs = ", ".join(sorted(r.signs)) or None
        yield (connection.stream, r.sender, r.frame, at(r.time_s), r.ttl, signs)


def _break_offs(connection: Connection) -> Iterator[Row]:
    found = connection.break_off
    if found is not None:
        yield (
            connection.stream,
            found.after,
            found.followed.replace("_", " "),
            found.sender,
            found.signature,
            frame_numbers(found.frames),
        )
