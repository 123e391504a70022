"""A progress bar on standard error, for whoever waits at a terminal for more than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TextIO

from captures.watching import Watch, unwatched

PATIENCE_S = 2.0
"""Nothing is drawn before."""
_INTERVAL_S = 0.2
_WIDTH = 24
_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def shown(environ: Mapping[str, str], patience_s: float = PATIENCE_S) -> Iterator[Watch]:
    """Draw what the watch is told while the block runs; nothing unless stderr is a terminal."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or environ.get("TERM", "dumb") == "dumb":
        yield unwatched
        return
    bar = _Bar(stream, patience_s)
    try:
        yield bar.watch
    finally:
        bar.stop()


class _Bar(Thread):
    """Draws again and again, also while a step tells nothing."""

    def __init__(self, stream: TextIO, patience_s: float) -> None:
        super().__init__(daemon=True)
        self._stream, self._patience_s = stream, patience_s
        self._begun_s = time.monotonic()
        self._told = "starting", 0.0
        self._over = Event()
        self.start()

    def watch(self, step: str, done: float) -> None:
        """Remember what to draw next."""
        self._told = step, done

    def stop(self) -> None:
        """Remove the bar for good."""
        self._over.set()
        self.join()

    def run(self) -> None:
        if self._over.wait(self._patience_s):
            return
        # A terminal that is gone is no reason to fail.
        with suppress(OSError, ValueError):
            while not self._over.wait(_INTERVAL_S):
                self._draw(_CLEAR_LINE + line(*self._told, time.monotonic() - self._begun_s))
            self._draw(_CLEAR_LINE)

    def _draw(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def line(step: str, done: float, elapsed_s: float) -> str:
    """Return what is drawn: step, bar, percentage and seconds, in ASCII."""
    share = min(max(done, 0.0), 1.0)
    full = int(share * _WIDTH)
    return f"{step:10} [{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}  {elapsed_s:.0f} s"
