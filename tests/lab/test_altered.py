"""Verdicts on parts of the evidence: how they are graded, counted and written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lab.altered import Judgement
from tests.lab.alteredpage import page
from tests.lab.expectation import HEALTHY, Expected, degraded, failed
from tests.lab.grades import Grade, grade

BLOCKED = failed("tls.sni_blocked", "middlebox", (2, 2))


def verdict(
    outcome: str, cause: str = "", role: str = "", distance: list[int] | None = None
) -> dict[str, Any]:
    root = {"cause": cause, "hop": {"role": role, "distance": distance}, "confidence": 0.93}
    return {"outcome": outcome, "root_cause": root if cause else None}


@pytest.mark.parametrize(
    ("expected", "told", "wanted"),
    [
        (BLOCKED, verdict("failed", "tls.sni_blocked", "middlebox", [2, 2]), Grade.RIGHT),
        (BLOCKED, verdict("failed", "tls.sni_blocked", "path"), Grade.LESS_SPECIFIC),
        (BLOCKED, verdict("failed", "tls.sni_blocked", "middlebox"), Grade.LESS_SPECIFIC),
        (
            BLOCKED,
            verdict("failed", "tcp.reset_injected", "middlebox", [1, 4]),
            Grade.LESS_SPECIFIC,
        ),
        (BLOCKED, verdict("inconclusive"), Grade.INCONCLUSIVE),
        (BLOCKED, verdict("failed", "tls.sni_blocked", "middlebox", [3, 3]), Grade.WRONG),
        (BLOCKED, verdict("failed", "tls.sni_blocked", "server", [2, 2]), Grade.WRONG),
        (BLOCKED, verdict("failed", "tcp.reset_by_server", "middlebox", [2, 2]), Grade.WRONG),
        (BLOCKED, verdict("healthy"), Grade.WRONG),
        (HEALTHY, verdict("failed", "tcp.refused", "server", [4, 4]), Grade.WRONG),
        (HEALTHY, verdict("inconclusive"), Grade.INCONCLUSIVE),
        (degraded("dns.slow", "resolver", (2, 2)), verdict("healthy"), Grade.MISSED),
    ],
)
def test_a_verdict_on_less_may_say_less_but_nothing_false(
    expected: Expected, told: dict[str, Any], wanted: Grade
) -> None:
    assert grade(expected, told) is wanted


def test_the_page_counts_by_alteration_and_by_confidence_and_names_what_is_wrong() -> None:
    right = verdict("failed", "tls.sni_blocked", "middlebox", [2, 2])
    wrong = verdict("failed", "tcp.refused", "server", [4, 4])
    judgements = [
        Judgement(Path("lab/sni"), "pcap", False, BLOCKED, right, Grade.RIGHT),
        Judgement(Path("lab/sni"), "snaplen 128", False, BLOCKED, wrong, Grade.WRONG),
    ]
    text = page(judgements)
    assert "| pcap | 1 | 0 | 0 | 0 | 0 |" in text
    assert "| all | 1 | 0 | 0 | 0 | 1 |" in text
    assert "| 0.9 to 1.0 | 2 | 1 | 0 | 1 | 50.0% |" in text
    assert "- wrong lab/sni (snaplen 128, bare): failed tcp.refused server [4, 4]" in text
    assert "With the session" not in text
