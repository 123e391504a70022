"""WHAT was seen: facts with frame numbers, no opinions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzers.extraction import extract as extract
    from analyzers.facts import Facts as Facts

__all__ = ["Facts", "extract"]


def __getattr__(name: str) -> Any:
    # Lazy, so that whoever wants one analyzer does not load them all.
    if name == "extract":
        from analyzers.extraction import extract

        return extract
    if name == "Facts":
        from analyzers.facts import Facts

        return Facts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
