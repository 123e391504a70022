"""Facts in, the tables of `badhop analyze` out."""

from __future__ import annotations

import os
import sys

from analyzers.facts import Facts
from diagnostics.report.sections import attempts, capture, dns, http, path, tcp, tls
from diagnostics.report.style import Style, detect
from diagnostics.report.table import describe
from diagnostics.report.table import render as render_table

SECTIONS = {
    "dns": dns.tables,
    "tcp": tcp.tables,
    "tls": tls.tables,
    "http": http.tables,
    "path": path.tables,
}


def for_stdout(facts: Facts, section: str | None, limit: int) -> str:
    """The tables as standard output can show them."""
    return render(facts, section, limit, detect(sys.stdout, os.environ))


def render(facts: Facts, section: str | None, limit: int, style: Style) -> str:
    """What the capture is, then the tables of one section, or of all and the attempts.

    With all sections shown, tables without rows are left out.
    """
    lines = describe("Capture", [*capture.description(facts.capture)], style)
    every = [capture.tables, *SECTIONS.values(), attempts.tables]
    for tables in [SECTIONS[section]] if section else every:
        for table in tables(facts):
            if table.rows or section:
                lines += ["", *render_table(table, style, limit)]
    return "\n".join(lines)
