"""What the terminal can show: its width, its line-drawing characters, its colours."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Mapping
from typing import TextIO

import click

from captures.lazyclass import dataclass

LABEL = 10
"""Columns of the labels at the left."""

MIN_WIDTH = 40
MAX_WIDTH = 100
"""Longer lines are hard to read."""

_UNIT = re.compile(r"(\d) ((?:s|ms|%|MB)(?!\w))")


@dataclass(frozen=True, slots=True)
class Style:
    """How to write for one terminal."""

    width: int = 80
    unicode: bool = True
    color: bool = False

    @property
    def cross(self) -> str:
        """Marks where it broke."""
        return "✗" if self.unicode else "x"

    @property
    def line(self) -> str:
        """One character of a link."""
        return "─" if self.unicode else "-"

    @property
    def gap(self) -> str:
        """Stands for hops that are not known."""
        return "…" if self.unicode else "..."

    def paint(self, text: str, color: str | None = None, bold: bool = False) -> str:
        """Colour text where that is wanted."""
        if not self.color or not (color or bold):
            return text
        return click.style(text, fg=color, bold=bold or None)

    def wrap(self, text: str, first: str = "", rest: str = "") -> list[str]:
        """Break text into lines of this width, each with its indent; not between a number and
        its unit."""
        lines = textwrap.wrap(
            _UNIT.sub("\\1\N{NO-BREAK SPACE}\\2", text),
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] or [first.rstrip()]

    def labelled(self, label: str, text: str) -> list[str]:
        """Break text into lines beside a label."""
        return self.wrap(text, f"{label:{LABEL}}", " " * LABEL)


def detect(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Find out what `stream` can show; NO_COLOR (no-color.org) and TERM=dumb are honoured."""
    columns = shutil.get_terminal_size((80, 24)).columns
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Style(
        width=max(MIN_WIDTH, min(columns, MAX_WIDTH)),
        unicode=_encodes(stream, "✗─…×"),
        color=stream.isatty() and not plain,
    )


def _encodes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
