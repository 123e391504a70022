"""Runs a capture tool in the background: its arguments in, its packets into a file, its words out.

The tool writes to a file that badhop opened. So the file is private from its first byte, and a
tool that gives up root, or that AppArmor confines, can still write it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from captures.errors import (
    BadFilter,
    CaptureError,
    CapturePermission,
    DiskFull,
    RecordingFailed,
    UnknownInterface,
)
from captures.recorders.base import create_private

#: Opening a packet socket takes milliseconds; loading Npcap on a busy machine takes seconds.
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 15.0

#: What the tools say, and what it means. libpcap's words, the same in dumpcap and tcpdump.
_MEANINGS: tuple[tuple[str, type[CaptureError]], ...] = (
    (r"permission|not permitted|Access is denied", CapturePermission),
    (r"no device named|No such device|No such interface|isn't up|not up", UnknownInterface),
    (r"capture filter|can't parse filter|syntax error|unknown (host|port|protocol)", BadFilter),
    (r"no space left|Disk quota exceeded|File too large", DiskFull),
)
#: Lines that report progress or come with every run.
_ROUTINE = re.compile(
    r"Capturing on|File: |Packets: |Packets captured|Packets received|Got \d|\d+ packets? "
    r"|\S+: (?:listening on|verbose output|data link type)|\(?socket: |dropped privs"
)


class ToolProcess:
    """One running capture tool."""

    def __init__(self, command: Sequence[str], output: Path, counter: str, ready: str) -> None:
        """Start `command` with its standard output in `output`. Raises CaptureError.

        `counter` is a pattern whose group 1 is the number of packets so far, `ready` one that the
        tool writes once it records.
        """
        self._counter = re.compile(counter)
        self._ready = re.compile(ready)
        self._words = ""
        self._is_ready = threading.Event()
        self.packets = 0
        self._process = self._launch(command, output)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_ready(self) -> None:
        """Return once the tool records. Raises the CaptureError that its words mean."""
        try:
            self._is_ready.wait(START_TIMEOUT_S)
            if self._process.poll() is None and self._ready.search(self._words):
                return
            # It may have written its last words without having been read yet.
            self._reader.join(0.0 if self._process.poll() is None else STOP_TIMEOUT_S)
            raise meaning_of(self.complaint() or "the capture tool did not start in time")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> str:
        """Interrupt the tool, wait until it has written everything, and give all it said."""
        with contextlib.suppress(OSError):
            self._process.send_signal(_INTERRUPT)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reader.join(STOP_TIMEOUT_S)
        return self._words

    def kill(self) -> None:
        """End the tool at once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._reader.join(STOP_TIMEOUT_S)

    def complaint(self) -> str:
        """Give the first line that is no routine report, without the tool's name; '' if none."""
        lines = re.split(r"[\r\n]+", self._words)
        said = [line for line in lines if line.strip() and not _ROUTINE.match(line)]
        return re.sub(r"^\w+: ", "", said[0]).strip() if said else ""

    def _launch(self, command: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
        descriptor = create_private(output)
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.PIPE,
                # Ctrl-C is for the command; the recording must outlive it.
                start_new_session=True,
                creationflags=_NEW_GROUP,
                # The tools' words are recognised in English.
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as error:
            raise RecordingFailed(f"{command[0]}: {error.strerror}") from error
        finally:
            os.close(descriptor)

    def _read(self) -> None:
        assert self._process.stderr is not None
        descriptor = self._process.stderr.fileno()
        while chunk := os.read(descriptor, 4096):
            # Counters are written over and over; only the last one is worth keeping.
            text = self._words + chunk.decode("utf-8", "replace")
            counts = self._counter.findall(text)
            if counts:
                self.packets = int(counts[-1])
                text = self._counter.sub("", text, count=len(counts) - 1)
            self._words = text
            if self._ready.search(text):
                self._is_ready.set()
        self._process.stderr.close()
        self._is_ready.set()


def meaning_of(words: str) -> CaptureError:
    """Turn a tool's complaint into the error of whoever must act."""
    for pattern, kind in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return kind(words)
    return RecordingFailed(words)


if sys.platform == "win32":
    _INTERRUPT = signal.CTRL_BREAK_EVENT
    _NEW_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _INTERRUPT = signal.SIGINT
    _NEW_GROUP = 0
