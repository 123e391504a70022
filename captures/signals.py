"""Passes the signals that badhop gets on to the command, so that badhop outlives it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from captures.terminal import in_foreground


def _named(*names: str) -> frozenset[int]:
    """Give the signals of these names that the platform has."""
    return frozenset(int(getattr(signal, name)) for name in names if hasattr(signal, name))


_WINDOW = _named("SIGWINCH")
_FROM_KEYS = _named("SIGINT", "SIGQUIT", "SIGBREAK")
_ENDING = _FROM_KEYS | _named("SIGTERM", "SIGHUP")

#: At the terminal the command gets its own copy of the first ones; whoever goes on pressing keys
#: means it, and a command that left the foreground would not hear it.
_PATIENCE = 2


class SignalRelay:
    """While entered, signals end nothing here; they go to `forward`, if that is set."""

    def __init__(self) -> None:
        #: Sends a signal to the command.
        self.forward: Callable[[int], None] | None = None
        #: Called when the terminal's window changed its size.
        self.resize: Callable[[], None] | None = None
        self._count = 0
        self._previous: dict[int, Any] = {}

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked for an end."""
        return self._count > 0

    def __enter__(self) -> SignalRelay:
        # A handler, not SIG_IGN: the command would inherit that.
        self._previous = {
            number: signal.signal(number, self._handle) for number in _ENDING | _WINDOW
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number in _WINDOW:
            if self.resize:
                self.resize()
        else:
            self._count += 1
            # Ctrl-C goes to every process in the foreground; passing it on would double it, and
            # go takes the second one as an order to die at once.
            if number in _FROM_KEYS and self._count <= _PATIENCE and in_foreground():
                return
        if self.forward:
            self.forward(number)
