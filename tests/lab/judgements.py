"""Verdicts of the lab beside their truths: what was expected, what was said, how far off it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.lab.expectation import Expected, compare, words
from tests.lab.runner import Result


class Placing(StrEnum):
    """How the interval that was found lies to the true one."""

    EXACT = "exact"
    #: It holds the true place and more.
    WIDER = "wider"
    #: One end of the true link.
    PART = "one end of the link"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict, with the session or from the packets alone, and the truth about its run."""

    result: Result
    expected: Expected
    verdict: Mapping[str, Any]

    @property
    def right(self) -> bool:
        """Whether outcome, cause, role and distance are."""
        return not compare(self.expected, self.verdict)

    @property
    def cause(self) -> str:
        """The cause that was named, "" for none."""
        root = self.verdict.get("root_cause") or {}
        return str(root.get("cause", ""))

    @property
    def confidence(self) -> float | None:
        """How sure the verdict is of its cause; None without one."""
        root = self.verdict.get("root_cause") or {}
        return root.get("confidence")

    @property
    def role(self) -> str:
        """The role of the hop that was named, "" for none."""
        root = self.verdict.get("root_cause") or {}
        return str((root.get("hop") or {}).get("role", ""))

    @property
    def interval(self) -> tuple[int, int] | None:
        """The distance that was named."""
        root = self.verdict.get("root_cause") or {}
        found = (root.get("hop") or {}).get("distance")
        return (found[0], found[1]) if found else None

    @property
    def placing(self) -> Placing | None:
        """How the place that was named lies to the true one; None where no truth is declared."""
        truth, found = self.expected.distance, self.interval
        if truth is None or self.cause not in words(self.expected.cause) or not self.cause:
            return None
        if found is None:
            return Placing.UNKNOWN
        if found == truth:
            return Placing.EXACT
        if found[0] <= truth[0] and truth[1] <= found[1]:
            return Placing.WIDER
        overlaps = found[0] <= truth[1] and truth[0] <= found[1]
        return Placing.PART if overlaps else Placing.WRONG


def judgements(results: Iterable[Result]) -> Iterator[Judgement]:
    """Give every verdict of these runs; a run without a session has one, the others two."""
    for result in results:
        scenario = result.scenario
        if scenario.has_session and result.verdict:
            yield Judgement(result, scenario.expect, result.verdict)
        if result.bare:
            yield Judgement(result, scenario.without_session(), result.bare)
