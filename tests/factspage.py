"""Writes docs/facts.md from the types of the facts and their texts: `python -m tests.factspage`."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from analyzers.facts import Certificate, Facts, RttSamples
from diagnostics.tables.catalog import TABLES, Table
from diagnostics.tables.columns import CellType, Column
from tests.fielddocs import text_of

PAGE = Path(__file__).parent.parent / "docs" / "facts.md"
FRAME = Path(__file__).with_name("factspage.md")
"""The page's prose; a line `{{name}}` stands for a part that is generated."""

WORDS: dict[Any, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "text",
    bytes: "hex",
    datetime: "time",
    RttSamples: "summary",
}
"""What JSON holds for a type of Python."""

COMMON = {
    "index": "Place in its table, from 0.",
    "stream": "`connections.stream`: Wireshark's tcp.stream.",
    "frame": "Its frame.",
    "frames": "Its frames, in order.",
    "time_s": "Seconds after frame 1.",
    "start_s": "When it began, in seconds after frame 1.",
    "end_s": "When it ended, in seconds after frame 1.",
    "sender": "Who sent it.",
}
"""Meanings of columns and fields that the sources find too plain to explain."""


def page() -> str:
    """The text of docs/facts.md."""
    shapes = [*reachable(Facts)]
    parts = {
        "list": "\n".join(_listed(TABLES)),
        "tables": "\n".join(line for table in TABLES for line in _table(table)),
        "json": "\n".join(line for shape in shapes for line in _shape(shape)),
        "words": "\n".join(line for words in _enumerations(shapes) for line in _words(words)),
    }
    text = FRAME.read_text("utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}\n", f"{part}\n")
    return text


def reachable(shape: Any) -> Iterator[Any]:
    """A dataclass and all that its fields hold, each once, in the order of the fields."""
    seen: dict[Any, None] = {}

    def visit(found: Any) -> None:
        if found in seen or found is RttSamples:
            return
        seen[found] = None
        for hint in typing.get_type_hints(found).values():
            for part in _parts(hint):
                if is_dataclass(part):
                    visit(part)

    visit(shape)
    yield from seen


def _enumerations(shapes: Iterable[Any]) -> list[type[Enum]]:
    found = {
        part
        for shape in shapes
        for hint in typing.get_type_hints(shape).values()
        for part in _parts(hint)
        if isinstance(part, type) and issubclass(part, Enum)
    }
    return sorted(found, key=lambda words: words.__name__)


def _parts(hint: Any) -> Iterator[Any]:
    """A type and the types it is made of."""
    yield hint
    for argument in typing.get_args(hint):
        yield from _parts(argument)


def _listed(tables: Iterable[Table]) -> Iterator[str]:
    yield "| table | section | one row is |"
    yield "| --- | --- | --- |"
    for table in tables:
        summary = text_of(table.shape).summary
        yield f"| [`{table.name}`](#{table.name}) | {table.section or 'all'} | {_cell(summary)} |"


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}\n"
    yield f"{text_of(table.shape).summary}\n"
    yield "| column | type | meaning |"
    yield "| --- | --- | --- |"
    for column in table.columns:
        null = " or null" if column.nullable else ""
        yield f"| `{column.name}` | {_type(column)}{null} | {_cell(_meaning(column))} |"
    yield ""


def _type(column: Column) -> str:
    hint = typing.get_type_hints(column.owner)[column.field]
    if column.counts is not None:
        return "int"
    plain = [part for part in _parts(hint) if part is bytes or _is_words(part)]
    if plain and not isinstance(hint, types.GenericAlias):
        return _word(plain[0])
    return _spelled(column.type)


def _spelled(cells: CellType) -> str:
    if cells.members:
        one = "{" + ", ".join(f"{name}: {kind}" for name, kind in cells.members) + "}"
    else:
        one = str(cells.kind)
    return f"list of {one}" if cells.many else one


def _meaning(column: Column) -> str:
    text = _text(column.owner, column.field)
    if not text and column.name.endswith("_utc"):
        return f"`{column.name.removesuffix('_utc')}_s` as time of day."
    if column.counts is None:
        return text
    table = _table_of(column.counts)
    place = f"rows of [`{table.name}`](#{table.name})" if table else "they are in `--json` only"
    return f"How many: {place}. {text}".strip()


def _text(shape: Any, field: str) -> str:
    """What the source says about a field."""
    said = text_of(shape).members[field]
    return said or ("" if shape.__module__ == "captures.session" else COMMON.get(field, ""))


def _table_of(counted: Any) -> Table | None:
    """The table whose rows are about the things that are counted."""
    for table in TABLES:
        hints = typing.get_type_hints(table.shape).values()
        if any(counted in _parts(hint) for hint in hints):
            return table
    return None


def _shape(shape: Any) -> Iterator[str]:
    texts = text_of(shape)
    hints = typing.get_type_hints(shape)
    yield f"### {shape.__name__}{' (session)' if _of_session(shape) else ''}\n"
    yield f"{texts.summary}\n"
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    for field in fields(shape):
        word = "hex" if (shape, field.name) == (Certificate, "serial") else _word(hints[field.name])
        yield f"| `{field.name}` | {word} | {_cell(_text(shape, field.name))} |"
    yield ""


def _word(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        plain = next(part for part in arguments if part is not type(None))
        return f"{_word(plain)} or null"
    if origin is np.ndarray:
        return "{count: int}"
    if origin in (dict, Mapping):
        return f"object of {_word(arguments[1])} by {_word(arguments[0])}"
    if origin in (tuple, frozenset):
        if origin is tuple and arguments[1:] != (...,):
            return f"[{', '.join(map(_word, arguments))}]"
        return f"list of {_word(arguments[0])}"
    if hint in WORDS:
        return WORDS[hint]
    anchor = hint.__name__.lower() + ("-session" if _of_session(hint) else "")
    return f"[{hint.__name__}](#{anchor})"


def _words(words: type[Enum]) -> Iterator[str]:
    texts = text_of(words)
    yield f"### {words.__name__}\n"
    yield f"{texts.summary}\n"
    yield "| word | meaning |"
    yield "| --- | --- |"
    for member in words:
        word = member.name.lower() if issubclass(words, IntEnum) else str(member.value)
        yield f"| `{word}` | {_cell(texts.members[member.name])} |"
    yield ""


def _is_words(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Enum)


def _of_session(shape: Any) -> bool:
    """Its name may be that of a fact, too."""
    return str(shape.__module__) == "captures.session" and shape.__name__ != "Session"


def _cell(text: str) -> str:
    """A text of the sources as readers of JSON and SQL know it, safe inside a Markdown table."""
    for ours, theirs in (("None", "null"), ("True", "true"), ("False", "false")):
        text = re.sub(rf"\b{ours}\b", theirs, text)
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
