"""Handshakes between two ends of Python's ssl: every stage, and who ended it."""

from __future__ import annotations

import ssl
from ssl import TLSVersion

import pytest

from analyzers.facts import Side, TlsStage
from tests.analyzers.talk import Connection
from tests.analyzers.tlstalk import (
    CLIENT,
    HOST,
    SERVER,
    Dialogue,
    client_context,
    client_hello,
    facts,
    handshake,
    message,
    record,
    served,
    server_context,
    server_name,
    wire,
    words,
)
from tests.packets import ACK, FIN, PSH, RST

V1_2, V1_3 = TLSVersion.TLSv1_2, TLSVersion.TLSv1_3


def _dialogue(version: TLSVersion = V1_3, *, trusting: bool = True) -> Dialogue:
    return Dialogue(client_context(trusting=trusting), server_context(version))


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_completed_handshake(version: TLSVersion) -> None:
    dialogue = _dialogue(version)
    turns = list(dialogue.shake())
    found = handshake(wire(turns))
    hello, answer = found.client_hello, found.server_hello
    assert hello is not None and answer is not None
    assert (hello.sni, hello.alpn, hello.complete) == (HOST, ("h2", "http/1.1"), True)
    assert hello.versions == (0x0304, 0x0303)
    assert hello.size == len(turns[0][1])
    assert answer.version == int(version)
    assert not answer.resumed and not answer.hello_retry
    assert answer.alpn == (None if version is V1_3 else "h2")
    assert found.stage is TlsStage.CLIENT_FINISHED
    assert found.completed and not found.rejected_by_client
    assert found.server_flight_bytes == len(turns[1][1])
    assert found.alerts == () and found.not_tls is None
    assert found.hello_acked_bytes == hello.size
    assert found.chain_encrypted == (version is V1_3)
    assert found.certificate_requested is (None if version is V1_3 else False)


def test_frames_and_times_are_those_of_the_segments() -> None:
    turns = _dialogue().shake()
    found = handshake(wire(turns, segment=300))
    hello, flight, answer = turns[0][1], turns[1][1], found.server_hello
    # SYN, SYN-ACK, ACK; then a segment and its ACK each.
    segments = -(-len(hello) // 300)
    assert found.client_hello is not None and answer is not None
    assert found.client_hello.frames == tuple(range(4, 4 + 2 * segments, 2))
    first_answer = 4 + 2 * segments
    assert found.first_server_record_frame == first_answer
    assert answer.frame == first_answer
    finished = first_answer + 2 * -(-len(flight) // 300)
    assert found.finished_frame == finished
    assert found.finished_s == pytest.approx((finished - 1) * 0.01)
    assert found.hello_acked_s == pytest.approx((first_answer - 2) * 0.01)


def test_the_chain_of_tls_1_2_is_read_from_the_wire() -> None:
    found = handshake(wire(_dialogue(V1_2).shake(), segment=200))
    assert found.chain is not None
    assert [c.der for c in found.chain.certificates] == [served().leaf.der, served().middle.der]
    assert found.chain.source == "wire" and found.chain.malformed is None
    assert len(found.chain.frames) > 1


def test_a_chain_with_a_hole_is_not_told() -> None:
    dialogue = _dialogue(V1_2)
    turns = dialogue.shake()
    talk = Connection(443)
    talk.client(turns[0][1])
    flight = turns[1][1]
    talk.server(flight[:400])
    talk.server(flight[400:500], seen=False)
    talk.server(flight[500:])
    for side, data in turns[2:]:
        (talk.client if side == CLIENT else talk.server)(data)
    found = handshake(talk)
    assert found.chain is None
    assert found.server_hello is not None
    assert found.stage is TlsStage.CLIENT_FINISHED


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_application_data_and_close_notify(version: TLSVersion) -> None:
    dialogue = _dialogue(version)
    dialogue.shake()
    before = len(dialogue.turns)
    dialogue.say(CLIENT, b"GET / HTTP/1.1\r\n\r\n")
    dialogue.say(SERVER, b"HTTP/1.1 200 OK\r\n\r\nwell")
    dialogue.leave(CLIENT)
    talk = wire(dialogue.turns)
    talk.close(0)
    found = handshake(talk)
    assert found.stage is TlsStage.APPLICATION_DATA
    assert found.first_application_data_s.keys() == {Side.CLIENT, Side.SERVER}
    sent_after = sum(1 for _ in dialogue.turns[:before]) * 2 + 3
    assert found.first_application_data_s[Side.CLIENT] == pytest.approx(sent_after * 0.01)
    assert [(a.sender, a.name, a.inferred) for a in found.alerts] == [
        (Side.CLIENT, "close_notify", True)
    ]
    assert found.completed and not found.rejected_by_client


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_spare_connection_closed_at_once_is_a_completed_handshake(version: TLSVersion) -> None:
    dialogue = _dialogue(version)
    dialogue.shake()
    dialogue.leave(CLIENT)
    talk = wire(dialogue.turns)
    talk.send(0, flags=FIN | ACK)
    talk.send(0, flags=RST)
    found = handshake(talk)
    assert found.completed and found.stage is TlsStage.CLIENT_FINISHED
    assert [a.name for a in found.alerts] == ["close_notify"]


def test_a_client_that_refuses_the_certificates_as_go_does_in_tls_1_3() -> None:
    """Go sends change_cipher_spec and an encrypted alert in one segment."""
    turns = _dialogue(V1_3).shake()[:2]
    talk = wire([*turns, (CLIENT, record(20, b"\1") + record(23, bytes(19)))])
    talk.close(0)
    found = handshake(talk)
    assert found.rejected_by_client and not found.completed
    assert found.stage is TlsStage.SERVER_FLIGHT
    assert found.server_flight_bytes == len(turns[1][1])
    (alert,) = found.alerts
    assert (alert.sender, alert.name, alert.inferred, alert.description) == (
        Side.CLIENT,
        "encrypted",
        True,
        None,
    )


def test_a_client_that_refuses_the_certificates_as_openssl_does_in_tls_1_3() -> None:
    """OpenSSL has not changed its keys yet when it looks at certificates."""
    turns = _dialogue(V1_3, trusting=False).shake()
    found = handshake(wire(turns))
    assert found.rejected_by_client and found.stage is TlsStage.SERVER_FLIGHT
    assert found.server_flight_bytes == len(turns[1][1])
    assert [(a.name, a.description, a.inferred) for a in found.alerts] == [
        ("unknown_ca", 48, False)
    ]


def test_a_client_that_refuses_the_certificates_in_tls_1_2() -> None:
    found = handshake(wire(_dialogue(V1_2, trusting=False).shake()))
    assert found.rejected_by_client and found.stage is TlsStage.SERVER_FLIGHT
    (alert,) = found.alerts
    assert (alert.name, alert.description, alert.level, alert.inferred) == (
        "unknown_ca",
        48,
        2,
        False,
    )
    assert found.chain is not None and len(found.chain.certificates) == 2


@pytest.mark.parametrize("end", [FIN | ACK, RST | ACK])
def test_a_client_that_only_closes_on_the_flight(end: int) -> None:
    talk = wire(_dialogue(V1_2).shake()[:2])
    talk.send(0, flags=end)
    found = handshake(talk)
    assert found.rejected_by_client and found.stage is TlsStage.SERVER_FLIGHT


def test_a_client_that_closes_ten_seconds_later_gave_up_waiting() -> None:
    talk = wire(_dialogue(V1_2).shake()[:2])
    talk.send(0, flags=FIN | ACK, at_s=10.0)
    assert not handshake(talk).rejected_by_client


def test_a_flight_that_meets_a_closed_socket_was_not_judged() -> None:
    hello, flight = _dialogue(V1_2).shake()[:2]
    talk = wire([hello])
    talk.send(0, flags=FIN | ACK)
    talk.send(1, flight[1])
    talk.send(0, flags=RST)
    assert not handshake(talk).rejected_by_client


def test_half_a_flight_is_no_flight() -> None:
    turns = _dialogue(V1_2).shake()
    talk = wire([turns[0], (SERVER, turns[1][1][:700])])
    talk.send(0, flags=FIN | ACK, at_s=10.0)
    found = handshake(talk)
    assert found.stage is TlsStage.SERVER_HELLO
    assert found.server_flight_bytes == 700
    assert not found.rejected_by_client


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_server_that_wants_a_client_certificate(version: TLSVersion) -> None:
    server = server_context(version)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=served().root.pem)
    turns = Dialogue(client_context(), server).shake()
    found = handshake(wire(turns))
    assert found.certificate_requested is True
    (alert,) = found.alerts
    assert alert.sender is Side.SERVER
    assert alert.name == ("handshake_failure" if version is V1_2 else "encrypted")
    assert found.stage is TlsStage.CLIENT_FINISHED
    assert not found.rejected_by_client


def test_no_version_in_common() -> None:
    turns = Dialogue(client_context(V1_3), server_context(V1_2)).shake()
    found = handshake(wire(turns))
    assert found.server_hello is None
    assert [(a.sender, a.name, a.description) for a in found.alerts] == [
        (Side.SERVER, "protocol_version", 70)
    ]


def test_a_hello_retry_request() -> None:
    server = server_context(V1_3)
    server.set_ecdh_curve("secp384r1")
    found = handshake(wire(Dialogue(client_context(), server).shake()))
    assert found.server_hello is not None
    assert found.server_hello.hello_retry and found.server_hello.group == 24
    assert found.stage is TlsStage.CLIENT_FINISHED
    assert found.client_hello is not None and found.client_hello.key_share_groups == (29,)


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_resumed_session_has_no_certificates(version: TLSVersion) -> None:
    contexts = client_context(), server_context(version)
    first = Dialogue(*contexts)
    first.shake()
    first.say(CLIENT, b"hello")
    first.say(SERVER, b"hello")
    again = Dialogue(*contexts, session=first.client.session)
    again.shake()
    assert again.client.session_reused
    again.say(CLIENT, b"more")
    found = handshake(wire(again.turns))
    assert found.client_hello is not None and found.client_hello.has_session
    assert found.server_hello is not None and found.server_hello.resumed
    assert found.chain is None and not found.chain_encrypted
    assert found.completed


def test_a_new_session_offers_none() -> None:
    hello = handshake(wire(_dialogue().shake())).client_hello
    assert hello is not None and not hello.has_session


def test_only_the_hello_and_no_answer() -> None:
    turns = _dialogue().shake()
    found = handshake(wire(turns[:1]))
    assert found.stage is TlsStage.CLIENT_HELLO
    assert found.server_hello is None and found.first_server_record_s is None
    assert found.hello_acked_bytes == len(turns[0][1])


def test_a_hello_of_which_a_part_is_acknowledged() -> None:
    hello = _dialogue().shake()[0][1]
    talk = Connection(443)
    talk.client(hello[:300])
    talk.send(0, hello[300:], flags=ACK | PSH)
    found = handshake(talk)
    assert found.hello_acked_bytes == 300
    assert found.hello_acked_s is None


def test_a_reset_acknowledges_nothing() -> None:
    hello = _dialogue().shake()[0][1]
    talk = Connection(443)
    talk.send(0, hello, flags=ACK | PSH)
    talk.send(1, flags=RST | ACK)
    found = handshake(talk)
    assert (found.hello_acked_bytes, found.hello_acked_s) == (0, None)


def test_a_hello_whose_second_half_was_not_captured() -> None:
    hello = _dialogue().shake()[0][1]
    talk = Connection(443)
    talk.client(hello[:150])
    talk.client(hello[150:], seen=False)
    found = handshake(talk)
    assert found.client_hello is not None
    assert not found.client_hello.complete
    assert found.client_hello.size == len(hello)
    assert found.client_hello.ja4 is None


@pytest.mark.parametrize("snaplen", [44, 45, 50, 96, 200])
def test_a_hello_cut_by_the_snaplen(snaplen: int) -> None:
    frames = wire(_dialogue().shake()).frames
    (found,) = facts(frames, snaplen=snaplen)
    assert found.client_hello is not None and not found.client_hello.complete
    assert found.completed is (snaplen >= 45) or not found.completed


def test_a_hello_in_records_of_one_byte() -> None:
    body = message(1, client_hello([0x1301], [server_name("a.example")]))
    hello = b"".join(record(22, bytes((byte,)), 0x0301) for byte in body)
    found = handshake(wire([(CLIENT, hello)]))
    assert found.client_hello is not None
    assert found.client_hello.sni == "a.example" and found.client_hello.complete
    assert found.client_hello.size == 6 * len(body)


def test_a_name_in_capitals_is_the_same_name() -> None:
    hello = record(22, message(1, client_hello([0x1301], [server_name("A.Example")])))
    found = handshake(wire([(CLIENT, hello)]))
    assert found.sni == "a.example"


def test_an_sslv2_hello() -> None:
    specs = bytes.fromhex("00002f 000035 010080".replace(" ", ""))
    body = b"\x01\x03\x01" + words(len(specs), 0, 16) + specs + bytes(16)
    hello = (0x8000 | len(body)).to_bytes(2, "big") + body
    found = handshake(wire([(CLIENT, hello)]))
    assert found.client_hello is not None
    assert found.client_hello.ciphers == (0x002F, 0x0035)
    assert found.client_hello.versions == (0x0301,)
    assert found.client_hello.size == len(hello) and found.client_hello.complete


def test_something_else_than_tls_comes_back() -> None:
    turns = [_dialogue().shake()[0], (SERVER, b"HTTP/1.1 400 Bad Request\r\n\r\n\x00\xff\\" * 9)]
    found = handshake(wire(turns))
    assert found.not_tls is not None
    assert found.not_tls.startswith("HTTP/1.1 400 Bad Request\\r\\n\\r\\n\\x00\\xff")
    assert len(found.not_tls) <= 80
    assert found.not_tls_frame == 6
    assert found.stage is TlsStage.CLIENT_HELLO


def test_behind_a_connect() -> None:
    dialogue = _dialogue()
    dialogue.shake()
    dialogue.say(CLIENT, b"GET / HTTP/1.1\r\n\r\n")
    ask = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()
    grant = b"HTTP/1.1 200 Connection established\r\n\r\n"
    found = handshake(wire([(CLIENT, ask), (SERVER, grant), *dialogue.turns]))
    assert found.sni == HOST and found.stage is TlsStage.APPLICATION_DATA
    assert found.server_flight_bytes == len(dialogue.turns[1][1])
    assert found.hello_acked_bytes == len(dialogue.turns[0][1])
    assert found.client_hello is not None and found.client_hello.frames == (8,)


def test_a_capture_that_missed_the_client_hello() -> None:
    turns = _dialogue(V1_2).shake()
    talk = Connection(443)
    talk.client(turns[0][1], seen=False)
    for side, data in turns[1:]:
        (talk.client if side == CLIENT else talk.server)(data)
    found = handshake(talk)
    assert found.client_hello is None and found.sni is None
    assert found.server_hello is not None and found.chain is not None


def test_the_last_record_of_a_long_download() -> None:
    dialogue = _dialogue()
    dialogue.shake()
    dialogue.say(CLIENT, b"GET / HTTP/1.1\r\n\r\n")
    for _ in range(90):
        dialogue.say(SERVER, bytes(1000))
    dialogue.leave(SERVER)
    found = handshake(wire(dialogue.turns))
    assert [(a.sender, a.name) for a in found.alerts] == [(Side.SERVER, "close_notify")]


def test_what_is_no_tls_has_no_handshake() -> None:
    assert facts(wire([(CLIENT, b"SSH-2.0-x\r\n"), (SERVER, b"SSH-2.0-y\r\n")]).frames) == ()
    assert facts(wire([(CLIENT, b"\x16\x03\x01\x00\x05\x02abcd")]).frames) == ()
    assert facts(wire([]).frames) == ()


def test_a_server_that_stops_in_the_middle_of_tls_1_3() -> None:
    turns = _dialogue().shake()
    found = handshake(wire([turns[0], (SERVER, turns[1][1][:150])]))
    assert found.stage is TlsStage.SERVER_HELLO
    assert found.server_flight_bytes == 150
    assert found.server_hello is not None and found.chain_encrypted
