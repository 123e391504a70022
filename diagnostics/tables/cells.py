"""A value of a fact in, the cell of a table out: what JSON and Parquet can both hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

from diagnostics.tables.columns import CellType, Kind

Scalar: TypeAlias = bool | int | float | str | datetime
Cell: TypeAlias = Scalar | list[Scalar | None] | list[dict[str, Scalar | None]] | None

#: Capture clocks with nanoseconds exist, finer ones do not.
DIGITS = 9
INT64 = range(-(2**63), 2**63)


def converter(kind: CellType) -> Callable[[Any], Cell]:
    """What makes a value of this type a cell: a number that no table can hold becomes None."""
    plain = _SCALARS.get(kind.kind, _text)

    def pairs(value: Any) -> Cell:
        return [
            {
                name: _SCALARS[part](item)
                for (name, part), item in zip(kind.members, pair, strict=True)
            }
            for pair in value
        ]

    def many(value: Any) -> Cell:
        return [plain(item) for item in (sorted(value) if type(value) is frozenset else value)]

    convert = pairs if kind.members else many if kind.many else plain
    return lambda value: None if value is None else convert(value)


def _bool(value: Any) -> bool:
    return bool(value)


def _int(value: Any) -> int | None:
    number = int(value)
    return number if number in INT64 else None


def _float(value: Any) -> float | None:
    return round(float(value), DIGITS) if math.isfinite(value) else None


def _text(value: Any) -> str:
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bytes):
        return value.hex()
    # Half of a surrogate pair is no text to any reader of Parquet, nor to most readers of JSON.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _time(value: datetime) -> datetime:
    return value.astimezone(UTC)


_SCALARS: dict[Kind, Callable[[Any], Scalar | None]] = {
    Kind.BOOL: _bool,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.TEXT: _text,
    Kind.TIME: _time,
}
