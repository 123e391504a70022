"""The examples of a Markdown page, in order: what its readers will paste."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_in(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    found = _BLOCK.finditer(page.read_text("utf-8"))
    return [block[2] for block in found if block[1] == language]
