"""Bytes meant to break the handshake reader: nothing raises, and work stays bounded."""

from __future__ import annotations

import time
from functools import cache
from ssl import TLSVersion

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzers.certificates import inspection_vendor
from analyzers.facts import TlsHandshake, TlsStage
from analyzers.tlsrecords import MAX_HANDSHAKE_BYTES
from tests.analyzers.talk import Connection
from tests.analyzers.tlstalk import (
    CLIENT,
    SERVER,
    Dialogue,
    Turn,
    client_context,
    client_hello,
    facts,
    message,
    record,
    server_context,
    server_name,
    wire,
)

QUICK = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: A read of a few hundred kilobytes takes milliseconds; a loop over them would take minutes.
PATIENCE_S = 5.0

HELLO = record(22, message(1, client_hello([0x1301], [server_name("a.example")])))


@cache
def _turns(version: TLSVersion) -> tuple[Turn, ...]:
    dialogue = Dialogue(client_context(), server_context(version))
    dialogue.shake()
    dialogue.say(CLIENT, b"GET / HTTP/1.1\r\n\r\n")
    dialogue.say(SERVER, b"HTTP/1.1 200 OK\r\n\r\n")
    dialogue.leave(CLIENT)
    return tuple(dialogue.turns)


def _sane(found: tuple[TlsHandshake, ...]) -> None:
    for handshake in found:
        hello = handshake.client_hello
        assert handshake.hello_acked_bytes <= (hello.size if hello else 0)
        assert handshake.server_flight_bytes >= 0
        assert handshake.not_tls is None or len(handshake.not_tls) <= 80
        assert handshake.completed == (handshake.finished_frame is not None)
        assert not (handshake.completed and handshake.rejected_by_client)


@QUICK
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_either_way(sent: bytes, answered: bytes) -> None:
    _sane(facts(wire([(CLIENT, sent), (SERVER, answered)]).frames))
    _sane(facts(wire([(CLIENT, HELLO), (SERVER, answered), (CLIENT, sent)]).frames))


@QUICK
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(19, 25), st.binary(max_size=80))))
def test_any_records_either_way(records: list[tuple[int, int, bytes]]) -> None:
    turns = [(side, record(kind, body)) for side, kind, body in records]
    _sane(facts(wire([(CLIENT, HELLO), *turns]).frames))


@QUICK
@given(st.sampled_from([TLSVersion.TLSv1_2, TLSVersion.TLSv1_3]), st.data())
def test_a_real_handshake_with_damage(version: TLSVersion, data: st.DataObject) -> None:
    turns = [(side, bytearray(said)) for side, said in _turns(version)]
    for _ in range(data.draw(st.integers(1, 5))):
        _, said = turns[data.draw(st.integers(0, len(turns) - 1))]
        said[data.draw(st.integers(0, len(said) - 1))] = data.draw(st.integers(0, 255))
    _sane(facts(wire([(side, bytes(said)) for side, said in turns]).frames))


@QUICK
@given(st.sampled_from([TLSVersion.TLSv1_2, TLSVersion.TLSv1_3]), st.data())
def test_a_real_handshake_with_holes(version: TLSVersion, data: st.DataObject) -> None:
    talk = Connection(443)
    for side, said in _turns(version):
        for at in range(0, len(said), 150):
            say = talk.client if side == CLIENT else talk.server
            say(said[at : at + 150], seen=data.draw(st.integers(0, 9)) > 0)
    _sane(facts(talk.frames, snaplen=data.draw(st.sampled_from([262144, 120, 60, 47, 40]))))


def _timed(turns: list[Turn]) -> TlsHandshake:
    talk = wire(turns, segment=60_000)
    start = time.process_time()
    found = facts(talk.frames)
    assert time.process_time() - start < PATIENCE_S
    _sane(found)
    return found[0]


@pytest.mark.parametrize(
    "flood",
    [
        record(22, b"\x0b") * 100_000,
        record(22, b"") * 100_000,
        record(23, b"x") * 100_000,
        record(21, b"\x01\x5a") * 100_000,
        record(20, b"\x01") * 100_000,
        b"\x16\x03\x03\xff\xff" + bytes(600_000),
        record(22, message(0, b"") * 4000) * 40,
        record(22, b"\x0b\xff\xff\xff" + bytes(16_000)) * 40,
    ],
    ids=["bytes", "empty", "data", "warnings", "ccs", "long", "requests", "endless certificate"],
)
def test_a_server_that_floods(flood: bytes) -> None:
    handshake = _timed([(CLIENT, HELLO), (SERVER, flood)])
    assert handshake.stage in (TlsStage.SERVER_HELLO, TlsStage.CLIENT_HELLO)


def test_a_client_that_never_ends_its_hello() -> None:
    hello = record(22, b"\x01\xff\xff\xff" + bytes(16_000)) * 40
    handshake = _timed([(CLIENT, hello)])
    assert handshake.client_hello is not None and not handshake.client_hello.complete
    assert handshake.client_hello.size <= MAX_HANDSHAKE_BYTES + (1 << 24) + 20_000


def test_a_hello_full_of_extensions() -> None:
    hello = client_hello([0x1301] * 30_000, [(n % 65536, b"") for n in range(15_000)])
    records = b"".join(
        record(22, message(1, hello)[at : at + 16_000]) for at in range(0, len(hello) + 4, 16_000)
    )
    handshake = _timed([(CLIENT, records)])
    assert handshake.client_hello is not None and len(handshake.client_hello.extensions) <= 256


def test_a_chain_of_tiny_certificates() -> None:
    body = b"".join(b"\x00\x00\x01x" for _ in range(5000))
    certificates = message(11, len(body).to_bytes(3, "big") + body)
    flight = b"".join(
        record(22, certificates[at : at + 16_000]) for at in range(0, len(certificates), 16_000)
    )
    handshake = _timed([(CLIENT, HELLO), (SERVER, flight)])
    assert handshake.chain is not None and handshake.chain.malformed is not None


def test_an_issuer_made_to_keep_patterns_busy() -> None:
    start = time.process_time()
    inspection_vendor("web " * 100_000)
    inspection_vendor("forward " * 100_000 + "\n" * 1000)
    assert time.process_time() - start < PATIENCE_S
