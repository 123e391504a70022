"""Segments that overtake each other."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, healthy, only, place, root_of
from tests.factories import SERVER, facts, fetched, frame_at, resolved
from tests.factories.courses import every, needless, overtaken, paced

CODE = "path.reordering"
RATES = [3.0, 1.5, 2.2, 1.1, 2.8, 1.9] * 10


def whole(server: dict[str, Any], last_s: float = 6.4) -> Any:
    """A transfer whose server half has these changes."""
    return facts(resolved(SERVER), fetched(server=server, last_s=last_s))


def test_needless_copies_slow_the_sender_down() -> None:
    moments = every(0.1, 0.3, 55)
    copies = tuple(needless(t, sequence=int(t * 1e5)) for t in moments)
    late = tuple(frame_at(t + 0.1) for t in moments)
    capture = whole(paced(0.2, RATES) | {"retransmissions": copies, "late_original_frames": late})
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s > 2.0
    assert root_of(capture) == ("degraded", CODE)


def test_a_reader_that_waits_again_and_again() -> None:
    late = overtaken(*((t, 0.03) for t in every(0.06, 0.3, 100)))
    assert only(CODE, whole(paced(0.2, RATES) | late)).impact_s == pytest.approx(3.0)


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(every(0.5, 0.3, 11), id="one in a hundred"),
        pytest.param(every(0.06, 0.3, 60), id="for a moment only"),
    ],
)
def test_a_little_of_it_is_nothing(late: list[float]) -> None:
    capture = whole(paced(0.2, RATES) | overtaken(*((t, 0.003) for t in late)))
    assert not found(CODE, capture)
    healthy(capture)
