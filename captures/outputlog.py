"""Keeps what the command wrote, line by line with arrival times, within bounds."""

from __future__ import annotations

import threading
from collections import deque

from captures.redact import Redactor
from captures.session import OutputLine

#: The first lines tell what began, the last ones what failed.
KEEP_FIRST, KEEP_LAST = 2000, 8000

#: Longer lines are minified data, not messages.
MAX_LINE = 4096


class OutputLog:
    """Collects lines from any number of threads."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()
        self._first: list[OutputLine] = []
        self._last: deque[OutputLine] = deque(maxlen=KEEP_LAST)
        self.omitted = 0

    def add(self, stream: str, line: bytes, time_s: float) -> None:
        """Keep one line, without its end."""
        # Cut before redacting, or a line of many megabytes would hold the command up; a secret
        # that the cut leaves half of is at the very end, so the last word goes as well.
        text = line[: MAX_LINE + 1].decode("utf-8", "replace").rstrip("\r\n")
        if len(line) > MAX_LINE:
            text = text.rpartition(" ")[0] + " …"
        entry = OutputLine(round(time_s, 6), stream, self._redactor.text(text))
        with self._lock:
            if len(self._first) < KEEP_FIRST:
                self._first.append(entry)
                return
            if len(self._last) == KEEP_LAST:
                self.omitted += 1
            self._last.append(entry)

    def lines(self) -> tuple[OutputLine, ...]:
        """Give what was kept, in order of arrival."""
        with self._lock:
            return (*self._first, *self._last)
