"""Facts in, a directory with one Parquet file per table out; pyarrow does the writing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzers.facts import Facts
from diagnostics.tables.catalog import Table, chosen
from diagnostics.tables.cells import Cell
from diagnostics.tables.columns import CellType, Kind

if TYPE_CHECKING:
    import pyarrow

BATCH_ROWS = 16_384
"""Rows in memory at a time, and in a row group: a table of millions costs no more than this."""


def available() -> bool:
    """Whether pyarrow is installed, without importing it."""
    return importlib.util.find_spec("pyarrow") is not None


def write(facts: Facts, section: str | None, directory: Path) -> Iterator[tuple[Path, int]]:
    """Write the tables, and name each file and its number of rows when it is complete.

    A table without rows is written too: queries need its columns. Raises OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for table in chosen(section):
        path = directory / f"{table.name}.parquet"
        draft = path.with_name(f".{path.name}")
        try:
            count = _write(table, facts, draft)
            draft.replace(path)
        except OSError as error:
            error.filename = error.filename or str(path)  # a full disk does not say which
            raise
        finally:
            draft.unlink(missing_ok=True)
        yield path, count


def _write(table: Table, facts: Facts, path: Path) -> int:
    from pyarrow import parquet

    schema, count = schema_of(table), 0
    with path.open("wb") as file, parquet.ParquetWriter(file, schema) as writer:
        for batch in _batches(table.rows(facts)):
            writer.write_batch(_record_batch(schema, batch))
            count += len(batch)
    return count


def _batches(rows: Iterator[tuple[Cell, ...]]) -> Iterator[list[tuple[Cell, ...]]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def _record_batch(schema: pyarrow.Schema, rows: list[tuple[Cell, ...]]) -> Any:
    import pyarrow

    columns = zip(*rows, strict=True)
    arrays = [
        pyarrow.array(column, type=field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pyarrow.record_batch(arrays, schema=schema)


def schema_of(table: Table) -> Any:
    """The table's columns as Arrow has them."""
    import pyarrow

    return pyarrow.schema([(column.name, _arrow(column.type)) for column in table.columns])


def _arrow(kind: CellType) -> Any:
    import pyarrow

    scalars = {
        Kind.BOOL: pyarrow.bool_(),
        Kind.INT: pyarrow.int64(),
        Kind.FLOAT: pyarrow.float64(),
        Kind.TEXT: pyarrow.string(),
        Kind.TIME: pyarrow.timestamp("us", tz="UTC"),
    }
    if kind.members:
        one = pyarrow.struct([(name, scalars[member]) for name, member in kind.members])
    else:
        one = scalars[kind.kind]
    return pyarrow.list_(one) if kind.many else one
