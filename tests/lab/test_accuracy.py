"""The page counts what was said beside what was true."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.accuracy import page
from tests.lab.expectation import HEALTHY, Expected, failed
from tests.lab.judgements import Judgement, Placing
from tests.lab.model import Scenario
from tests.lab.runner import Result

REFUSED = failed("tcp.refused", "server", (4, 4))
LOSS = failed("path.loss", "path", (2, 3))


def _verdict(cause: str, role: str, distance: list[int] | None, sure: float) -> dict[str, Any]:
    hop = {"role": role, "distance": distance}
    root = {"cause": cause, "hop": hop, "confidence": sure}
    return {"outcome": "failed", "root_cause": root, "findings": [root]}


def _ran(name: str, expect: Expected, verdict: dict[str, Any], *wrong: str) -> Result:
    scenario = Scenario(name=name, breaks="", expect=expect)
    return Result(scenario, 1, 0.0, list(wrong), verdict, verdict, status=1)


@pytest.mark.parametrize(
    ("expect", "distance", "placing"),
    [
        (REFUSED, [4, 4], Placing.EXACT),
        (REFUSED, [1, 4], Placing.WIDER),
        (REFUSED, [3, 3], Placing.WRONG),
        (REFUSED, None, Placing.UNKNOWN),
        (LOSS, [2, 3], Placing.EXACT),
        (LOSS, [0, 4], Placing.WIDER),
        (LOSS, [3, 3], Placing.PART),
        (LOSS, [3, 4], Placing.PART),
        (LOSS, [4, 4], Placing.WRONG),
        (failed("tcp.refused", "server"), [4, 4], None),
    ],
)
def test_a_place_is_compared_with_the_true_one(
    expect: Expected, distance: list[int] | None, placing: Placing | None
) -> None:
    verdict = _verdict(str(expect.cause), "server", distance, 0.9)
    assert Judgement(_ran("x", expect, verdict), expect, verdict).placing is placing


def test_a_page_without_mistakes_says_so() -> None:
    text = page([_ran("good", REFUSED, _verdict("tcp.refused", "server", [4, 4], 0.95))])
    assert "No verdict names a cause other than the expected one." in text
    assert "| 0.95 and more | 2 | 2 | 100.0% |" in text
    assert "| server | 2 | 0 | 2 | 0 | 0 | 0 | 0 |" in text
    assert "Wrong runs" not in text


def test_mistakes_are_named() -> None:
    text = page(
        [
            _ran("good", REFUSED, _verdict("tcp.refused", "server", [4, 4], 0.95)),
            _ran("bad", REFUSED, _verdict("tcp.unreachable", "path", [2, 2], 0.95), "cause: no"),
            _ran("alarm", HEALTHY, _verdict("path.loss", "path", None, 0.7), "outcome: no"),
        ]
    )
    assert "| tcp.refused | tcp.unreachable | 2 |" in text
    assert "| none | path.loss | 2 |" in text
    assert "| 0.95 and more | 4 | 2 | 50.0% |" in text
    assert "False alarms: 2 in 1 healthy runs." in text
    assert "| bad | 1 | cause: no |" in text


def test_scenarios_that_cannot_run_are_listed() -> None:
    scenario = Scenario(name="old", breaks="", expect=HEALTHY, go="1.2")
    text = page([Result(scenario, 1, 0.0, [], skipped="no go 1.2")])
    assert "- no go 1.2: old" in text
