"""How packets are obtained: files, interfaces, processes. No meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captures.files import open as open
    from captures.packets import Capture as Capture

__all__ = ["Capture", "open"]


def __getattr__(name: str) -> Any:
    # Lazy, so that commands which read no capture do not wait for numpy.
    if name == "open":
        from captures.files import open as open_capture

        return open_capture
    if name == "Capture":
        from captures.packets import Capture

        return Capture
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
