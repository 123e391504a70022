"""The tries that facts were joined into: name, address, connection, TLS, request, outcome."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts
from diagnostics.report.numbers import at
from diagnostics.report.table import Table


def tables(facts: Facts) -> Iterator[Table]:
    """One row per try."""
    yield Table(
        "Attempts",
        (
            ">no",
            "need",
            "address",
            ">stream",
            ">at s",
            ">lasts s",
            "outcome",
            "stage",
            "reason",
            "go",
        ),
        [_attempt(attempt) for attempt in facts.attempts],
    )


def _attempt(attempt: Attempt) -> tuple[object, ...]:
    return (
        attempt.index,
        attempt.need,
        attempt.address,
        attempt.stream,
        at(attempt.start_s),
        at(attempt.end_s - attempt.start_s),
        attempt.outcome,
        attempt.stage.name.lower(),
        attempt.reason,
        attempt.is_go,
    )
