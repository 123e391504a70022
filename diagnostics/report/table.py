"""Rows of cells in, aligned lines out, with a word about the rows that are left out."""

from __future__ import annotations

from collections.abc import Sequence

from captures.lazyclass import dataclass
from diagnostics.report.escape import printable, shorten
from diagnostics.report.style import Style

MAX_CELL = 44
"""Columns of one cell; names in the wild are shorter, hostile ones are not."""

MAX_VALUE = 400
"""Columns of a value that has its line for itself: room for any path."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of fact: what it is called, its columns, all its rows."""

    title: str
    columns: tuple[str, ...]
    """A name that starts with ">" is a column of numbers, aligned to the right."""
    rows: Sequence[Sequence[object]]


def render(table: Table, style: Style, limit: int) -> list[str]:
    """Lay out at most `limit` rows (0: all); cells are made safe for the terminal."""
    shown = table.rows[:limit] if limit else table.rows
    heads = [column.lstrip(">") for column in table.columns]
    cells = [[_cell(value) for value in row] for row in shown]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    right = [column.startswith(">") for column in table.columns]

    def line(values: Sequence[str]) -> str:
        pairs = zip(values, widths, right, strict=True)
        return "  ".join(v.rjust(w) if r else v.ljust(w) for v, w, r in pairs).rstrip()

    lines = [style.paint(f"{table.title} ({len(table.rows):,})", bold=True)]
    if cells:
        lines += [style.paint(line(heads), "cyan"), *map(line, cells)]
    left = len(table.rows) - len(shown)
    if left:
        lines.append(f"and {left:,} more: --rows 0 shows all")
    return lines


def describe(title: str, pairs: Sequence[tuple[str, object]], style: Style) -> list[str]:
    """Lay out what is known of one thing, a value a line."""
    width = max(len(name) for name, _ in pairs)
    lines = [
        f"{name:{width}}  {shorten(printable(str(value)), MAX_VALUE)}" for name, value in pairs
    ]
    return [style.paint(title, bold=True), *lines]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shorten(printable(str(value)), MAX_CELL)
