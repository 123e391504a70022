"""Runs the recorded command at the user's terminal: arguments in, its end and its lines out."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from captures.errors import CommandNotExecutable, CommandNotFound
from captures.lazyclass import dataclass
from captures.signals import SignalRelay
from captures.tee import LineFilter, LineTee
from captures.terminal import PROGRESS_INTERVAL_S, Screen, copy_size, open_channel

#: After the command ended, its background children may keep its output open; wait no longer.
_DRAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Finished:
    """How the command ended."""

    started_ns: int  #: wall clock, nanoseconds since the epoch
    ended_ns: int
    duration_s: float
    exit_code: int | None  #: None: a signal ended it
    signal: int | None


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told about a running command."""

    #: The command runs under this process id.
    on_start: Callable[[int], None]
    #: One line arrived: stream, text without its end, held back or not, seconds since the start.
    on_line: Callable[[str, bytes, bool, float], None]
    #: The text of the progress line.
    progress: Callable[[], str]


def resolve(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Find the program to run. Raises CommandNotFound or CommandNotExecutable."""
    name, path = command[0], environment.get("PATH", os.defpath)
    found = shutil.which(name, path=path)
    if found:
        return found
    folders = [""] if os.path.dirname(name) else path.split(os.pathsep)  # noqa: PTH120
    existing = [folder for folder in folders if os.path.isfile(os.path.join(folder, name))]  # noqa: PTH113,PTH118
    if existing or (Path(name).is_dir() and folders == [""]):
        raise CommandNotExecutable(
            f"{name} is not executable", f"Make it executable: chmod +x {Path(*existing[:1], name)}"
        )
    raise CommandNotFound(
        f"command not found: {name}", "Install it, or give its path after the two dashes."
    )


def run_command(
    command: Sequence[str],
    environment: Mapping[str, str],
    screen: Screen,
    listener: Listener,
    line_filter: LineFilter | None,
    signals: SignalRelay,
) -> Finished:
    """Run `command` to its end; `signals` must be entered.

    Raises CommandNotFound or CommandNotExecutable.
    """
    run = _Run(screen, listener, line_filter)
    signals.forward, signals.resize = run.forward, run.resize
    try:
        return run.run(command, environment)
    finally:
        signals.forward = signals.resize = None


class _Run:
    def __init__(self, screen: Screen, listener: Listener, line_filter: LineFilter | None) -> None:
        self._screen = screen
        self._listener = listener
        self._filter = line_filter
        self._process: subprocess.Popen[bytes] | None = None
        self._readers: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._started = 0.0
        self._ended = threading.Event()

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Finished:
        program = resolve(command, environment)
        channels = {name: open_channel(self._screen.target(name)) for name in self._screen.streams}
        self._readers = {name: reader for name, (reader, _) in channels.items()}
        started_ns, self._started = time.time_ns(), time.monotonic()
        try:
            self._process = process = subprocess.Popen(
                # argv[0] stays as typed; Windows finds scripts by their resolved name only.
                [program if sys.platform == "win32" else command[0], *command[1:]],
                executable=program,
                env=dict(environment),
                stdout=channels[self._screen.stream("stdout")][1],
                stderr=channels[self._screen.stream("stderr")][1],
            )
        except OSError as error:
            for reader in self._readers.values():
                os.close(reader)
            raise _cannot_run(command[0], error) from error
        finally:
            for _, writer in channels.values():
                os.close(writer)
        self._listener.on_start(process.pid)
        self._start_threads(process)
        while not self._ended.wait(PROGRESS_INTERVAL_S):
            self._screen.progress(self._listener.progress)
        ended_ns, duration = time.time_ns(), time.monotonic() - self._started
        self._drain()
        code = process.returncode
        return Finished(
            started_ns,
            ended_ns,
            duration,
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
        )

    def forward(self, number: int) -> None:
        """Send a signal to the command, if it still runs."""
        if self._process is not None and not self._ended.is_set():
            with contextlib.suppress(OSError):
                self._process.send_signal(number)

    def resize(self) -> None:
        """Give the command's terminals the size of the real ones."""
        for name, reader in self._readers.items():
            copy_size(self._screen.target(name), reader)

    def _start_threads(self, process: subprocess.Popen[bytes]) -> None:
        for name, reader in self._readers.items():
            # go's trace is on its standard error only.
            line_filter = None if name == "stdout" else self._filter
            arguments = (name, reader, line_filter)
            self._threads.append(threading.Thread(target=self._tee, args=arguments, daemon=True))
        for thread in self._threads:
            thread.start()
        # A thread of its own, because wait() with a timeout polls and would add up to 50 ms.
        threading.Thread(target=self._wait, args=(process,), daemon=True).start()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._ended.set()

    def _drain(self) -> None:
        deadline = time.monotonic() + _DRAIN_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _tee(self, stream: str, reader: int, line_filter: LineFilter | None) -> None:
        def on_line(line: bytes, held: bool) -> None:
            self._listener.on_line(stream, line, held, time.monotonic() - self._started)

        tee = LineTee(on_line, line_filter)
        try:
            while chunk := _read(reader):
                if data := tee.feed(chunk):
                    self._screen.write(stream, data)
            if data := tee.finish():
                self._screen.write(stream, data)
        except OSError:
            # Nobody reads our output any more: let the command notice it as it would by itself.
            tee.finish()
        os.close(reader)


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 65536)
    except OSError:
        # Linux says EIO when the last writer of a pseudo-terminal has gone.
        return b""


def _cannot_run(name: str, error: OSError) -> CommandNotFound | CommandNotExecutable:
    if isinstance(error, FileNotFoundError):
        return CommandNotFound(f"cannot run {name}: its interpreter or directory does not exist")
    return CommandNotExecutable(f"cannot run {name}: {error.strerror}")
