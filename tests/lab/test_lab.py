"""Every scenario must get the verdict that what it breaks deserves.

Set BADHOP_LAB=1 to run those that are no repetition of others, BADHOP_LAB=all to run every one,
and BADHOP_LAB_SEEDS to how many networks each is tried in.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import cast

import pytest

from tests.lab import netns, toolchain
from tests.lab.expectation import HEALTHY, compare, failed, triggered
from tests.lab.model import Scenario
from tests.lab.requirements import missing, takes
from tests.lab.runner import Result, judge, run_all
from tests.lab.scenarios import catalogue
from tests.lab.singles import together

_SEEDS = range(1, int(os.environ.get("BADHOP_LAB_SEEDS", "1")) + 1)
_PAIRS = [(s, seed) for s in catalogue().values() if takes(s.thorough) for seed in _SEEDS]
Results = dict[tuple[str, int], Result]


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Results:
    """Run the selected scenarios side by side, because most of their time is waiting."""
    wanted: list[tuple[Scenario, int]] = [
        cast("tuple[Scenario, int]", item.callspec.params["pair"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_scenario.__name__
    ]
    netns.reap()
    runnable = [pair for pair in wanted if toolchain.find(pair[0].go)]
    done = run_all(runnable, judge)
    return {(result.scenario.name, result.seed): result for result in done}


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("pair", _PAIRS, ids=lambda pair: f"{pair[0].name}-{pair[1]}")
def test_scenario(pair: tuple[Scenario, int], results: Results) -> None:
    scenario, seed = pair
    if toolchain.find(scenario.go) is None:
        pytest.skip(f"no go {scenario.go}: name one in {toolchain.VARIABLE}")
    result = results[scenario.name, seed]
    assert result.passed, f"{scenario.breaks}\n{result.line()}\n{result.output[-2000:]}"


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_what_each_fault_does_alone_decides_the_truth_about_two(results: Results) -> None:
    wrong = [f"{t.both.line()}: {m}" for t in together(results.values()) for m in t.mismatches()]
    assert not wrong, "\n".join(wrong)


def test_compare_accepts_the_truth() -> None:
    verdict = _verdict("failed", "tcp.refused", "server", [4, 4])
    assert compare(failed("tcp.refused", "server", (4, 4)), verdict) == []


def test_compare_names_each_difference() -> None:
    verdict = _verdict("degraded", "tcp.refused", "path", [1, 2])
    mismatches = compare(failed("tcp.syn_timeout", "server", (4, 4)), verdict)
    assert [text.partition(":")[0] for text in mismatches] == [
        "outcome",
        "cause",
        "role",
        "distance",
    ]


def test_compare_lets_a_link_be_named_by_either_end() -> None:
    expected = failed("path.loss", "transit", (2, 3))
    for interval in ([2, 2], [3, 3], [2, 3], [0, 4]):
        assert compare(expected, _verdict("failed", "path.loss", "transit", interval)) == []
    assert compare(expected, _verdict("failed", "path.loss", "transit", [4, 4]))


def test_compare_takes_an_unknown_distance_only_where_it_may_be_unknown() -> None:
    expected = failed("tls.sni_blocked", "middlebox", (2, 2))
    verdict = _verdict("failed", "tls.sni_blocked", "middlebox", None)
    assert compare(expected, verdict)
    assert compare(replace(expected, vague=True), verdict) == []


def test_compare_condemns_a_false_alarm() -> None:
    assert compare(HEALTHY, {"outcome": "healthy", "root_cause": None}) == []
    assert compare(HEALTHY, _verdict("degraded", "path.loss", "path", None))


def test_compare_wants_the_other_fault_listed() -> None:
    expected = failed("tls.expired", "server", (4, 4), also="dns.slow")
    verdict = _verdict("failed", "tls.expired", "server", [4, 4])
    found = [{"cause": "tls.expired"}, {"cause": "dns.slow"}]
    assert compare(expected, verdict | {"findings": found}) == []
    assert compare(expected, verdict | {"findings": found[:1]})


def test_a_look_alike_must_not_be_found_anywhere() -> None:
    verdict = {"findings": [{"cause": "tls.expired"}, {"cause": "dns.slow"}]}
    assert triggered(("tcp.refused",), verdict) == []
    assert triggered(("dns.slow", "tcp.refused"), verdict) == ["look-alike: found dns.slow"]


def _verdict(outcome: str, cause: str, role: str, distance: list[int] | None) -> dict[str, object]:
    hop = {"role": role, "distance": distance}
    return {"outcome": outcome, "root_cause": {"cause": cause, "hop": hop}}
