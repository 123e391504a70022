"""Facts in, one JSON document of them out (`badhop/facts/1`).

Dataclasses become objects with their fields' names. Bytes are hex, times of day RFC 3339, sets
sorted lists, and the arrays behind a connection (its rows and its round-trip samples) a summary.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from analyzers.facts import Certificate, Facts, RttSamples
from analyzers.rtt import jitter_s
from diagnostics.report.json import Json
from diagnostics.report.numbers import spread

SCHEMA = "badhop/facts/1"

SECTIONS: dict[str, tuple[str, ...]] = {
    "dns": ("dns", "lookups"),
    "tcp": ("connections",),
    "tls": ("handshakes",),
    "http": ("requests",),
    "path": ("icmp", "hosts", "hops"),
}
"""The fields of Facts that each section of `badhop analyze` shows, beside `capture`."""


def render(facts: Facts, section: str | None) -> str:
    """Write all facts, or those of one section, as ASCII JSON."""
    return "".join(pieces(facts, section))


def pieces(facts: Facts, section: str | None) -> Iterator[str]:
    """The text of `document`, item by item: as objects, 20,000 connections take 700 MB."""
    yield f'{{\n "schema": "{SCHEMA}"'
    for name in _names(section):
        yield f',\n "{name}": '
        thing = getattr(facts, name)
        if isinstance(thing, tuple) and thing:
            for number, item in enumerate(thing):
                yield (",\n  " if number else "[\n  ") + _indented(item, 2)
            yield "\n ]"
        else:
            yield _indented(thing, 1)
    yield "\n}"


def document(facts: Facts, section: str | None = None) -> dict[str, Json]:
    """Facts as JSON values."""
    return {"schema": SCHEMA, **{name: value(getattr(facts, name)) for name in _names(section)}}


def _names(section: str | None) -> list[str]:
    names = [field.name for field in fields(Facts)]
    return names if section is None else ["capture", *SECTIONS[section]]


def _indented(thing: object, depth: int) -> str:
    # Inside texts, JSON writes line ends as escapes.
    text = json.dumps(value(thing), indent=1, allow_nan=False)
    return text.replace("\n", "\n" + " " * depth)


@singledispatch
def value(thing: object) -> Json:
    """Any value that facts are made of, as JSON has it."""
    if is_dataclass(thing):
        return {field.name: value(getattr(thing, field.name)) for field in fields(thing)}
    raise TypeError(f"facts hold a {type(thing).__name__}, which JSON has no word for")


@value.register(type(None))
@value.register(bool)
def _plain(thing: bool | None) -> Json:
    return thing


@value.register
def _text(thing: str) -> Json:
    return str(thing)


@value.register(int)
@value.register(np.integer)
def _whole(thing: int) -> Json:
    return int(thing)


@value.register(float)
@value.register(np.floating)
def _real(thing: float) -> Json:
    return round(float(thing), 6) if math.isfinite(thing) else None


@value.register
def _stage(thing: IntEnum) -> Json:
    return thing.name.lower()


@value.register
def _moment(thing: datetime) -> Json:
    return thing.astimezone(UTC).isoformat().replace("+00:00", "Z")


@value.register
def _bytes(thing: bytes) -> Json:
    return thing.hex()


@value.register(tuple)
@value.register(list)
def _list(thing: Iterable[object]) -> Json:
    return [value(item) for item in thing]


@value.register(frozenset)
def _set(thing: frozenset[object]) -> Json:
    return [*sorted(str(item) for item in thing)]


@value.register(Mapping)
def _mapping(thing: Mapping[object, object]) -> Json:
    return {str(key): value(item) for key, item in thing.items()}


@value.register(np.ndarray)
def _rows(thing: npt.NDArray[np.int64]) -> Json:
    return {"count": len(thing)}


@value.register
def _samples(thing: RttSamples) -> Json:
    seen = spread(thing.rtt_s)
    if seen is None:
        return {"count": 0}
    return {**{k: value(v) for k, v in asdict(seen).items()}, "jitter_s": value(jitter_s(thing))}


@value.register
def _certificate(thing: Certificate) -> Json:
    # Serial numbers have up to 160 bits; JSON readers keep 53.
    plain = {field.name: value(getattr(thing, field.name)) for field in fields(thing)}
    return {**plain, "serial": f"{thing.serial:x}"}
