"""Splits a command's output stream into lines while passing its bytes on unchanged.

Bytes go to the user as they arrive, except lines that the filter holds back: those are go's trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

#: No trace line is longer; beyond this a line is passed on whatever it may become.
_MAX_HELD = 256 * 1024


class LineFilter(Protocol):
    """Decides which lines the user does not see."""

    def holds(self, line: str) -> bool:
        """Tell whether a complete line is held back."""

    def may_hold(self, start: str) -> bool:
        """Tell whether a line that begins with `start` might be."""


class LineTee:
    """Takes chunks of bytes; gives bytes to pass on, and reports each line to `on_line`."""

    def __init__(
        self, on_line: Callable[[bytes, bool], None], line_filter: LineFilter | None
    ) -> None:
        self._on_line = on_line
        self._filter = line_filter
        self._line = b""  #: what is known of the current line
        self._passed = 0  #: how many of these bytes were passed on already

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes, and give those to pass on now."""
        return b"".join(self._feed(chunk))

    def finish(self) -> bytes:
        """Take the end of the stream, and give what is left to pass on."""
        if not self._line:
            return b""
        return self._end_line()

    def _feed(self, chunk: bytes) -> Iterator[bytes]:
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            self._line += part + b"\n"
            yield self._end_line()
        self._line += rest
        if self._line and not self._may_hold():
            yield self._line[self._passed :]
            self._passed = len(self._line)
        if len(self._line) > _MAX_HELD:
            yield self._cut_line()

    def _may_hold(self) -> bool:
        # A line of which the user has seen the start is shown to its end.
        if self._filter is None or self._passed:
            return False
        return self._filter.may_hold(self._line.decode("utf-8", "replace"))

    def _end_line(self) -> bytes:
        text = self._line.rstrip(b"\r\n").decode("utf-8", "replace")
        held = self._filter is not None and self._filter.holds(text) and not self._passed
        shown = b"" if held else self._line[self._passed :]
        self._on_line(self._line.rstrip(b"\r\n"), held)
        self._line, self._passed = b"", 0
        return shown

    def _cut_line(self) -> bytes:
        """Report an endless line in pieces, so that it cannot fill the memory."""
        shown = self._line[self._passed :]
        self._on_line(self._line, False)
        self._line, self._passed = b"", 0
        return shown
