"""Types become columns: every fact has one, with a name that is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pytest

from analyzers.facts import Connection, Dialogue, DnsLookup, Facts, Half, RttSamples, Stage
from captures.session import Session
from diagnostics.tables.catalog import TABLES, Table, chosen
from diagnostics.tables.cells import converter
from diagnostics.tables.columns import CellType, Inline, Kind, columns_of
from tests.factspage import reachable

ELSEWHERE = {
    (Half, "dialogue"),
    (Connection, "rows"),
    (Connection, "rtt"),
    (Connection, "client_rtt"),
    (DnsLookup, "exchanges"),
}
"""Fields that tables leave out or tell in another way; see the row types."""


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    frame: int
    colours: frozenset[Colour]


@dataclass(frozen=True)
class Outer:
    time_s: float
    stage: Stage | None
    raw: bytes
    when: datetime
    series: npt.NDArray[np.int64]
    headers: tuple[tuple[str, str], ...]
    by_colour: dict[Colour, float]
    inner: Inner | None
    bare: Annotated[Inner, Inline("colours")]
    children: tuple[Inner, ...]


def test_a_type_becomes_columns() -> None:
    wanted = {
        "time_s": (CellType(Kind.FLOAT), False),
        "stage": (CellType(Kind.TEXT), True),
        "raw": (CellType(Kind.TEXT), False),
        "when": (CellType(Kind.TIME), False),
        "series": (CellType(Kind.INT, many=True), False),
        "headers": (
            CellType(Kind.OBJECT, True, (("name", Kind.TEXT), ("value", Kind.TEXT))),
            False,
        ),
        "red_by_colour": (CellType(Kind.FLOAT), True),
        "blue_by_colour": (CellType(Kind.FLOAT), True),
        "inner_frame": (CellType(Kind.INT), True),
        "inner_colours": (CellType(Kind.TEXT, many=True), True),
        "frame": (CellType(Kind.INT), False),
        "children_count": (CellType(Kind.INT), False),
    }
    assert {c.name: (c.type, c.nullable) for c in columns_of(Outer)} == wanted


def test_an_instance_becomes_cells() -> None:
    some = Inner(7, frozenset(Colour))
    when = datetime(2026, 1, 2, tzinfo=UTC)
    row = Outer(
        0.1234567890123, Stage.TLS, b"\x00\xff", when, np.array([1, 2]), (("a", "b"),),
        {Colour.RED: 1.5}, None, some, (some, some),
    )  # fmt: skip
    cells = [converter(column.type)(column.read(row)) for column in columns_of(Outer)]
    assert cells == [
        0.123456789, "tls", "00ff", when, [1, 2], [{"name": "a", "value": "b"}],
        1.5, None, None, None, 7, 2,
    ]  # fmt: skip
    assert converter(CellType(Kind.TEXT, many=True))(some.colours) == ["blue", "red"]


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (float("nan"), Kind.FLOAT, None),
        (float("-inf"), Kind.FLOAT, None),
        (2**63, Kind.INT, None),
        (-(2**63), Kind.INT, -(2**63)),
        (np.int64(5), Kind.INT, 5),
        ("a\ud800\x1b\u202e", Kind.TEXT, "a?\x1b\u202e"),
    ],
)
def test_what_no_reader_can_hold_is_replaced(value: Any, kind: Kind, wanted: object) -> None:
    assert converter(CellType(kind))(value) == wanted


def test_a_type_without_a_column_is_a_defect() -> None:
    @dataclass
    class Odd:
        number: complex

    with pytest.raises(TypeError, match=r"Odd\.number is .*complex"):
        columns_of(Odd)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_names_of_columns_are_unique_and_plain(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.isidentifier() and name.islower() for name in names)
    # It is the key under which a line of JSON names its table.
    assert "table" not in names


def test_every_fact_is_in_a_table() -> None:
    shown = {(c.owner, c.field) for table in TABLES for c in table.columns}
    wanted = {
        (shape, field.name)
        for shape in reachable(Facts)
        if shape not in (Facts, Dialogue, RttSamples) and not _of_the_session(shape)
        for field in fields(shape)
        if not _flattened(shape, field.name)
    }
    assert wanted - shown <= ELSEWHERE | _shared_by_messages()


def test_the_capture_is_in_every_section() -> None:
    assert chosen(None) == TABLES
    path = ["capture", "icmp_errors", "hosts", "hops", "probes"]
    assert [table.name for table in chosen("path")] == path


def _of_the_session(shape: type) -> bool:
    return shape.__module__ == Session.__module__


def _flattened(shape: Any, name: str) -> bool:
    """A dataclass inside another one: its own fields are the columns."""
    import typing
    from dataclasses import is_dataclass

    hint = typing.get_type_hints(shape)[name]
    return any(is_dataclass(part) for part in (hint, *typing.get_args(hint))) and not issubclass(
        typing.get_origin(hint) or object, Mapping
    )


def _shared_by_messages() -> set[tuple[type, str]]:
    from analyzers.facts import DnsQuery, DnsResponse
    from diagnostics.tables.rows.dns import SHARED

    return {(shape, name) for shape in (DnsQuery, DnsResponse) for name in SHARED.leave_out}


def test_enumerations_are_text() -> None:
    assert issubclass(Stage, Enum)
    assert converter(CellType(Kind.TEXT))(Stage.CONNECT) == "connect"
