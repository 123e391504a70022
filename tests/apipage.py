"""Runs the examples of docs/api.md and writes down what they print: `python -m tests.apipage`."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "api.md"

EXAMPLE = re.compile(
    r"^```python\n(?P<code>.*?)^```\n\n```text\n(?P<printed>.*?)^```$", re.MULTILINE | re.DOTALL
)
"""Code, and the block below it that shows what it prints."""


def page() -> str:
    """The page with what its examples print now, each run after the ones above it."""
    names: dict[str, Any] = {}

    def rerun(example: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(ROOT):
            exec(compile(example["code"], str(PAGE), "exec"), names)
        return example[0].replace(
            f"```text\n{example['printed']}", f"```text\n{printed.getvalue()}", 1
        )

    return EXAMPLE.sub(rerun, PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
