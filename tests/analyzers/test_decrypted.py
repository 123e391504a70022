"""TLS of Python's ssl module opened with its own key log, by tshark."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from analyzers.facts import Facts, Outcome, Side, Stage, TlsStage
from captures import tsharkadapter
from tests.analyzers.insidetls import (
    ASKED,
    NEEDS_TSHARK,
    OPENING,
    Secured,
    data,
    expired_server,
    facts,
    get,
    goaway,
    head,
    reset,
    secured,
)
from tests.analyzers.tlstalk import CLIENT, SERVER, client_context

pytestmark = NEEDS_TSHARK

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def ends(found: Facts) -> list[tuple[str, str, str]]:
    return [(a.outcome.value, a.stage.name, a.reason) for a in found.attempts]


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_http1(version: ssl.TLSVersion) -> None:
    one = secured([(CLIENT, ASKED), (SERVER, ANSWER)], version=version, alpn=("http/1.1",))
    found = one.facts()
    (exchange,) = found.requests
    assert (exchange.method, exchange.target) == ("GET", "/m/@v/v1.0.0.zip")
    assert (exchange.status, exchange.reason, exchange.complete) == (200, "OK", True)
    assert (exchange.announced_bytes, exchange.received_bytes) == (5000, 5000)
    assert exchange.inside is not None and exchange.inside.http2_stream is None
    assert found.decryption.streams == {0} and found.decryption.unused is None
    assert found.handshakes[0].server_hello is not None
    assert found.handshakes[0].server_hello.alpn == "http/1.1"
    (attempt,) = found.attempts
    assert attempt.need == "https://proxy.example.com/m/@v/v1.0.0.zip"
    assert (attempt.outcome, attempt.stage) == (Outcome.SUCCEEDED, Stage.RESPONSE)


def test_frames_and_times_are_those_of_the_capture() -> None:
    one = secured([0.3, (CLIENT, ASKED), 1.5, (SERVER, ANSWER)], alpn=("http/1.1",))
    (exchange,) = one.facts().requests
    (request,) = exchange.request_frames
    assert exchange.response_frame is not None and exchange.body_end_frame is not None
    assert exchange.request_s == pytest.approx(one.frames[request - 1][0])
    assert exchange.response_s == pytest.approx(one.frames[exchange.response_frame - 1][0])
    assert exchange.body_end_s == pytest.approx(one.frames[exchange.body_end_frame - 1][0])
    assert exchange.response_s is not None
    assert exchange.response_s - exchange.request_s >= 1.5


def test_http2() -> None:
    one = secured(
        [
            *OPENING,
            get(1),
            get(3, "/m/@latest"),
            (SERVER, head(3, 404, 5) + head(1, 200, 3000) + data(1, 1000)),
            (SERVER, data(3, 5, end=True) + data(1, 2000, end=True)),
        ]
    )
    found = one.facts()
    first, second = found.requests
    assert (first.target, first.status, first.received_bytes) == ("/m/@v/v1.0.0.zip", 200, 3000)
    assert (second.target, second.status, second.received_bytes) == ("/m/@latest", 404, 5)
    assert first.complete and second.complete
    assert ends(found) == [
        ("succeeded", "RESPONSE", "status 200"),
        ("failed", "RESPONSE", "status 404"),
    ]
    assert [a.is_go for a in found.attempts] == [True, True]


def test_certificates_of_tls_1_3() -> None:
    one = secured([])
    without = one.facts(b"").handshakes[0]
    assert without.chain is None and without.chain_encrypted
    (handshake,) = one.facts().handshakes
    assert handshake.chain is not None and handshake.chain_encrypted
    assert handshake.chain.source == "decrypted"
    subjects = [c.subject for c in handshake.chain.certificates]
    assert subjects == ["CN=proxy.example.com", "CN=Test Sub"]
    assert handshake.server_hello is not None
    assert handshake.server_hello.frame in handshake.chain.frames
    assert handshake.certificate_requested is False


def test_handshake_secrets_alone_show_certificates_but_no_requests() -> None:
    one = secured([(CLIENT, ASKED), (SERVER, ANSWER)], alpn=("http/1.1",))
    lines = [line for line in one.key_log.splitlines() if b"HANDSHAKE" in line]
    found = one.facts(b"\n".join(lines))
    assert found.handshakes[0].chain is not None
    assert found.requests == () and found.decryption.streams == frozenset()
    assert found.attempts[0].reason == "answered, encrypted"


def test_one_directions_secret_alone_shows_no_requests() -> None:
    """A request without its answer would look like a server that is silent."""
    one = secured([(CLIENT, ASKED), (SERVER, ANSWER)], alpn=("http/1.1",))
    lines = [line for line in one.key_log.splitlines() if b"SERVER_TRAFFIC" not in line]
    assert one.facts(b"\n".join(lines)).requests == ()


def test_the_clients_reason_for_a_rejection() -> None:
    one = secured([], server=expired_server())
    (handshake,) = one.facts().handshakes
    (alert,) = handshake.alerts
    assert (alert.name, alert.description, alert.inferred) == ("certificate_expired", 45, False)
    assert alert.sender is Side.CLIENT
    assert handshake.rejected_by_client and handshake.stage is TlsStage.SERVER_FLIGHT


def test_an_encrypted_close_notify_is_read() -> None:
    answer = head(1, 200, 5) + data(1, 5, end=True)
    one = secured([*OPENING, get(1), (SERVER, answer), (CLIENT, b"")])
    (told,) = one.facts(b"").handshakes[0].alerts
    assert told.inferred and told.description is None
    (read,) = one.facts().handshakes[0].alerts
    assert (read.name, read.description, read.level) == ("close_notify", 0, 1)
    assert (read.frame, read.sender, read.inferred) == (told.frame, Side.CLIENT, False)


@pytest.mark.parametrize(
    ("script", "closed_by", "end"),
    [
        ([(SERVER, head(1, 200, 99) + data(1, 9, end=True))], CLIENT, "truncated"),
        ([(SERVER, head(1, 200, 99) + data(1, 9))], SERVER, "truncated"),
        ([(SERVER, head(1, 200, 99) + data(1, 9)), (SERVER, reset(1, 2))], CLIENT, "stream reset"),
        ([(SERVER, reset(1, 2))], CLIENT, "stream reset"),
        ([(SERVER, goaway(0, 11))], SERVER, "connection given up by the server"),
        (
            [(SERVER, head(1, 200, 99) + goaway(1, 0))],
            SERVER,
            "connection given up by the server",
        ),
        ([(SERVER, head(1, 200, 9) + data(1, 9, end=True) + goaway(1, 0))], SERVER, "status 200"),
        ([3.0, (CLIENT, reset(1, 8))], CLIENT, "no answer"),
        ([(SERVER, head(1, 200, 99) + data(1, 9)), 3.0, (CLIENT, reset(1, 8))], CLIENT, "stalled"),
        ([(CLIENT, reset(1, 8))], CLIENT, "given up by the client"),
        ([(SERVER, head(1, 200, 99) + data(1, 9))], CLIENT, "given up by the client"),
        ([(SERVER, head(1, 200, 99) + data(1, 9)), 12.0], CLIENT, "stalled"),
        ([12.0], CLIENT, "no answer"),
        ([(SERVER, head(1, 200))], None, "the capture ends"),
    ],
)
def test_how_streams_end(
    script: list[tuple[int, bytes] | float], closed_by: int | None, end: str
) -> None:
    found = secured([*OPENING, get(1), *script], closed_by=closed_by).facts()
    assert [a.reason for a in found.attempts] == [end]


def test_resets_are_facts_of_their_own() -> None:
    found = secured([*OPENING, get(1), (SERVER, reset(1, 7) + goaway(1, 0))]).facts()
    assert [(a.name, a.http2_stream, a.last_stream) for a in found.decryption.aborts] == [
        ("REFUSED_STREAM", 1, None),
        ("NO_ERROR", None, 1),
    ]


def test_behind_a_hole_nothing_is_guessed() -> None:
    answer = head(1, 200, 60_000) + b"".join(data(1, 15_000, end=n == 3) for n in range(4))
    one = secured([*OPENING, get(1), (SERVER, answer), get(3), (SERVER, head(3, 200, 0))])
    full = [i for i, (_, packet) in enumerate(one.frames) if len(packet) == 1440]
    lost = full[len(full) // 2]
    found = facts([*one.frames[:lost], *one.frames[lost + 1 :]], one.key_log)
    assert {a.outcome for a in found.attempts} <= {Outcome.SUCCEEDED, Outcome.UNKNOWN}
    assert all(r.gap for r in found.requests)
    assert found.decryption.unused is not None
    assert "could not be decrypted to the end" in found.decryption.unused


def test_secrets_of_several_connections() -> None:
    pair = [
        secured([*OPENING, get(1), (SERVER, head(1, status, 0))], client_port=40000 + status)
        for status in (200, 500)
    ]
    found = facts([f for p in pair for f in p.frames], b"".join(p.key_log for p in pair))
    assert [(r.stream, r.status) for r in found.requests] == [(0, 200), (1, 500)]
    half = facts([f for p in pair for f in p.frames], pair[1].key_log)
    assert [(r.stream, r.status) for r in half.requests] == [(1, 500)]
    assert half.decryption.streams == {1}


@pytest.mark.parametrize(
    ("key_log", "why"),
    [
        (b"", "The key log is empty."),
        (b"nonsense\n" * 9, "The key log holds no line of the format that SSLKEYLOGFILE writes."),
        (
            b"CLIENT_RANDOM " + b"00" * 32 + b" " + b"11" * 48,
            "The TLS secrets fit none of the capture's TLS handshakes (1).",
        ),
    ],
)
def test_a_key_log_that_does_not_help(key_log: bytes, why: str) -> None:
    found = secured([]).facts(key_log)
    assert found.decryption.unused == why
    assert found.requests == ()


def test_false_secrets_for_a_true_handshake() -> None:
    one = secured([*OPENING, get(1), (SERVER, head(1, 200, 0))])
    wrong = b"\n".join(
        line[:-8] + b"00000000" for line in one.key_log.splitlines() if not line.startswith(b"#")
    )
    found = one.facts(wrong)
    assert found.requests == () and found.handshakes[0].chain is None
    assert found.decryption.streams == frozenset()


def test_without_tshark_all_else_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    one = secured([*OPENING, get(1), (SERVER, head(1, 200, 0))])
    monkeypatch.setattr(tsharkadapter, "find_program", lambda *_: None)
    found = one.facts()
    assert found.decryption.unused == (
        "The secrets of 1 TLS connection are there, but tshark is not installed: what is inside "
        "was not judged. Install it (Debian, Ubuntu: apt install tshark; elsewhere it comes with "
        "Wireshark)."
    )
    assert found.attempts[0].reason == "answered, encrypted"


def _failing(path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(tsharkadapter, "find_program", lambda *_: str(path))


def test_tshark_that_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = secured([*OPENING, get(1), (SERVER, head(1, 200, 0))])
    line = (
        '{"layers":{"frame_number":["%d"],"tls_handshake_type":["x","11"],'
        '"tls_handshake_certificate":["zz","3000"],"tls_alert_message_level":["2"],'
        '"tls_alert_message_desc":["-7"],"data_data":["abc","00:ff"],"http2_type":[]}}'
    )
    output = tmp_path / "output"
    output.write_text("\n".join(line % number for number in range(1, 30)))
    _failing(tmp_path / "tshark", monkeypatch, f"cat {output}; echo broken >&2; exit 2")
    found = one.facts()
    assert found.decryption.unused is not None
    assert "tshark failed: broken" in found.decryption.unused


def test_secrets_in_the_capture_itself() -> None:
    from analyzers.extraction import extract
    from tests.analyzers.talk import captured

    one: Secured = secured([*OPENING, get(1), (SERVER, head(1, 200, 0) + data(1, 0, end=True))])
    with captured(one.frames) as capture:
        assert extract(capture).requests == ()
        capture.secrets = (one.key_log,)
        assert [r.status for r in extract(capture).requests] == [200]


def test_a_client_that_trusts_nobody() -> None:
    one = secured([], client=client_context(trusting=False))
    (handshake,) = one.facts().handshakes
    assert [a.name for a in handshake.alerts] == ["unknown_ca"]
    assert handshake.chain is not None and len(handshake.chain.certificates) == 2
