"""Turns parsed JSON into frozen dataclasses, and says in one line where it does not fit.

The input may be hostile: unknown keys are ignored, missing ones get their default, a value of the
wrong type raises `UnreadableCapture` with its place. Supported field types are `str`, `int`,
`float`, `bool`, `X | None`, `tuple[X, ...]`, `dict[str, str]` and other dataclasses.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from typing import Any, TypeVar

from captures.errors import UnreadableCapture

T = TypeVar("T")

_HINT = "It was not written by badhop capture, or was changed since; record again."

#: What each scalar is called in a message.
_SCALARS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def decode(shape: type[T], value: object, where: str) -> T:
    """Give `value` as an instance of the dataclass `shape`; `where` opens every message."""
    entries = _expect(dict, value, "an object", where)
    hints = _hints(typing.cast(Any, shape))
    arguments = {
        field.name: _convert(hints[field.name], entries[field.name], f"{where}.{field.name}")
        for field in dataclasses.fields(typing.cast(Any, shape))
        if field.name in entries
    }
    return shape(**arguments)


@functools.cache
def _hints(shape: Any) -> dict[str, Any]:
    return typing.get_type_hints(shape)


def _convert(hint: Any, value: object, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _convert(arguments[0], value, where)
    if origin is tuple:
        return tuple(
            _convert(arguments[0], item, f"{where}[{number}]")
            for number, item in enumerate(_expect(list, value, "a list", where))
        )
    if origin is dict:
        entries = _expect(dict, value, "an object", where)
        return {_scalar(str, k, where): _scalar(str, v, f"{where}.{k}") for k, v in entries.items()}
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast(type, hint), value, where)
    return _scalar(hint, value, where)


def _scalar(kind: type, value: object, where: str) -> Any:
    # bool is an int in Python, but `true` is no count of packets.
    if kind is float and type(value) is int:
        value = _as_float(value)
    if type(value) is not kind or _is_beyond(value):
        raise UnreadableCapture(f"{where} is {_name(value)}, not {_SCALARS[kind]}", _HINT)
    # Lone surrogates are legal in JSON and cannot be printed or saved again.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _is_beyond(value: object) -> bool:
    """Tell whether arithmetic with a number may fail: no finite one, or wider than 64 bits."""
    if isinstance(value, int):
        return not -(1 << 63) <= value < 1 << 63
    return isinstance(value, float) and not math.isfinite(value)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _expect(kind: type[T], value: object, name: str, where: str) -> T:
    if not isinstance(value, kind):
        raise UnreadableCapture(f"{where} is {_name(value)}, not {name}", _HINT)
    return value


def _name(value: object) -> str:
    """Name the JSON type of `value`, for messages."""
    if value is None:
        return "null"
    if _is_beyond(value):
        return "beyond any number"
    names = {**_SCALARS, list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
