"""Flights, retries, old versions, and who ended a handshake before it was completed."""

from __future__ import annotations

import ssl
from ssl import TLSVersion

import pytest

from analyzers.facts import Side, TlsHandshake, TlsStage
from tests.analyzers.tlstalk import (
    CLIENT,
    HOST,
    SERVER,
    Dialogue,
    Turn,
    block,
    client_context,
    client_hello,
    handshake,
    message,
    record,
    served,
    server_context,
    server_name,
    wire,
    words,
)
from tests.packets import ACK, FIN, RST

V1_2, V1_3 = TLSVersion.TLSv1_2, TLSVersion.TLSv1_3
HANDSHAKE, CHANGE, ALERT, DATA = 22, 20, 21, 23


def shaken(version: TLSVersion = V1_3, *, trusting: bool = True) -> list[Turn]:
    return Dialogue(client_context(trusting=trusting), server_context(version)).shake()


def old_handshake(version: int) -> list[Turn]:
    """A whole RSA handshake as RFC 6101, 2246 and 4346 have it; what is encrypted is made up."""

    def handshake_record(*messages: bytes) -> bytes:
        return record(HANDSHAKE, b"".join(messages), version)

    number = version.to_bytes(2, "big")
    hello = client_hello((0x002F, 0x000A), (), version, session_id=b"")
    answer = number + bytes(range(32)) + block(bytes(32), 1) + words(0x002F) + b"\0"
    chain = block(block(served().leaf.der, 3) + block(served().middle.der, 3), 3)
    change, finished = record(CHANGE, b"\1", version), handshake_record(bytes(64))
    return [
        (CLIENT, handshake_record(message(1, hello))),
        (SERVER, handshake_record(message(2, answer), message(11, chain), message(14, b""))),
        (CLIENT, handshake_record(message(16, block(bytes(256), 2))) + change + finished),
        (SERVER, change + finished),
        (CLIENT, record(DATA, bytes(80), version)),
        (SERVER, record(DATA, bytes(900), version)),
    ]


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
def test_old_versions(version: int) -> None:
    found = handshake(wire(old_handshake(version)))
    assert found.client_hello is not None and found.server_hello is not None
    assert found.client_hello.versions == (version,)
    assert (found.server_hello.version, found.server_hello.cipher) == (version, 0x002F)
    assert found.stage is TlsStage.APPLICATION_DATA
    assert found.chain is not None
    assert [c.der for c in found.chain.certificates] == [served().leaf.der, served().middle.der]
    name = {0x0300: "s3", 0x0301: "10", 0x0302: "11", 0x0303: "12"}[version]
    assert (found.client_hello.ja4 or "").startswith(f"t{name}i0200")
    assert found.client_flight_bytes == 5 + 4 + 258 + 6 + 5 + 64


def test_a_fatal_alert_of_ssl_3() -> None:
    turns = old_handshake(0x0300)[:1]
    found = handshake(wire([*turns, (SERVER, record(ALERT, b"\2\x28", 0x0300))]))
    (alert,) = found.alerts
    assert (alert.name, alert.sender) == ("handshake_failure", Side.SERVER)
    assert (found.stopped_by, found.stopped_how) == (Side.SERVER, "alert")
    assert found.stopped_frame == alert.frame


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_flights_have_an_end_and_a_size(version: TLSVersion) -> None:
    turns = shaken(version)
    found = handshake(wire(turns, segment=300))
    assert found.server_flight_end_s is not None and found.server_flight_end_frame is not None
    assert found.finished_s is not None and found.first_server_record_s is not None
    assert found.first_server_record_s < found.server_flight_end_s < found.finished_s
    # Each segment is acknowledged, 10 ms apart: the flight ends with the last segment of it.
    segments = -(-len(turns[0][1]) // 300), -(-len(turns[1][1]) // 300)
    assert found.server_flight_end_frame == 3 + 2 * sum(segments) - 1
    answer = turns[2][1]
    change = 6 if version is V1_3 else 0
    assert found.client_flight_bytes == len(answer) - change
    assert found.stopped_by is None and found.stopped_how is None


def test_half_a_flight_has_no_end() -> None:
    hello, flight = shaken()[:2]
    found = handshake(wire([hello, (SERVER, flight[1][:900])]))
    assert found.server_flight_end_s is None and found.server_flight_end_frame is None
    assert found.client_flight_bytes == 0


def test_certificates_of_the_client_make_its_flight_large() -> None:
    server, client = server_context(), client_context()
    server.verify_mode = ssl.CERT_OPTIONAL
    server.load_verify_locations(cadata=served().root.pem)
    plain = handshake(wire(Dialogue(client_context(), server_context()).shake()))
    asked = handshake(wire(Dialogue(client, server).shake()))
    assert asked.client_flight_bytes > plain.client_flight_bytes
    assert asked.certificate_requested is True


def test_another_key_share_is_asked_for() -> None:
    server = server_context(V1_3)
    server.set_ecdh_curve("secp384r1")
    turns = Dialogue(client_context(), server).shake()
    found = handshake(wire(turns))
    assert found.server_hello is not None and found.server_hello.hello_retry
    assert found.retry is not None and found.client_hello is not None
    assert (found.retry.group, found.retry.key_share_groups) == (24, (24,))
    # ssl sends a change_cipher_spec before its second hello.
    assert found.retry.hello_size == len(turns[2][1]) - 6
    assert found.retry.hello_s is not None and found.retry.time_s < found.retry.hello_s
    assert found.retry.hello_frames[0] > found.retry.frame > found.client_hello.frames[-1]
    assert found.client_hello.key_share_groups == (29,)


def test_a_retry_that_nobody_answers() -> None:
    server = server_context(V1_3)
    server.set_ecdh_curve("secp384r1")
    found = handshake(wire(Dialogue(client_context(), server).shake()[:2]))
    assert found.retry is not None
    assert (found.retry.group, found.retry.hello_frames, found.retry.hello_size) == (24, (), 0)


def test_without_a_retry_there_is_none() -> None:
    assert handshake(wire(shaken())).retry is None


Stop = tuple[Side | None, str | None]


def _stop(found: TlsHandshake) -> Stop:
    assert not found.completed
    return found.stopped_by, found.stopped_how


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_the_client_refuses(version: TLSVersion) -> None:
    assert _stop(handshake(wire(shaken(version, trusting=False)))) == (Side.CLIENT, "alert")


@pytest.mark.parametrize(
    ("side", "flags", "stop"),
    [
        (CLIENT, FIN | ACK, (Side.CLIENT, "close")),
        (SERVER, FIN | ACK, (Side.SERVER, "close")),
        (SERVER, RST, (Side.SERVER, "reset")),
        (CLIENT, RST | ACK, (Side.CLIENT, "reset")),
    ],
)
def test_the_first_end_counts(side: int, flags: int, stop: Stop) -> None:
    talk = wire(shaken()[:1])
    talk.send(side, flags=flags)
    talk.send(1 - side, flags=RST | ACK)
    assert _stop(handshake(talk)) == stop


def test_nobody_ends_a_silence() -> None:
    assert _stop(handshake(wire(shaken()[:1]))) == (None, None)


def test_a_warning_ends_nothing() -> None:
    hello = shaken()[0]
    talk = wire([hello, (SERVER, record(ALERT, b"\1\x70"))])
    talk.send(CLIENT, flags=FIN | ACK)
    assert _stop(handshake(talk)) == (Side.CLIENT, "close")


def test_what_else_a_hello_offers() -> None:
    share = block(words(0x11EC) + block(bytes(1216), 2) + words(29) + block(bytes(32), 2), 2)
    extensions = [
        server_name(HOST),
        (50, block(words(0x0904, 0x0804), 2)),
        (42, b""),
        (51, share),
        (0xFE0D, bytes(180)),
    ]
    body = client_hello((0x1301,), extensions)
    hello = handshake(wire([(CLIENT, record(HANDSHAKE, message(1, body)))])).client_hello
    assert hello is not None
    assert hello.certificate_schemes == (0x0904, 0x0804)
    assert hello.key_share_bytes == 2 + 4 + 1216 + 4 + 32 == 1258
    assert hello.early_data and hello.encrypted_hello and hello.post_quantum
    plain = handshake(wire(shaken())).client_hello
    assert plain is not None and not plain.early_data and not plain.encrypted_hello
    assert plain.certificate_schemes == ()
