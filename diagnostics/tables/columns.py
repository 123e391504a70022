"""A dataclass in, the flat columns of a table with one row per instance out.

A field is a column of its name. A dataclass inside becomes columns with the field's name in front
(none, if it is annotated with `Inline`), a list of dataclasses the number of them: they have a
table of their own. Whatever facts are made of has exactly one way into a column, decided here.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum, StrEnum
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from analyzers.facts import Certificate, Half
from captures.lazyclass import dataclass

Read: TypeAlias = Callable[[Any], Any]
"""Takes a row and gives a value as facts hold it; `diagnostics.tables.cells` makes it a cell."""


class Inline:
    """Marks a field with a dataclass whose columns get no prefix; those named are left out."""

    def __init__(self, *leave_out: str) -> None:
        self.leave_out = leave_out


class Kind(StrEnum):
    """What a cell holds."""

    BOOL = "bool"
    INT = "int"
    """At most 64 bits, signed."""
    FLOAT = "float"
    TEXT = "text"
    TIME = "time"
    """A moment in UTC, to the microsecond."""
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class CellType:
    """The type of a column's cells."""

    kind: Kind
    many: bool = False
    """A list of such values."""
    members: tuple[tuple[str, Kind], ...] = ()
    """Of an object."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, how to read it from a row, and the field that it comes from."""

    name: str
    type: CellType
    read: Read
    owner: Any
    """The dataclass that the field belongs to, whose source explains it."""
    field: str
    nullable: bool
    counts: Any = None
    """The dataclass whose instances are counted, where the column is a number of things."""


PAIRS = {"headers": ("name", "value"), "extended_errors": ("code", "text")}
"""What the two members of a list of pairs are called, by the list's name."""

HEX_NUMBERS = ((Certificate, "serial"),)
"""Numbers that may have more than 64 bits."""

LEFT_OUT = ((Half, "dialogue"),)
"""Series with an item for nearly every packet: the capture itself is the better table of them."""

_SCALARS: dict[object, Kind] = {
    bool: Kind.BOOL,
    int: Kind.INT,
    np.int64: Kind.INT,
    float: Kind.FLOAT,
    np.float64: Kind.FLOAT,
    str: Kind.TEXT,
    bytes: Kind.TEXT,
    datetime: Kind.TIME,
}


def columns_of(shape: Any) -> tuple[Column, ...]:
    """The columns of the table whose rows are instances of `shape`."""
    return tuple(_columns(shape, "", _itself, False, ()))


def _columns(
    shape: Any, prefix: str, read: Read, nullable: bool, leave_out: tuple[str, ...]
) -> Iterator[Column]:
    hints = typing.get_type_hints(shape, include_extras=True)
    for entry in fields(shape):
        name, place = entry.name, (shape, entry.name)
        if name in leave_out or place in LEFT_OUT:
            continue
        plain, mark = _unmarked(hints[name])
        hint, optional = _required(plain)
        get, empty = _then(read, name), nullable or optional
        if is_dataclass(hint):
            inner = prefix if mark else f"{prefix}{name}_"
            yield from _columns(hint, inner, get, empty, mark.leave_out if mark else ())
        elif typing.get_origin(hint) in (dict, Mapping):
            yield from _by_key(shape, name, prefix, get, hint)
        else:
            yield _column(shape, name, prefix, get, hint, empty)


def _column(shape: Any, name: str, prefix: str, read: Read, hint: Any, nullable: bool) -> Column:
    item, many = _item(hint)
    if is_dataclass(item):
        count = CellType(Kind.INT)
        return Column(f"{prefix}{name}_count", count, _counted(read), shape, name, nullable, item)
    if (shape, name) in HEX_NUMBERS:
        return Column(f"{prefix}{name}", CellType(Kind.TEXT), _hex(read), shape, name, nullable)
    if typing.get_origin(item) is tuple:
        kinds = [_scalar(shape, name, part) for part in typing.get_args(item)]
        names = PAIRS.get(name, ("first", "second"))
        cell = CellType(Kind.OBJECT, many, tuple(zip(names, kinds, strict=True)))
    else:
        cell = CellType(_scalar(shape, name, item), many)
    return Column(f"{prefix}{name}", cell, read, shape, name, nullable)


def _by_key(shape: Any, name: str, prefix: str, read: Read, hint: Any) -> Iterator[Column]:
    """One column for each key of a mapping from an enumeration."""
    keys, values = typing.get_args(hint)
    cell = CellType(_scalar(shape, name, values))
    for key in keys:
        yield Column(f"{prefix}{key}_{name}", cell, _looked_up(read, key), shape, name, True)


def _scalar(shape: Any, name: str, hint: Any) -> Kind:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Kind.TEXT
    if hint not in _SCALARS:
        raise TypeError(f"{shape.__name__}.{name} is {hint}, for which tables have no column")
    return _SCALARS[hint]


def _unmarked(hint: Any) -> tuple[Any, Inline | None]:
    if typing.get_origin(hint) is not typing.Annotated:
        return hint, None
    plain, *marks = typing.get_args(hint)
    return plain, next((mark for mark in marks if isinstance(mark, Inline)), None)


def _required(hint: Any) -> tuple[Any, bool]:
    """A hint without its `None`, and whether it had one."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(part for part in typing.get_args(hint) if part is not type(None)), True
    return hint, False


def _item(hint: Any) -> tuple[Any, bool]:
    """What a list or array holds, and whether `hint` is one."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is np.ndarray:
        return typing.get_args(arguments[1])[0], True
    is_list = origin is frozenset or (origin is tuple and arguments[1:] == (...,))
    return (arguments[0], True) if is_list else (hint, False)


def _itself(row: Any) -> Any:
    return row


def _then(read: Read, name: str) -> Read:
    if read is _itself:
        return attrgetter(name)  # Rows are many, and most of their columns are their own.

    def get(row: Any) -> Any:
        owner = read(row)
        return None if owner is None else getattr(owner, name)

    return get


def _counted(read: Read) -> Read:
    def get(row: Any) -> int | None:
        things = read(row)
        return None if things is None else len(things)

    return get


def _hex(read: Read) -> Read:
    def get(row: Any) -> str | None:
        number = read(row)
        return None if number is None else f"{number:x}"

    return get


def _looked_up(read: Read, key: Any) -> Read:
    return lambda row: read(row).get(key)
