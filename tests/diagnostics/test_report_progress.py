"""The progress bar: at a terminal, after two seconds, and nowhere else."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from captures.watching import unwatched
from diagnostics.report import progress

ROOT = Path(__file__).parent.parent.parent
TERMINAL = {"TERM": "xterm"}


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called by the test itself: pytest sets standard error anew after fixtures."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_a_line_of_it() -> None:
    assert progress.line("reading", 0.5, 3.2) == f"reading    [{'#' * 12}{'.' * 12}]  50%  3 s"
    assert progress.line("judging", 7.0, 0.0).endswith(f"[{'#' * 24}] 100%  0 s")


def test_it_is_drawn_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with progress.shown(TERMINAL, patience_s=0.0) as watch:
        watch("reading", 0.25)
        deadline = time.monotonic() + 20
        while "reading    [######" not in terminal.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert " 25%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_it_is_removed_when_something_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with pytest.raises(KeyError), progress.shown(TERMINAL, patience_s=0.0):
        deadline = time.monotonic() + 20
        while not terminal.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyError
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_what_is_quick_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with progress.shown(TERMINAL) as watch:
        watch("reading", 1.0)
    assert terminal.getvalue() == ""


def test_a_dumb_terminal_and_a_pipe_get_none(monkeypatch: pytest.MonkeyPatch) -> None:
    at_terminal(monkeypatch)
    with progress.shown({"TERM": "dumb"}, patience_s=0.0) as watch:
        assert watch is unwatched
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.shown(TERMINAL, patience_s=0.0) as watch:
        assert watch is unwatched


def test_a_terminal_that_is_gone_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with progress.shown(TERMINAL, patience_s=0.0):
        terminal.close()
        time.sleep(0.5)


def test_a_diagnosis_at_a_terminal_tells_its_steps() -> None:
    program = (
        "import sys; from diagnostics.report import progress; "
        "progress.shown.__wrapped__.__defaults__ = (0.0,); "
        "progress.line = lambda step, done, elapsed_s: step; progress._INTERVAL_S = 0.005; "
        "from diagnostics.cli import cli; cli(sys.argv[1:])"
    )
    reader, writer = pty.openpty()
    words = [sys.executable, "-c", program, "diagnose", "--json", "samples/healthy-plain"]
    environ = {**os.environ, **TERMINAL}
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=writer, env=environ
    ) as process:
        os.close(writer)
        drawn = b""
        # At its end, a pseudo-terminal gives an error on Linux, and nothing elsewhere.
        with suppress(OSError):
            while piece := os.read(reader, 4096):
                drawn += piece
        os.close(reader)
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"{")
    assert process.returncode == 0
    assert b"judging" in drawn
    assert drawn.endswith(b"\x1b[K")
