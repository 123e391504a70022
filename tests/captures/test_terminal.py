"""`captures.terminal` and `captures.signals`: the command feels at home in a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from captures.session import Session, load
from captures.terminal import Screen, open_channel

#: Makes the pseudo-terminal on descriptor 0 the controlling one, as a login shell's is.
_IN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.executable, [sys.executable, '-m', 'tests.captures.fakerecorder', *sys.argv[1:]])"
)
_PATIENCE_S = 20.0


@dataclass
class Terminal:
    """A terminal with a recording in it, and somebody at the keys."""

    directory: Path
    process: subprocess.Popen[bytes]
    keys: int
    seen: bytes = field(default=b"")

    def wait_for(self, text: bytes) -> None:
        """Read until the screen shows `text`."""
        self._read(lambda: text in self.seen)
        assert text in self.seen

    def press(self, keys: bytes) -> None:
        os.write(self.keys, keys)

    def finish(self) -> int:
        """Read until the end, and give the exit status."""
        self._read(lambda: False)
        return self.process.wait(_PATIENCE_S)

    def session(self) -> Session:
        return load(self.directory)

    def _read(self, is_enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not is_enough() and time.monotonic() < deadline:
            if not select.select([self.keys], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(self.keys, 65536)
            except OSError:
                return
            if not chunk:
                return
            self.seen += chunk


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[str], Terminal]]:
    """Start a shell script under the recorder, in a terminal of 33 lines and 77 columns."""
    opened: list[Terminal] = []

    def run(script: str) -> Terminal:
        keys, screen = pty.openpty()
        fcntl.ioctl(keys, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        directory = tmp_path / "bundle"
        process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, str(directory), "sh", "-c", script],
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
        os.close(screen)
        opened.append(Terminal(directory, process, keys))
        return opened[-1]

    yield run
    for entry in opened:
        entry.process.kill()
        entry.process.wait()
        os.close(entry.keys)


Start = Callable[[str], Terminal]


def test_the_command_has_terminals_of_the_right_size(terminal: Start) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && stty size <&1 && stty size <&2; exit 7"
    session = terminal(script)
    assert session.finish() == 7
    assert session.seen == b"33 77\r\n33 77\r\n"


def test_bytes_are_not_changed_twice(terminal: Start) -> None:
    session = terminal(r"printf 'a\tb\r\n\033[1mc\033[0m\nd'")
    assert session.finish() == 0
    assert session.seen == b"a\tb\r\r\n\033[1mc\033[0m\r\nd"
    assert [line.text for line in session.session().output] == ["a\tb", "\033[1mc\033[0m", "d"]


def test_keys_reach_the_command(terminal: Start) -> None:
    session = terminal('echo ready; read answer; echo "<$answer>"')
    session.wait_for(b"ready")
    session.press(b"hello\n")
    assert session.finish() == 0
    assert b"<hello>" in session.seen


def test_ctrl_c_ends_the_command_once_and_the_bundle_is_written(terminal: Start) -> None:
    session = terminal("trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done")
    session.wait_for(b"ready")
    session.press(b"\x03")
    assert session.finish() == 5
    assert session.seen.count(b"caught") == 1
    assert session.session().interrupted
    assert session.session().exit_code == 5


def test_a_command_that_ctrl_c_kills_gives_130(terminal: Start) -> None:
    session = terminal("echo ready; exec sleep 20")
    session.wait_for(b"ready")
    session.press(b"\x03")
    assert session.finish() == 130
    assert session.session().signal == signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_badhop_goes_to_the_command(terminal: Start, number: signal.Signals) -> None:
    session = terminal(
        f"trap 'echo caught; exit 6' {number.name[3:]}; echo ready; while :; do sleep 0.1; done"
    )
    session.wait_for(b"ready")
    session.process.send_signal(number)
    assert session.finish() == 6
    assert session.session().interrupted


def test_a_new_window_size_reaches_the_command(terminal: Start) -> None:
    session = terminal(
        "trap 'stty size <&1; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"
    )
    session.wait_for(b"ready")
    fcntl.ioctl(session.keys, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 44, 0, 0))
    assert session.finish() == 0
    assert b"10 44" in session.seen


def test_progress_is_drawn_and_removed(terminal: Start) -> None:
    session = terminal("sleep 1; echo done")
    session.wait_for(b"badhop: recording, 1,234 packets")
    assert session.finish() == 0
    assert session.seen.endswith(b"\r\x1b[Kdone\r\n")


def test_progress_stays_away_from_an_unfinished_line(terminal: Start) -> None:
    session = terminal("printf 'Continue? '; sleep 1; echo yes")
    assert session.finish() == 0
    assert session.seen == b"Continue? yes\r\n"


def test_progress_stays_away_from_a_password_prompt(terminal: Start) -> None:
    session = terminal("stty -echo; sleep 1; stty echo; exit 0")
    assert session.finish() == 0
    assert session.seen.count(b"recording") <= 1


def test_without_a_terminal_the_command_gets_a_pipe(tmp_path: Path) -> None:
    target = os.open(tmp_path / "x", os.O_WRONLY | os.O_CREAT)
    reader, writer = open_channel(target)
    assert not os.isatty(writer)
    screen = Screen(target, target)
    screen.write(screen.stream("stdout"), b"a")
    screen.progress(lambda: "never seen")
    screen.clear()
    for descriptor in (target, reader, writer):
        os.close(descriptor)
    assert (tmp_path / "x").read_bytes() == b"a"


def test_closed_standard_streams_do_not_become_other_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.captures.fakerecorder", str(tmp_path / "b")]
    finished = subprocess.run(
        ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", *command, "sh", "-c", "echo a; echo b >&2"],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert finished.returncode == 0
    assert sorted(line.text for line in load(tmp_path / "b").output) == ["a", "b"]
