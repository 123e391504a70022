"""Keeps the user's terminal as the recorded command expects it, and draws the progress line.

The command writes to pseudo-terminals where badhop itself has a terminal, so that it colours and
buffers as always; it keeps the real one as its controlling terminal and standard input.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
    import pty
    import termios
except ImportError:  # Windows: the command gets pipes
    HAS_PTY = False
else:
    HAS_PTY = True

_CLEAR_LINE = b"\r\x1b[K"

#: How often the progress line is renewed.
PROGRESS_INTERVAL_S = 0.25

#: The command has to be quiet for this long before the line is drawn again: no flicker.
_QUIET_S = 0.2


def occupy_standard_descriptors() -> None:
    """Open those of descriptors 0 to 2 that are closed, on nothing.

    Otherwise the next file that is opened, the recording for instance, becomes standard error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest number that is free is this one.
            os.open(os.devnull, os.O_RDWR)


def open_channel(target: int) -> tuple[int, int]:
    """Give the ends (to read, for the command to write) of a channel like descriptor `target`."""
    if not (HAS_PTY and os.isatty(target)):
        return os.pipe()
    reader, writer = pty.openpty()
    _copy_settings(target, writer)
    copy_size(target, reader)
    return reader, writer


def copy_size(source: int, destination: int) -> None:
    """Give terminal `destination` the window size of terminal `source`."""
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(destination, termios.TIOCSWINSZ, size)


def in_foreground() -> bool:
    """Tell whether Ctrl-C at the terminal reaches this process and the command directly."""
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (AttributeError, OSError):
        return False


class Screen:
    """Writes what the command writes, and the progress line where it is in nobody's way."""

    def __init__(self, standard_output: int, standard_error: int) -> None:
        self._targets = {"stdout": standard_output, "stderr": standard_error}
        if _are_same(standard_output, standard_error):
            # Two channels would lose the order in which the command wrote to them.
            self._targets = {"output": standard_output}
        self._error = standard_error
        self._shows_progress = os.isatty(standard_error)
        self._is_terminal = {name: os.isatty(target) for name, target in self._targets.items()}
        self._lock = threading.Lock()
        self._drawn = False
        self._at_line_start = True
        self._last_write = 0.0

    @property
    def streams(self) -> tuple[str, ...]:
        """Name the streams to tell apart: one, where both lead to the same place."""
        return tuple(self._targets)

    def stream(self, name: str) -> str:
        """Give the stream that carries the command's `stdout` or `stderr`."""
        return name if name in self._targets else "output"

    def target(self, stream: str) -> int:
        """Give the descriptor that `stream` goes to."""
        return self._targets[stream]

    def write(self, stream: str, data: bytes) -> None:
        """Pass on the command's bytes unchanged. Raises OSError when nobody reads them."""
        with self._lock:
            if self._is_terminal[stream]:
                self._erase()
                self._at_line_start = data.endswith((b"\n", b"\r"))
                self._last_write = time.monotonic()
            _write_all(self._targets[stream], data)

    def progress(self, text: Callable[[], str]) -> None:
        """Draw the progress line, if there is a terminal and the command leaves it alone."""
        if not self._shows_progress:
            return
        with self._lock:
            quiet = time.monotonic() - self._last_write >= _QUIET_S
            if self._at_line_start and quiet and not _reads_secret():
                line = text().encode(errors="replace")[: self._columns() - 1]
                # Back to the first column: whatever else writes here starts on a clean edge.
                self._put(_CLEAR_LINE + line + b"\r")
                self._drawn = True

    def clear(self) -> None:
        """Remove the progress line for good."""
        with self._lock:
            self._erase()
            self._shows_progress = False

    def _erase(self) -> None:
        if self._drawn:
            self._put(_CLEAR_LINE)
            self._drawn = False

    def _put(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the terminal was closed
            _write_all(self._error, data)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._error).columns or 80
        except OSError:
            return 80


def _are_same(one: int, other: int) -> bool:
    """Tell whether two descriptors lead to the same terminal, pipe or file."""
    try:
        return os.path.samestat(os.fstat(one), os.fstat(other))
    except OSError:
        return False


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Somebody made the shared terminal non-blocking; wait as a blocking write would.
            time.sleep(0.005)


def _copy_settings(source: int, destination: int) -> None:
    settings = termios.tcgetattr(source)
    # The real terminal turns \n into \r\n; doing it here as well would change the bytes twice.
    settings[1] &= ~termios.OPOST
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(destination, termios.TCSANOW, settings)


def _reads_secret() -> bool:
    """Tell whether a password prompt waits at the terminal: it turns the echo off."""
    if not HAS_PTY:
        return False
    try:
        return not termios.tcgetattr(sys.stderr.fileno())[3] & termios.ECHO
    except (OSError, ValueError, termios.error):
        return False
