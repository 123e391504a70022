"""Verdicts on what is inside TLS: with its secrets it is judged like what goes by in clear."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest
from click.testing import CliRunner

from captures import tsharkadapter
from diagnostics.cli import cli
from diagnostics.engine import diagnose
from diagnostics.verdict import Outcome, Role, Verdict
from tests.analyzers.insidetls import (
    ASKED,
    NEEDS_TSHARK,
    OPENING,
    Script,
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
from tests.analyzers.tlstalk import CLIENT, SERVER
from tests.packets import write_pcap

pytestmark = NEEDS_TSHARK

URL = "https://proxy.example.com/m/@v/v1.0.0.zip"
WHOLE = head(1, 200, 9) + data(1, 9, end=True)
HALF = head(1, 200, 9000) + data(1, 4000)


def judged(one: Secured) -> Verdict:
    return diagnose(one.facts())


def shown(verdict: Verdict) -> str:
    assert verdict.root_cause is not None
    return "; ".join(e.text for e in verdict.root_cause.evidence)


def answer(status: int) -> bytes:
    return head(1, status, 0) + data(1, 0, end=True)


@pytest.mark.parametrize(
    ("script", "closed_by", "cause", "outcome"),
    [
        ([(SERVER, answer(404))], CLIENT, "http.not_found", "failed"),
        ([(SERVER, answer(403))], CLIENT, "http.unauthorized", "failed"),
        ([(SERVER, answer(429))], CLIENT, "http.rate_limited", "failed"),
        ([(SERVER, answer(500))], CLIENT, "http.server_error", "failed"),
        ([(SERVER, reset(1, 2))], CLIENT, "http.stream_reset", "failed"),
        ([(SERVER, HALF), (SERVER, reset(1, 2))], CLIENT, "http.stream_reset", "failed"),
        ([(SERVER, goaway(0, 11))], SERVER, "http.stream_reset", "failed"),
        ([(SERVER, HALF)], SERVER, "http.truncated_body", "failed"),
        ([(SERVER, HALF + data(1, 0, end=True))], CLIENT, "http.truncated_body", "failed"),
        ([(SERVER, HALF), 15.0], CLIENT, "http.stalled_body", "failed"),
        ([(SERVER, HALF), 5.0, (CLIENT, reset(1, 8))], CLIENT, "http.stalled_body", "failed"),
        ([15.0], CLIENT, "http.slow_response", "failed"),
        ([4.0, (SERVER, WHOLE)], CLIENT, "http.slow_response", "degraded"),
        (
            [(SERVER, HALF), 4.0, (SERVER, data(1, 5000, end=True))],
            CLIENT,
            "http.stalled_body",
            "degraded",
        ),
    ],
)
def test_http2(script: Script, closed_by: int, cause: str, outcome: str) -> None:
    verdict = judged(secured([*OPENING, get(1), *script], closed_by=closed_by))
    assert verdict.root_cause is not None
    assert (verdict.root_cause.cause, verdict.outcome.value) == (cause, outcome)
    assert verdict.root_cause.hop.role in (Role.SERVER, Role.UPSTREAM)
    assert all(e.frames for e in verdict.root_cause.evidence)


def test_http1() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 4000
    one = secured([(CLIENT, ASKED), (SERVER, half)], alpn=("http/1.1",), closed_by=SERVER)
    verdict = judged(one)
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "http.truncated_body"
    assert "4000 of 9000 bytes arrived" in shown(verdict)


def test_what_a_reset_stream_says() -> None:
    verdict = judged(secured([*OPENING, get(1), (SERVER, HALF), (SERVER, reset(1, 11))]))
    assert shown(verdict) == (f"GET {URL}: 4000 of 9000 bytes, then RST_STREAM (ENHANCE_YOUR_CALM)")


def test_a_download_that_works_is_healthy_and_has_no_blind_spot() -> None:
    one = secured([*OPENING, get(1), (SERVER, WHOLE), (SERVER, goaway(1, 0))])
    verdict = judged(one)
    assert (verdict.outcome, verdict.root_cause) == (Outcome.HEALTHY, None)
    assert not any("encrypted" in note for note in verdict.notes)
    assert any("encrypted" in note for note in diagnose(one.facts(b"")).notes)


def test_a_refused_request_that_was_asked_again_is_no_failure() -> None:
    """go does so by itself (RFC 9113 section 8.7)."""
    first = secured([*OPENING, get(1), (SERVER, goaway(0, 0))], closed_by=SERVER)
    again = secured([*OPENING, get(1), (SERVER, WHOLE)], client_port=40001)
    later = [(time_s + 0.5, packet) for time_s, packet in again.frames]
    verdict = diagnose(facts([*first.frames, *later], first.key_log + again.key_log))
    assert verdict.outcome is Outcome.HEALTHY


def test_a_web_page_in_place_of_a_module() -> None:
    page = (SERVER, _html(1))
    verdict = judged(secured([*OPENING, get(1, "/m/@v/v1.0.0.info"), page]))
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "http.captive_portal"


def _html(stream: int) -> bytes:
    from tests.analyzers.insidetls import headers

    fields = ((":status", "200"), ("content-type", "text/html; charset=utf-8"))
    return headers(stream, *fields) + data(stream, 300, end=True)


def test_the_reason_for_a_rejection_in_tls_1_3() -> None:
    one = secured([], server=expired_server())
    with_keys, without = judged(one), diagnose(one.facts(b""))
    assert with_keys.root_cause is not None and without.root_cause is not None
    assert with_keys.root_cause.cause == "tls.expired"
    assert "valid 2023-08-16 to 2023-11-13" in shown(with_keys)
    assert without.root_cause.cause == "tls.certificate_rejected"


def test_the_commands_take_a_key_log(tmp_path: Path) -> None:
    one = secured([*OPENING, get(1), (SERVER, answer(500))])
    capture, keys = write_pcap(tmp_path / "x.pcap", one.frames), tmp_path / "keys"
    keys.write_bytes(one.key_log)
    run = CliRunner().invoke
    alone = run(cli, ["diagnose", "--json", str(capture)])
    assert (alone.exit_code, json.loads(alone.stdout)["outcome"]) == (0, "healthy")
    opened = run(cli, ["diagnose", "--json", str(capture), "--keylog", str(keys)])
    assert opened.exit_code == 1
    assert json.loads(opened.stdout)["root_cause"]["cause"] == "http.server_error"
    told = run(cli, ["analyze", str(capture), "http", "--keylog", str(keys)])
    assert "TLS, HTTP/2 stream 1" in told.stdout
    missing = run(cli, ["diagnose", str(capture), "--keylog", str(tmp_path / "none")])
    assert missing.exit_code != 0


def test_without_tshark_one_line_says_so_and_the_verdict_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = secured([*OPENING, get(1), (SERVER, answer(500))])
    monkeypatch.setattr(tsharkadapter, "find_program", lambda *_: None)
    verdict = judged(one)
    assert verdict.exit_status == 0
    assert [n for n in verdict.notes if "tshark is not installed" in n]


def test_tls_1_2_is_opened_too() -> None:
    one = secured([*OPENING, get(1), (SERVER, answer(500))], version=ssl.TLSVersion.TLSv1_2)
    verdict = judged(one)
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "http.server_error"
