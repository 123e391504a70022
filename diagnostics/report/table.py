"""Rows of cells in, aligned lines out, with a word about the rows that are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.report.escape import printable, shorten
from diagnostics.report.style import Style

MAX_CELL = 44
"""Columns of one cell; names in the wild are shorter, hostile ones are not."""


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


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shorten(printable(str(value)), MAX_CELL)
