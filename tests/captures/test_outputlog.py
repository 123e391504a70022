"""`captures.outputlog`: the first and the last lines are kept, without secrets."""

from __future__ import annotations

import pytest

from captures import outputlog
from captures.outputlog import MAX_LINE, OutputLog
from captures.redact import Redactor
from captures.session import OutputLine


def test_lines_are_kept_in_order_without_secrets() -> None:
    log = OutputLog(Redactor({}))
    log.add("stderr", b"get https://u:p@h/x\r\n", 0.25)
    log.add("stdout", b"\xff", 0.5)
    assert log.lines() == (
        OutputLine(0.25, "stderr", "get https://***@h/x"),
        OutputLine(0.5, "stdout", "\ufffd"),
    )


def test_the_middle_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputlog, "KEEP_FIRST", 2)
    monkeypatch.setattr(outputlog, "KEEP_LAST", 3)
    log = OutputLog(Redactor({}))
    for number in range(9):
        log.add("stdout", str(number).encode(), 0.0)
    assert [line.text for line in log.lines()] == ["0", "1", "6", "7", "8"]
    assert log.omitted == 4


def test_a_long_line_is_cut_without_leaving_half_a_secret() -> None:
    log = OutputLog(Redactor({"HTTPS_PROXY": "http://me:correcthorse@p:1"}))
    log.add("stdout", b"x " * (MAX_LINE // 2 - 3) + b"correcthorse", 0.0)
    assert len(log.lines()[0].text) <= MAX_LINE
    assert "corr" not in log.lines()[0].text
