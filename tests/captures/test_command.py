"""`captures.command`: programs are found or refused, run, and listened to."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from captures.command import Finished, Listener, resolve, run_command
from captures.errors import CommandNotExecutable, CommandNotFound
from captures.gotrace import TraceFilter
from captures.signals import SignalRelay
from captures.terminal import Screen

_ENVIRONMENT = {"PATH": os.defpath}


def run(
    script: str, out: int = 1, err: int = 2, line_filter: TraceFilter | None = None
) -> tuple[Finished, list[tuple[str, bytes, bool]]]:
    """Run a shell script with its output to the descriptors `out` and `err`."""
    lines: list[tuple[str, bytes, bool]] = []
    listener = Listener(
        on_start=lambda pid: None,
        on_line=lambda stream, line, held, time_s: lines.append((stream, line, held)),
        progress=lambda: "",
    )
    with SignalRelay() as signals:
        finished = run_command(
            ["sh", "-c", script], _ENVIRONMENT, Screen(out, err), listener, line_filter, signals
        )
    return finished, lines


def test_output_and_status_come_through(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    finished, lines = run("echo out; sleep 0.1; echo err >&2; sleep 0.1; printf end; exit 3")
    assert (finished.exit_code, finished.signal) == (3, None)
    assert 0.2 <= finished.duration_s < 5
    assert finished.ended_ns > finished.started_ns
    assert lines == [
        ("stdout", b"out", False),
        ("stderr", b"err", False),
        ("stdout", b"end", False),
    ]
    assert capfdbinary.readouterr() == (b"out\nend", b"err\n")


def test_streams_that_lead_to_one_place_keep_their_order(tmp_path: Path) -> None:
    out = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    _, lines = run("for n in 1 2 3 4 5 6 7 8 9; do echo $n; echo -$n >&2; done", out, out)
    os.close(out)
    assert (tmp_path / "out").read_text().split() == [
        text for number in range(1, 10) for text in (f"{number}", f"-{number}")
    ]
    assert {stream for stream, _, _ in lines} == {"output"}


def test_trace_is_held_back_on_standard_error_only(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    _, lines = run("echo '# get u'; sleep 0.1; echo '# get v' >&2", line_filter=TraceFilter())
    assert lines == [("stdout", b"# get u", False), ("stderr", b"# get v", True)]
    assert capfdbinary.readouterr().out == b"# get u\n"


def test_the_signal_that_ended_it_is_told() -> None:
    finished, _ = run("kill -9 $$")
    assert (finished.exit_code, finished.signal) == (None, 9)


def test_much_output_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "out"
    out = os.open(path, os.O_WRONLY | os.O_CREAT)
    program = "import sys; sys.stdout.write(chr(10).join(map(str, range(300000))))"
    script = f'exec "{sys.executable}" -c "{program}"'
    _, lines = run(script, out, out)
    os.close(out)
    assert path.read_text() == "\n".join(map(str, range(300_000)))
    assert len(lines) == 300_000


def test_children_in_the_background_do_not_hold_it_up() -> None:
    before = time.monotonic()
    finished, lines = run("sleep 3 & echo x")
    assert time.monotonic() - before < 2
    assert finished.exit_code == 0
    assert lines == [("stdout", b"x", False)]


def test_a_reader_that_goes_away_ends_the_command_as_always() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    finished, _ = run("trap - PIPE; yes 2>/dev/null; exit 9", writer, writer)
    os.close(writer)
    assert finished.exit_code == 9


def test_the_command_has_ordinary_signals() -> None:
    # A job in the background of a script, as tests may be, starts with SIGINT ignored.
    before = signal.getsignal(signal.SIGINT)
    finished, _ = run("kill -INT $$; exit 9")
    assert finished.signal == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before


def test_an_unknown_command_is_refused() -> None:
    for name in ("no-such-command", "/no/such/command", "./no-such"):
        with pytest.raises(CommandNotFound, match="command not found"):
            resolve([name], _ENVIRONMENT)


def test_what_cannot_run_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("text")
    for environment, name in ((_ENVIRONMENT, str(program)), ({"PATH": str(tmp_path)}, "program")):
        with pytest.raises(CommandNotExecutable, match="is not executable"):
            resolve([name], environment)
    with pytest.raises(CommandNotExecutable):
        resolve([str(tmp_path)], _ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "error"), [("#!/no/such/interpreter\n", CommandNotFound), ("\0", CommandNotExecutable)]
)
def test_what_turns_out_not_to_run_is_refused(
    tmp_path: Path, text: str, error: type[Exception]
) -> None:
    program = tmp_path / "program"
    program.write_text(text)
    program.chmod(0o755)
    listener = Listener(lambda pid: None, lambda *line: None, str)
    with SignalRelay() as signals, pytest.raises(error, match="cannot run"):
        run_command([str(program)], _ENVIRONMENT, Screen(1, 2), listener, None, signals)
