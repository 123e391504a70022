"""WHY it failed: rules over facts, one verdict, and the words, JSON and pictures for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnostics.engine import diagnose as diagnose
    from diagnostics.verdict import Verdict as Verdict

__all__ = ["Verdict", "diagnose"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `badhop --help` loads no rules.
    if name == "diagnose":
        from diagnostics.engine import diagnose

        return diagnose
    if name == "Verdict":
        from diagnostics.verdict import Verdict

        return Verdict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
