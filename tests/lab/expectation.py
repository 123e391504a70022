"""What a scenario must be told, and how a verdict differs from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Words = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The truth about one run; a tuple lists answers of which each is right.

    `distance` is where the fault sits: a node at hop k is (k, k), the link behind it (k, k+1).
    A cause of "" stands for no root cause at all.
    """

    outcome: Words
    cause: Words = ""
    role: Words | None = None
    distance: tuple[int, int] | None = None
    #: The packets need not carry the distance: "unknown" is right, a wrong number is not.
    vague: bool = False
    #: Causes of which one must be listed beside the root cause.
    also: Words = ()


HEALTHY = Expected("healthy")
#: What only the session can tell must not be guessed from the packets alone.
UNTOLD = Expected(("healthy", "inconclusive"))


def failed(
    cause: Words,
    role: Words,
    distance: tuple[int, int] | None = None,
    vague: bool = False,
    also: Words = (),
) -> Expected:
    """Expect a download that did not get what it needed."""
    return Expected("failed", cause, role, distance, vague, also)


def degraded(
    cause: Words,
    role: Words,
    distance: tuple[int, int] | None = None,
    vague: bool = False,
    also: Words = (),
) -> Expected:
    """Expect a download that arrived, but late."""
    return Expected("degraded", cause, role, distance, vague, also)


def compare(expected: Expected, verdict: Mapping[str, Any]) -> list[str]:
    """Name every way in which the verdict (badhop/verdict/1) is not the expected one."""
    mismatches = _differs("outcome", expected.outcome, verdict.get("outcome"))
    root = verdict.get("root_cause") or {}
    mismatches += _differs("cause", expected.cause, root.get("cause", ""))
    hop = root.get("hop") or {}
    if root and expected.role is not None:
        mismatches += _differs("role", expected.role, hop.get("role"))
    if root and expected.distance is not None:
        mismatches += _misplaced(expected, expected.distance, hop)
    others = causes(verdict) - {root.get("cause")}
    if expected.also and not others & set(words(expected.also)):
        mismatches.append(f"also: expected {_text(expected.also)}, got {_listed(others)}")
    return mismatches


def triggered(resembled: Iterable[str], verdict: Mapping[str, Any]) -> list[str]:
    """Name every cause that was found where something only looks like it."""
    return [f"look-alike: found {cause}" for cause in sorted(causes(verdict) & set(resembled))]


def causes(verdict: Mapping[str, Any]) -> set[str]:
    """Return the causes of all findings about the download."""
    return {finding["cause"] for finding in verdict.get("findings", ())}


def words(text: Words) -> tuple[str, ...]:
    """Return the words that are each right."""
    return (text,) if isinstance(text, str) else text


def _differs(what: str, wanted: Words, got: object) -> list[str]:
    return (
        [] if got in words(wanted) else [f"{what}: expected {_text(wanted)}, got {got or 'none'}"]
    )


def _misplaced(expected: Expected, truth: tuple[int, int], hop: Mapping[str, Any]) -> list[str]:
    """Check that the interval meets the truth: one hop of a node, either end of a link."""
    interval = hop.get("distance")
    if interval is None:
        if expected.vague or hop.get("role") == "path":
            return []
        return [f"distance: expected {list(truth)}, got null"]
    low, high = interval
    if low <= truth[1] and truth[0] <= high:
        return []
    return [f"distance: expected {list(truth)}, got {interval} (width {high - low})"]


def _listed(found: set[Any]) -> str:
    return ", ".join(sorted(map(str, found))) or "nothing"


def _text(text: Words) -> str:
    return " or ".join(word or "none" for word in words(text))
