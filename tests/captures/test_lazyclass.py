"""Data classes whose methods are written late behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Frozen:
    """Cannot be changed."""

    name: str
    numbers: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Twin:
    """The same, from the standard library."""

    name: str
    numbers: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False)


@dataclass(slots=True)
class Open:
    """Can be changed, and works something out."""

    width: int
    area: int = field(init=False)

    def __post_init__(self) -> None:
        self.area = self.width**2


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """Equal to itself only."""

    name: str


@dataclass(frozen=True)
class Roomy:
    """Has a dictionary."""

    name: str


@dataclass(frozen=True, slots=True)
class Heir(Frozen):
    """Has one field more."""

    more: int = 3


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", (1,)), {}),
    (("b",), {"numbers": (2, 3), "notes": ["x"]}),
]


@pytest.mark.parametrize(("arguments", "named"), ARGUMENTS)
def test_values_are_shown_compared_and_hashed_as_in_the_standard_library(
    arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    mine, twin = Frozen(*arguments, **named), Twin(*arguments, **named)
    assert repr(mine) == repr(twin).replace("Twin", "Frozen")
    assert hash(mine) == hash(twin)
    assert mine == Frozen(*arguments, **named)
    other: object = twin
    assert mine != other
    assert dataclasses.asdict(mine) == dataclasses.asdict(twin)
    assert [(f.name, f.type) for f in fields(Frozen)] == [(f.name, f.type) for f in fields(Twin)]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Frozen()  # type: ignore[call-arg]


def test_each_value_gets_a_default_of_its_own() -> None:
    Frozen("a").notes.append("x")
    assert Frozen("b").notes == []


def test_frozen_values_refuse_changes() -> None:
    for value in (Frozen("a"), Same("a"), Roomy("a")):
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
            value.name = "b"  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
            del value.name
        assert value.name == "a"


def test_open_values_can_be_changed_and_have_no_hash() -> None:
    value = Open(3)
    assert value.area == 9
    value.width = 4
    assert repr(value) == "Open(width=4, area=9)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)


def test_without_eq_only_the_same_value_is_equal() -> None:
    value = Same("a")
    assert value == value
    assert value != Same("a")
    assert len({value, Same("a")}) == 2


def test_heirs_have_all_fields() -> None:
    assert Heir("a", more=4) == replace(Heir("a"), more=4)
    assert repr(Heir("a")) == "Heir(name='a', numbers=(), notes=[], more=3)"


def test_values_can_be_copied_and_pickled() -> None:
    for value in (Frozen("a", (1,), ["x"]), Open(3), Roomy("a"), Heir("b")):
        assert copy.copy(value) == value
        assert copy.deepcopy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value
