"""Facts in, one line of JSON for each of them out: the table's name, then its columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from analyzers.facts import Facts
from diagnostics.tables.catalog import chosen


def lines(facts: Facts, section: str | None) -> Iterator[str]:
    """ASCII lines without their ends, each written when it is asked for.

    The order of the columns is that of the table, and every row has all of them.
    """
    encode = json.JSONEncoder(allow_nan=False, default=_moment).encode
    for table in chosen(section):
        names = [column.name for column in table.columns]
        for row in table.rows(facts):
            yield encode({"table": table.name, **dict(zip(names, row, strict=True))})


def _moment(thing: datetime) -> str:
    """RFC 3339 with microseconds, always as long, so that it sorts as text."""
    return thing.isoformat(timespec="microseconds").replace("+00:00", "Z")
