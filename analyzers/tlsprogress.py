"""How far a TLS handshake got and who ended it: both sides' records in, the progress out.

Up to TLS 1.2 the messages are read. In TLS 1.3 everything after the ServerHello is encrypted, and
sizes and order tell (RFC 8446 2, 5.2): a Finished alone has 53 or 69 bytes, an alert 19.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from analyzers.facts import Side, TlsAlert
from analyzers.tlsalerts import alert_size, clear_alert, finished_size, hidden_alert
from analyzers.tlsrecords import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record
from analyzers.tlssides import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    SERVER_HELLO_DONE,
    ClientSide,
    ServerSide,
    second_hello_ends,
)
from captures.lazyclass import dataclass

TLS_1_3 = 0x0304

#: A client's certificates and their proof come before its Finished, in at most this many records.
_BEFORE_FINISHED = 16

#: Alerts told of each side; a flood of warnings says nothing more.
_MAX_ALERTS = 16

#: Smallest pair of equal records that can be session tickets (RFC 8446 4.6.1: 4 + 13 + a ticket).
_TICKET = 64


@dataclass(slots=True)
class Progress:
    """What both sides' records add up to."""

    alerts: list[TlsAlert] = field(default_factory=list)
    turn: Record | None = None
    """The client's first record after the server's hello, change_cipher_spec left out."""
    flight_end: int | None = None
    """Server stream offset after its flight, once the flight is known to be complete."""
    finished: Record | None = None
    """The client's Finished."""
    rejected: bool = False
    """The client sent an alert where its Finished was due."""
    resumed: bool = False
    certificate_requested: bool | None = None
    client_data: Record | None = None
    """The first application data of each side."""
    server_data: Record | None = None


def is_modern(server: ServerSide) -> bool:
    """The server chose TLS 1.3 (or a draft of it)."""
    return server.choice is not None and server.choice.version >= TLS_1_3


def progress(client: ClientSide, server: ServerSide) -> Progress:
    """Follow the handshake from the client's hello on."""
    if is_modern(server):
        return _modern(client, server)
    return _classic(client, server)


def _modern(client: ClientSide, server: ServerSide) -> Progress:
    result = Progress()
    choice, hello = server.choice, server.hello_record
    if choice is None or hello is None:
        return result
    result.resumed = choice.accepts_psk
    rest = second_hello_ends(client) if server.retry is not None else client.rest
    if client.early_data:
        # What was sent before the ServerHello came is 0-RTT data (RFC 8446 2.3).
        rest = [r for r in rest if r.kind != APPLICATION_DATA or r.frame > hello.frame]
    result.turn = next((r for r in rest if r.kind != CHANGE_CIPHER_SPEC), None)
    _clear_alerts(result, client, rest, Side.CLIENT)
    _clear_alerts(result, server, server.records, Side.SERVER)
    encrypted = [r for r in rest if r.kind == APPLICATION_DATA]
    after = _client_finished(result, encrypted, choice.cipher)
    flight = [r for r in server.after if r.kind == APPLICATION_DATA]
    if result.finished is None:
        _server_breaks_off(result, client, server, flight)
        _flight_without_answer(result, flight, choice.cipher)
        return result
    frame = result.finished.frame
    later = [r for r in flight if r.frame > frame]
    result.flight_end = max(
        (r.end for r in server.records if r.frame <= frame), default=server.start
    )
    _modern_data(result, client, server, after, later)
    return result


def _client_finished(
    result: Progress, encrypted: Sequence[Record], cipher: int
) -> Sequence[Record]:
    """Find the client's Finished, or the alert in its place; give the records after it."""
    size, alert = finished_size(cipher), alert_size(cipher)
    for index, record in enumerate(encrypted[:_BEFORE_FINISHED]):
        if record.length == alert:
            result.alerts.append(hidden_alert(record, Side.CLIENT, closing=False))
            result.rejected = True
            return ()
        if record.length == size:
            result.finished = record
            # Only a client that was asked sends a Certificate first, if only an empty one.
            result.certificate_requested = True if index else None
            return encrypted[index + 1 :]
    if encrypted and encrypted[0].length > size:
        # Some stacks join the flight's messages in one record.
        result.finished = encrypted[0]
        return encrypted[1:]
    return ()


def _flight_without_answer(result: Progress, flight: Sequence[Record], cipher: int) -> None:
    """Whether the server's flight can be called complete although no Finished answered it."""
    if result.rejected or any(a.sender is Side.CLIENT for a in result.alerts):
        before = [r for r in flight if result.turn is None or r.frame <= result.turn.frame]
        result.flight_end = max((r.end for r in before), default=None)
    elif flight and flight[-1].whole and flight[-1].length == finished_size(cipher):
        result.flight_end = flight[-1].end


def _server_breaks_off(
    result: Progress, client: ClientSide, server: ServerSide, flight: Sequence[Record]
) -> None:
    """An encrypted alert of the server before the client's Finished."""
    size = alert_size(server.choice.cipher if server.choice else 0)
    if flight and _is_last(flight[-1], server) and flight[-1].length == size:
        result.alerts.append(hidden_alert(flight[-1], Side.SERVER, closing=False))


def _modern_data(
    result: Progress,
    client: ClientSide,
    server: ServerSide,
    sent: Sequence[Record],
    answers: Sequence[Record],
) -> None:
    """Application data and encrypted alerts after the client's Finished."""
    size = alert_size(server.choice.cipher if server.choice else 0)
    last_sent = sent[-1] if sent else None
    if last_sent is not None and last_sent.length == size and _is_last(last_sent, client):
        result.alerts.append(hidden_alert(last_sent, Side.CLIENT, closing=True))
        sent = sent[:-1]
    last_answer = answers[-1] if answers else None
    if last_answer is not None and last_answer.length == size and _is_last(last_answer, server):
        answers = answers[:-1]
        closed = any(a.sender is Side.CLIENT and a.frame < last_answer.frame for a in result.alerts)
        # Whoever sends not even a session ticket before its alert has refused the client.
        closing = bool(answers) or closed
        result.alerts.append(hidden_alert(last_answer, Side.SERVER, closing=closing))
    result.client_data = sent[0] if sent else None
    if result.client_data is not None:
        result.server_data = next(iter(_without_tickets(answers)), None)


def _without_tickets(answers: Sequence[Record]) -> Sequence[Record]:
    """Leave out a leading pair of equal records: session tickets come so, answers hardly do."""
    if len(answers) >= 2 and answers[0].length == answers[1].length >= _TICKET:
        return answers[2:]
    return answers


def _classic(client: ClientSide, server: ServerSide) -> Progress:
    result = Progress()
    kinds = [m.kind for m in server.messages]
    done = next((m for m in server.messages if m.kind == SERVER_HELLO_DONE), None)
    ciphered = _after_change(server.after)
    result.resumed = bool(ciphered) and CERTIFICATE not in kinds and SERVER_HELLO_DONE not in kinds
    result.turn = next(iter(client.rest), None)
    result.finished = next((r for r in _after_change(client.rest) if r.kind == HANDSHAKE), None)
    server_finished = next((r for r in ciphered if r.kind == HANDSHAKE), None)
    if result.resumed and server_finished is not None:
        result.flight_end = server_finished.end
    elif done is not None:
        result.flight_end = done.end
    if CERTIFICATE_REQUEST in kinds:
        result.certificate_requested = True
    elif result.flight_end is not None:
        result.certificate_requested = False
    complete = result.finished is not None and server_finished is not None
    _classic_alerts(result, client, client.rest, Side.CLIENT, complete)
    _classic_alerts(result, server, server.records, Side.SERVER, complete)
    refused = [a for a in result.alerts if a.sender is Side.CLIENT and a.name != "close_notify"]
    if result.finished is None and refused and CERTIFICATE in kinds:
        # Go looks at the certificates as soon as it has them: the flight's end may still come.
        result.rejected = True
        result.flight_end = result.flight_end or server.messages[-1].end
    elif result.finished is None and refused and result.flight_end is not None:
        result.rejected = True
    if result.finished is not None:
        frame = result.finished.frame
        result.client_data = _first_data(client.rest)
        result.server_data = next(
            (r for r in server.after if r.kind == APPLICATION_DATA and r.frame > frame), None
        )
    return result


def _first_data(records: Sequence[Record]) -> Record | None:
    return next((r for r in records if r.kind == APPLICATION_DATA), None)


def _after_change(records: Sequence[Record]) -> Sequence[Record]:
    """The records behind a side's change_cipher_spec: encrypted ones."""
    at = next((i for i, r in enumerate(records) if r.kind == CHANGE_CIPHER_SPEC), len(records))
    return records[at + 1 :]


def _classic_alerts(
    result: Progress,
    side: ClientSide | ServerSide,
    records: Sequence[Record],
    sender: Side,
    complete: bool,
) -> None:
    """Alerts up to TLS 1.2: their records say so even when they are encrypted."""
    ciphered = False
    told = 0
    for record in records:
        ciphered = ciphered or record.kind == CHANGE_CIPHER_SPEC
        if record.kind != ALERT or told >= _MAX_ALERTS:
            continue
        told += 1
        clear = None if ciphered else clear_alert(side.stream, record, sender)
        result.alerts.append(
            clear or hidden_alert(record, sender, closing=complete, inferred=False)
        )


def _clear_alerts(
    result: Progress, side: ClientSide | ServerSide, records: Sequence[Record], sender: Side
) -> None:
    """Alerts in clear of a TLS 1.3 handshake: those sent before there were keys."""
    for record in [r for r in records if r.kind == ALERT][:_MAX_ALERTS]:
        alert = clear_alert(side.stream, record, sender)
        if alert is not None:
            result.alerts.append(alert)
            result.rejected = result.rejected or sender is Side.CLIENT


def _is_last(record: Record, side: ClientSide | ServerSide) -> bool:
    """Nothing of that side was seen after it."""
    return record.end >= side.stream.end
