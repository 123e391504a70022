"""What somebody who waits is told: which step is under way, and how much of it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

#: Called with the step's name and the part of it that is done, 0 to 1; often, so it must be quick.
Watch: TypeAlias = Callable[[str, float], None]


def unwatched(step: str, done: float) -> None:
    """Watch as nobody does."""
