"""How a try ended, stage by stage: one ending from one connection's facts.

Each function answers with an `Ending`, or None when its stage was passed and the next one decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.connectionends import (
    STILL_OPEN_S,
    ended_first,
    open_at_end,
    reset_by_server_side,
    server_broke_off,
    server_uncaptured,
)
from analyzers.facts import (
    Connection,
    HttpExchange,
    IcmpError,
    Outcome,
    Side,
    Stage,
    TlsHandshake,
    TlsStage,
)
from captures.lazyclass import dataclass

HARMLESS = ("close_notify", "encrypted", "no_renegotiation", "user_canceled")
"""Alerts that say nothing of a failure, or nothing that can be read."""
REQUEST_BYTES = 110
"""A client's Finished (64 bytes with its ChangeCipherSpec) and the shortest request; an alert
instead is 30 (RFC 8446 sections 4.4.4 and 6)."""
ANSWER_BYTES = 1000
"""More than an alert or a HelloRetryRequest; certificates alone are more."""
HANDSHAKE_WAIT_S = 9.0
"""go waits 10 s for an answer to a ClientHello that arrived (net/http DefaultTransport): a capture
that stops before shows neither its end nor, often, what would tell a silent server from an answer
that is lost on the way."""
UNHEARD_SYNS = 2
"""SYNs after the SYN-ACK; they come a second or more apart (RFC 6298), round trips are shorter."""
SSL_2 = 0x0002
"""As version of a hello, which then is in a form of its own (RFC 6176)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where and how a try ended."""

    outcome: Outcome
    stage: Stage
    reason: str


_BY_ITS_SIZE = Ending(Outcome.SUCCEEDED, Stage.RESPONSE, "answered, by its size")


def _failed(stage: Stage, reason: str) -> Ending:
    return Ending(Outcome.FAILED, stage, reason)


def _unknown(stage: Stage, reason: str) -> Ending:
    return Ending(Outcome.UNKNOWN, stage, reason)


def connect_ending(
    connection: Connection, icmp: Sequence[IcmpError], last_s: float
) -> Ending | None:
    """The ending of a try that got no connection; None when it got one."""
    if connection.established or connection.starts_midway or connection.syn_frame is None:
        return None
    if connection.server_reset is not None:
        return _failed(Stage.CONNECT, "refused")
    if any(e.kind not in ("fragmentation_needed", "redirect") for e in icmp):
        return _failed(Stage.CONNECT, "unreachable")
    if connection.syn_ack_frame is not None:
        if _asks_on(connection, connection.syn_ack_frame):
            return _failed(Stage.CONNECT, "the answer is not heard")
        return _unknown(Stage.CONNECT, "not completed by the client")
    if last_s - connection.first_s < STILL_OPEN_S:
        return _unknown(Stage.CONNECT, "the capture ends")
    return _failed(Stage.CONNECT, "no answer")


def _asks_on(connection: Connection, answered: int) -> bool:
    """The client goes on sending SYNs after the SYN-ACK: that never comes to it. One more may have
    crossed the answer on the way."""
    return sum(frame > answered for frame in connection.client.syn_frames) >= UNHEARD_SYNS


def tunnel_ending(request: HttpExchange, connection: Connection, last_s: float) -> Ending | None:
    """The ending of a try that a proxy did not let through; None when CONNECT got a 2xx."""
    if request.status is not None:
        if 200 <= request.status < 300:
            return None
        return _failed(Stage.PROXY, f"status {request.status}")
    if connection.server.unseen_acked_bytes or server_uncaptured(connection):
        return _unknown(Stage.PROXY, "the capture lacks bytes of the answer")
    if reset_by_server_side(connection):
        return _failed(Stage.PROXY, "reset")
    if server_broke_off(connection):
        return _failed(Stage.PROXY, "closed")
    if open_at_end(connection, request.request_s, last_s):
        return _unknown(Stage.PROXY, "the capture ends")
    if (connection.server.last_data_s or 0.0) > request.request_s:
        return _unknown(Stage.PROXY, "an answer that cannot be read")
    return _failed(Stage.PROXY, "no answer")


def tls_ending(handshake: TlsHandshake | None, connection: Connection, last_s: float) -> Ending:
    """The ending of a try over TLS (or over something that is not read)."""
    if handshake is None:
        return _opaque_ending(connection)
    if server_uncaptured(connection):
        return _unknown(Stage.TLS, "the capture holds one direction only")
    if _refused_by_alert(handshake):
        return _failed(Stage.TLS, "alert")
    if handshake.completed:
        return _encrypted_ending(handshake, connection)
    if handshake.client_hello is None and connection.starts_midway:
        return _unknown(Stage.TLS, "the capture starts after the ClientHello")
    if handshake.client_hello is None or _unreadable(handshake, connection):
        if reset_by_server_side(connection):
            return _failed(Stage.RESPONSE, "reset")
        if _went_on(handshake, connection):
            return _BY_ITS_SIZE
        return _unknown(Stage.RESPONSE, "the capture lacks bytes of the handshake")
    if handshake.not_tls is not None:
        return _failed(Stage.TLS, "the answer is not TLS")
    if _left_at_once(handshake, connection):
        return Ending(Outcome.ABANDONED, Stage.TLS, "given up by the client")
    if _canceled(handshake):
        return Ending(Outcome.ABANDONED, Stage.TLS, "canceled by the client")
    if handshake.rejected_by_client and not _ended_by_server_side(handshake, connection):
        if _left_without_a_word(handshake, connection):
            return Ending(Outcome.ABANDONED, Stage.TLS, "given up by the client")
        return _failed(Stage.TLS, "rejected by the client")
    if handshake.client_hello.versions == (SSL_2,) and connection.server.payload_bytes:
        return _unknown(Stage.TLS, "SSL 2.0, which is not read")
    if connection.server_reset is not None:
        return _failed(Stage.TLS, "reset")
    if connection.server.fin_s is not None and ended_first(connection, Side.SERVER):
        return _failed(Stage.TLS, "closed")
    within_s = STILL_OPEN_S if handshake.hello_acked_s is None else HANDSHAKE_WAIT_S
    if open_at_end(connection, handshake.client_hello.time_s, last_s, within_s):
        return _unknown(Stage.TLS, "the capture ends")
    if handshake.stage is TlsStage.CLIENT_HELLO:
        return _failed(Stage.TLS, "no answer")
    return _failed(Stage.TLS, "incomplete")


def _left_at_once(handshake: TlsHandshake, connection: Connection) -> bool:
    """The client closed before any answer to its hello could have come: it ended just then, with
    a spare connection in the making, and that says nothing of the server."""
    hello, left_s = handshake.client_hello, connection.client.fin_s
    rtt_s = connection.handshake_rtt_s
    if hello is None or left_s is None or rtt_s is None:
        return False
    if any(a.sender is Side.CLIENT for a in handshake.alerts):
        return False
    came_s = [t for t in (connection.server.first_data_s, connection.server.fin_s) if t is not None]
    return left_s < min([hello.time_s + rtt_s, *came_s])


def _canceled(handshake: TlsHandshake) -> bool:
    """The client went away for a reason that has nothing to do with the server's answer
    (RFC 8446 section 6.1)."""
    return handshake.server_hello is not None and any(
        a.sender is Side.CLIENT and a.name == "user_canceled" for a in handshake.alerts
    )


def _refused_by_alert(handshake: TlsHandshake) -> bool:
    """The server ended it by an alert; an encrypted one counts when it had asked for a client
    certificate, which go never has: then it can only be certificate_required."""
    names = {a.name for a in handshake.refusals if a.sender is Side.SERVER}
    wanted = bool(handshake.certificate_requested) and "encrypted" in names
    return wanted or bool(names - set(HARMLESS))


def _left_without_a_word(handshake: TlsHandshake, connection: Connection) -> bool:
    """go sends an alert when it refuses a certificate (crypto/tls): without one it closed because
    it had ended, or given up over another connection."""
    hello = handshake.client_hello
    if hello is None or not hello.is_go or any(a.sender is Side.CLIENT for a in handshake.alerts):
        return False
    return connection.client.sent_bytes <= hello.size


def _ended_by_server_side(handshake: TlsHandshake, connection: Connection) -> bool:
    """A FIN or RST with the server's address came before the client broke the handshake off."""
    reset = connection.server_reset
    ends_s = [
        t for t in (connection.server.fin_s, reset.time_s if reset else None) if t is not None
    ]
    own = connection.client_reset
    mine_s = [a.time_s for a in handshake.alerts if a.sender is Side.CLIENT]
    mine_s += [t for t in (connection.client.fin_s, own.time_s if own else None) if t is not None]
    return bool(ends_s) and min(ends_s) < min(mine_s, default=connection.last_s)


def _unreadable(handshake: TlsHandshake, connection: Connection) -> bool:
    """Bytes of the handshake went by that the capture lacks (snaplen, or packets it lost)."""
    if handshake.not_tls is not None or handshake.rejected_by_client:
        return False
    lost = connection.server.unseen_acked_bytes or connection.client.unseen_acked_bytes
    hello = handshake.client_hello
    cut = hello is not None and not hello.complete and connection.server.payload_bytes > 0
    return bool(lost) or cut


def _went_on(handshake: TlsHandshake, connection: Connection) -> bool:
    """More bytes went both ways than a handshake that was broken off has, and the server answered
    once more after its first flight (where round trips can tell)."""
    hello = handshake.client_hello
    # What a proxy said to CONNECT came before.
    first = hello.frames[0] if hello is not None and hello.frames else 0
    if sum(turn.asked_frame >= first for turn in connection.turns) == 1:
        return False
    said = connection.client.payload_bytes - (hello.size if hello is not None else 0)
    return said >= REQUEST_BYTES and connection.server.payload_bytes >= ANSWER_BYTES


def _opaque_ending(connection: Connection) -> Ending:
    """A connection without a handshake that could be read."""
    if connection.server.payload_bytes:
        return _unknown(Stage.RESPONSE, "not a protocol that is read")
    if connection.starts_midway:
        return _unknown(Stage.REQUEST, "the capture starts after its beginning")
    if reset_by_server_side(connection) and connection.client.packets:
        return _failed(Stage.REQUEST, "reset")
    if connection.client.payload_bytes:
        return _unknown(Stage.REQUEST, "no answer")
    return Ending(Outcome.ABANDONED, Stage.CONNECT, "opened and never used")


def _encrypted_ending(handshake: TlsHandshake, connection: Connection) -> Ending:
    """What can be told of a response inside TLS: its transport's end."""
    if reset_by_server_side(connection):
        return _failed(Stage.RESPONSE, "reset")
    sent = handshake.first_application_data_s.get(Side.CLIENT)
    answered = handshake.first_application_data_s.get(Side.SERVER)
    unseen = (sent is None or answered is None) and _unreadable(handshake, connection)
    if unseen and _went_on(handshake, connection):
        return _BY_ITS_SIZE
    if sent is None and unseen:
        return _unknown(Stage.TLS, "the capture lacks bytes of what followed")
    if sent is None:
        return Ending(Outcome.ABANDONED, Stage.TLS, "completed and never used")
    if answered is None:
        return _unknown(Stage.REQUEST, "no answer")
    return Ending(Outcome.SUCCEEDED, Stage.RESPONSE, "answered, encrypted")


def request_ending(
    request: HttpExchange, connection: Connection, last_s: float, before: int = 0
) -> Ending:
    """The ending of one request, in clear or decrypted.

    `before` is how many body bytes the server had announced on this connection before it.
    """
    aborted = _aborted(request, connection)
    if aborted is not None:
        return aborted
    if request.status is None:
        if connection.server.unseen_acked_bytes or request.gap or server_uncaptured(connection):
            return _unknown(Stage.REQUEST, "the capture lacks bytes of the answer")
        if reset_by_server_side(connection):
            return _failed(Stage.REQUEST, "reset")
        if server_broke_off(connection):
            return _failed(Stage.REQUEST, "closed")
        if open_at_end(connection, request.request_s, last_s):
            return _unknown(Stage.REQUEST, "the capture ends")
        if request.inside is None and (connection.server.last_data_s or 0.0) > request.request_s:
            return _unknown(Stage.REQUEST, "an answer that cannot be read")
        return _failed(Stage.REQUEST, "no answer")
    if _torn_down(request, connection):
        return _failed(Stage.REQUEST, "reset")
    if request.status >= 400:
        if open_at_end(connection, request.response_s or request.request_s, last_s):
            return _unknown(Stage.RESPONSE, f"status {request.status}, the capture ends")
        return _failed(Stage.RESPONSE, f"status {request.status}")
    open_ended = (
        request.announced_bytes is None
        and request.header("transfer-encoding") is None
        and (request.inside is None or request.inside.http2_stream is None)
    )
    if open_ended and reset_by_server_side(connection):
        return _failed(Stage.RESPONSE, "reset")
    lacking = request.gap or connection.server.unseen_acked_bytes > 0
    if _length_unread(request) and _cut_off(request, connection):
        return _unknown(Stage.RESPONSE, "the capture lacks bytes of the answer")
    if request.complete or (lacking and not _sent_too_little(request, connection, before)):
        return Ending(Outcome.SUCCEEDED, Stage.RESPONSE, f"status {request.status}")
    if reset_by_server_side(connection):
        return _failed(Stage.RESPONSE, "reset")
    ended = request.inside is not None and request.inside.ended
    if ended or ended_first(connection, Side.SERVER):
        return _failed(Stage.RESPONSE, "truncated")
    own = connection.client_reset
    left_s = [t for t in (connection.client.fin_s, own.time_s if own else None) if t is not None]
    if left_s and min(left_s) - (request.body_end_s or request.request_s) < STILL_OPEN_S:
        return Ending(Outcome.ABANDONED, Stage.RESPONSE, "given up by the client")
    if open_at_end(connection, request.body_end_s or request.request_s, last_s):
        return _unknown(Stage.RESPONSE, "the capture ends")
    return _failed(Stage.RESPONSE, "stalled")


def _aborted(request: HttpExchange, connection: Connection) -> Ending | None:
    """The ending of an HTTP/2 stream that one side gave up before it was answered in full."""
    inside = request.inside
    if inside is None or inside.abort is None or (request.status or 0) >= 400:
        return None
    abort = inside.abort
    stage = Stage.REQUEST if request.status is None else Stage.RESPONSE
    if abort.last_stream is not None:
        # Streams up to the last one named may still be answered (RFC 9113 section 6.8).
        refused = (inside.http2_stream or 0) > abort.last_stream
        over = refused or server_broke_off(connection)
        return _failed(stage, "connection given up by the server") if over else None
    if abort.sender is Side.SERVER:
        return _failed(stage, "stream reset")
    waited_s = abort.time_s - (request.body_end_s or request.response_s or request.request_s)
    if waited_s < STILL_OPEN_S:
        return Ending(Outcome.ABANDONED, stage, "given up by the client")
    return _failed(stage, "no answer" if request.status is None else "stalled")


def _length_unread(request: HttpExchange) -> bool:
    """The head of the answer was not captured to its end, nor a length in what there is of it."""
    return request.head_cut and request.announced_bytes is None


def _cut_off(request: HttpExchange, connection: Connection) -> bool:
    """The server ended the connection with this answer, be it complete or not."""
    last_s = connection.server.last_data_s
    over = request.body_end_s is None or last_s is None or request.body_end_s >= last_s
    return over and ended_first(connection, Side.SERVER)


def _sent_too_little(request: HttpExchange, connection: Connection, before: int) -> bool:
    """By its sequence numbers the server never sent what it announced: no need to see the bytes."""
    announced = request.announced_bytes
    return announced is not None and connection.server.sent_bytes < before + announced


def _torn_down(request: HttpExchange, connection: Connection) -> bool:
    """The client took a RST in the server's name before the answer was there: it acknowledged no
    byte more, and resets in its turn what the server, which knows of nothing, still sends.

    So forged resets show from beside the path: the server's own answer is only late.
    """
    mine = connection.client_reset
    done_s = request.body_end_s or request.response_s
    if mine is None or done_s is None or not reset_by_server_side(connection):
        return False
    before = [r for r in connection.resets if r.sender is Side.SERVER and r.time_s <= mine.time_s]
    if not before or not request.request_s <= before[0].time_s < done_s:
        return False
    return connection.server.acked_bytes < connection.server.sent_bytes
