"""What became of a ClientHello that got no ServerHello, and what comparable ones say about why.

The same symptom (reset, close or silence after the hello) has several causes; what else was tried
in the same capture tells them apart: the same hello with another name, another hello with the
same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from analyzers.facts import (
    Attempt,
    ClientHello,
    Connection,
    Facts,
    Outcome,
    Side,
    Stage,
    TlsHandshake,
)
from captures.lazyclass import dataclass
from diagnostics.hellocontrols import (
    alike,
    other_hello_same_name,
    same_hello_other_name,
    unread_control,
)
from diagnostics.helloends import End, end_of, is_forged, lost_the_race
from diagnostics.localize import distance_of, forger_hop
from diagnostics.resets import forged_ttls, name_unread
from diagnostics.verdict import Hop, Role

MIN_SILENCE_S = 3.0
"""A server that works answers a hello within a round trip and some computing."""
TIMESTAMPS = 12
"""Bytes that the option takes in each segment (RFC 7323 appendix A)."""
ML_DSA = frozenset((0x0904, 0x0905, 0x0906))
"""Signature schemes that go 1.27 added (draft-ietf-tls-mldsa)."""


class Cause(StrEnum):
    """Which rule a failed hello belongs to."""

    SNI_BLOCKED = "sni_blocked"
    DROPPED = "client_hello_dropped"
    REJECTED = "client_hello_rejected"
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    MTU = "mtu_blackhole"
    SERVER_RESET = "reset_by_server"
    UNDECIDED = "undecided"
    """A box did it; what it hated cannot be known."""


BY_CONTENT = frozenset((Cause.SNI_BLOCKED, Cause.REJECTED))
"""What is said of a hello's name or contents, only where they were captured."""


@dataclass(frozen=True, slots=True)
class FailedHello:
    """One ClientHello without ServerHello, with what can be compared."""

    attempt: Attempt
    connection: Connection
    handshake: TlsHandshake
    hello: ClientHello
    end: End
    forged: bool
    """The reset or close is not the server's own."""
    cause: Cause
    why: str
    """What decided between the causes, as a clause to read; "" when nothing else was tried."""


def failed_hellos(facts: Facts, cause: Cause) -> list[FailedHello]:
    """Failed hellos that belong to this cause."""
    return [h for h in _all(facts) if h.cause is cause]


def _all(facts: Facts) -> Iterator[FailedHello]:
    for attempt in facts.attempts:
        if attempt.outcome is not Outcome.FAILED or attempt.stage is not Stage.TLS:
            continue
        if attempt.handshake is None or attempt.stream is None:
            continue
        handshake = facts.handshakes[attempt.handshake]
        end = end_of(attempt)
        if handshake.client_hello is None or end is None:
            continue
        if handshake.server_hello is not None and not lost_the_race(facts, attempt, end):
            continue
        connection = facts.connection(attempt.stream)
        forged = is_forged(facts, attempt, connection, end)
        cause, why = _cause(facts, attempt, handshake.client_hello, end, forged)
        if cause in BY_CONTENT and name_unread(handshake.client_hello):
            continue
        if cause is Cause.HANDSHAKE_TIMEOUT and not _keeps_silent(connection, handshake):
            continue
        yield FailedHello(
            attempt, connection, handshake, handshake.client_hello, end, forged, cause, why
        )


def _cause(
    facts: Facts, attempt: Attempt, hello: ClientHello, end: End, forged: bool
) -> tuple[Cause, str]:
    other_name = same_hello_other_name(facts, attempt, hello)
    other_hello = other_hello_same_name(facts, attempt, hello)
    if end is not End.SILENCE:
        if other_hello is not None:
            return Cause.REJECTED, other_hello
        if other_name is not None and (forged or end is End.CLOSED):
            return Cause.SNI_BLOCKED, other_name
        if forged:
            return _forged_cause(facts, attempt, hello)
        return (Cause.SERVER_RESET if end is End.RESET else Cause.REJECTED), ""
    return _silent_cause(facts, attempt, hello, other_name, other_hello)


def _forged_cause(facts: Facts, attempt: Attempt, hello: ClientHello) -> tuple[Cause, str]:
    """A forged end without anything to compare: names are what boxes look at first, unless every
    name fails that was tried with this kind of hello."""
    names = {
        h.client_hello.sni
        for h in facts.handshakes
        if h.client_hello is not None and alike(h.client_hello, hello)
    }
    if len(names) > 1 and _has_news(hello):
        return Cause.REJECTED, f"all {len(names)} names tried with this hello fail alike"
    undecided = _has_news(hello) and unread_control(facts, attempt)
    return (Cause.UNDECIDED if undecided else Cause.SNI_BLOCKED), ""


def _has_news(hello: ClientHello) -> bool:
    """Its contents may be what a box hates; what is in any other is known everywhere."""
    return hello.post_quantum or bool(ML_DSA & set(hello.signature_schemes))


def _silent_cause(
    facts: Facts,
    attempt: Attempt,
    hello: ClientHello,
    other_name: str | None,
    other_hello: str | None,
) -> tuple[Cause, str]:
    assert attempt.stream is not None and attempt.handshake is not None
    connection, handshake = facts.connection(attempt.stream), facts.handshakes[attempt.handshake]
    server = connection.server
    # What a proxy said to CONNECT came before the hello.
    answered = server.last_data_s is not None and server.last_data_s > hello.time_s
    if answered or server.missing_bytes:
        return Cause.MTU, "later, smaller segments of the server arrive"
    if server.sent_bytes > server.payload_bytes:
        lost = server.sent_bytes - server.payload_bytes
        sent = f"by its sequence numbers the server has sent {lost} bytes"
        return Cause.MTU, f"{sent}, none of which arrived"
    if handshake.hello_acked_s is not None:
        if other_hello is not None:
            return Cause.REJECTED, other_hello
        if _answers_died_elsewhere(facts, attempt):
            return Cause.MTU, "on another connection to it the server's large segments die"
        return Cause.HANDSHAKE_TIMEOUT, ""
    if server.zero_windows and server.zero_windows[-1].end_s is None:
        return Cause.HANDSHAKE_TIMEOUT, "its receive window is closed: the program does not read"
    if other_name is not None:
        return Cause.SNI_BLOCKED, other_name
    if segments_of(connection, hello) > 1:
        if _full_size_dies_elsewhere(facts, attempt):
            return Cause.MTU, "other full-sized segments on this way die too"
        tail = "its small last segment arrives, the full-sized first does not"
        return Cause.DROPPED, other_hello or (tail if _tail_was_acked(connection, hello) else "")
    if other_hello is not None:
        return Cause.DROPPED, other_hello
    return Cause.SNI_BLOCKED, ""


def segments_of(connection: Connection, hello: ClientHello) -> int:
    """In how many segments it left: the adapter cuts what the capture of its own host still shows
    in one piece, and a cut capture has no more than the first."""
    taken = connection.server.mss or (1440 if ":" in connection.server.address else 1460)
    used = taken - (TIMESTAMPS if connection.server.timestamps else 0)
    return max(len(hello.frames), -(-hello.size // max(used, 1)))


def _answers_died_elsewhere(facts: Facts, attempt: Attempt) -> bool:
    """Another hello to the same place was answered, by the server's sequence numbers alone."""
    return any(
        c.server.address == attempt.address
        and c.server.port == attempt.port
        and c.server.sent_bytes > 0
        and not c.server.payload_bytes
        and not c.server.acked_bytes
        for c in facts.connections
    )


def _keeps_silent(connection: Connection, handshake: TlsHandshake) -> bool:
    """The server was heard again later, and had sent nothing: no answer was lost on the way.

    Nor was one where it has not even taken the whole hello.
    """
    acked_s, last_s = handshake.hello_acked_s, connection.server.last_s
    return acked_s is None or (last_s is not None and last_s - acked_s >= MIN_SILENCE_S)


def _tail_was_acked(connection: Connection, hello: ClientHello) -> bool:
    """The server acknowledged something beyond the lost start: duplicate ACKs with SACK."""
    answered = [f for f in connection.server.duplicate_ack_frames if f > hello.frames[0]]
    return bool(answered) and connection.server.sack_permitted


def _full_size_dies_elsewhere(facts: Facts, attempt: Attempt) -> bool:
    """Not the hello alone: a router asked for smaller packets, or answers have lasting holes."""
    return any(
        e.kind == "fragmentation_needed" and e.quoted_destination == attempt.address
        for e in facts.icmp
    ) or any(
        c.server.address == attempt.address and c.server.missing_bytes for c in facts.connections
    )


def box_hop(facts: Facts, failed: FailedHello) -> Hop:
    """The box that did it: by the TTL of what it forged, else somewhere on the way."""
    server = failed.attempt.address
    if failed.end is End.RESET and failed.forged:
        ttls = forged_ttls(facts, server)
        if ttls:
            return forger_hop(facts, ttls, server)
    fin_ttl = failed.connection.server.fin_ttl
    if failed.end is End.CLOSED and failed.forged and fin_ttl is not None:
        return forger_hop(facts, {fin_ttl}, server)
    end = distance_of(facts, server)
    return Hop(Role.MIDDLEBOX, None, None, None if end is None else (1, end))


def what_is_seen(failed: FailedHello) -> tuple[str, tuple[int, ...]]:
    """The hello and its end in words, and the frames of it."""
    hello, connection = failed.hello, failed.connection
    name = hello.sni or connection.server.address
    text = (
        f"ClientHello for {name} ({hello.size} bytes, {segments_of(connection, hello)} segments), "
    )
    frames = list(hello.frames)
    if failed.end is End.RESET:
        reset = connection.server_reset
        assert reset is not None
        frames.append(reset.frame)
        text += f"RST {1000 * (reset.time_s - hello.time_s):.1f} ms later with IP TTL {reset.ttl}"
        if connection.server.ttl_syn is not None:
            text += f" (the SYN-ACK came with TTL {connection.server.ttl_syn})"
    elif failed.end is End.CLOSED:
        frames += [f for f in (connection.server.fin_frame,) if f is not None]
        text += f"closed by FIN with IP TTL {connection.server.fin_ttl} before any answer"
    else:
        acked = failed.handshake.hello_acked_bytes
        again = len(connection.half(Side.CLIENT).retransmissions)
        text += f"{acked} bytes of it acknowledged, sent again {again} times, no answer"
    if failed.why:
        text += f"; {failed.why}"
    return text, tuple(frames)
