"""The recorded samples and what each must be told; `python -m tests.samples` lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.expectation import Expected, Words

SAMPLES = Path(__file__).parent.parent / "samples"
LIST = SAMPLES / "README.md"
HEAD = """\
# Samples

Small real captures from the lab, each with the verdict it must get. `expected.json` holds the
truth: outcome, cause (null: none), role and distance of the hop that was broken; a list of words
means that each is right. Try one:

    badhop diagnose samples/NAME

Those with a `far.pcapng` were recorded at two points at once; `where` says on which side of them
the fault is:

    badhop compare samples/NAME/capture.pcapng samples/NAME/far.pcapng

Written by `make docs`.

| sample | outcome | cause | hop | what was broken |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One directory of samples/: a capture, perhaps its session, and the truth about it."""

    directory: Path
    expected: Expected
    description: str
    where: str | None = None
    """With a second capture: on which side of the two points the root cause lies."""

    @property
    def far(self) -> Path | None:
        """The capture of the same download at another point, where there is one."""
        found = sorted(self.directory.glob("far.pcap*"))
        return found[0] if found else None

    @property
    def name(self) -> str:
        """Its directory's name: cause and variant."""
        return self.directory.name


def samples() -> Iterator[Sample]:
    """All samples, by name."""
    for path in sorted(SAMPLES.glob("*/expected.json")):
        yield _sample(path.parent, json.loads(path.read_text("utf-8")))


def _sample(directory: Path, truth: dict[str, Any]) -> Sample:
    distance = truth.get("distance")
    expected = Expected(
        outcome=_words(truth["outcome"]),
        cause=_words(truth["cause"] or ""),
        role=None if truth["role"] is None else _words(truth["role"]),
        distance=(distance[0], distance[1]) if distance else None,
        vague=bool(truth.get("vague")),
    )
    return Sample(directory, expected, truth["description"], truth.get("where"))


def _words(value: str | list[str | None]) -> Words:
    return value if isinstance(value, str) else tuple(word or "" for word in value)


def page() -> str:
    """The text of samples/README.md."""
    return HEAD + "".join(map(_row, samples()))


def _row(sample: Sample) -> str:
    truth = sample.expected
    cells = [sample.name, _either(truth.outcome), _either(truth.cause), _hop(truth)]
    return f"| {' | '.join([*cells, sample.description])} |\n"


def _hop(truth: Expected) -> str:
    if truth.role is None:
        return ""
    if truth.distance is None:
        return _either(truth.role)
    low, high = truth.distance
    where = f"{low}" if low == high else f"{low}-{high}"
    return f"{_either(truth.role)}, {where}"


def _either(words: Words) -> str:
    return words if isinstance(words, str) else " or ".join(word or "none" for word in words)


if __name__ == "__main__":
    LIST.write_text(page(), "utf-8")
