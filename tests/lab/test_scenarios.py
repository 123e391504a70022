"""The declarations themselves: every cause has its rule, its scenario and its look-alike."""

from __future__ import annotations

import pytest

from diagnostics.contract import CAUSES
from diagnostics.registry import codes
from tests.lab.expectation import HEALTHY, Expected, words
from tests.lab.model import Scenario
from tests.lab.scenarios import catalogue

CODES = [cause.code for cause in CAUSES]
SCENARIOS = tuple(catalogue().values())


@pytest.mark.parametrize("code", CODES)
def test_every_cause_has_a_rule(code: str) -> None:
    assert code in codes()


@pytest.mark.parametrize("code", CODES)
def test_a_scenario_shows_every_cause_and_nothing_else(code: str) -> None:
    """One that allows another answer too would pass without the rule."""
    assert any(_demands(truth, code) for s in SCENARIOS for truth in _truths(s))


@pytest.mark.parametrize("code", CODES)
def test_a_look_alike_must_not_trigger_any_cause(code: str) -> None:
    assert any(code in s.resembles for s in SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_what_is_declared_makes_sense(scenario: Scenario) -> None:
    for truth in _truths(scenario):
        named = {word for text in (truth.cause, truth.also) for word in words(text) if word}
        assert named <= set(CODES)
        assert not named & set(scenario.resembles)
    assert set(scenario.resembles) <= set(CODES)
    assert set(scenario.parts or ()) <= set(catalogue())


def test_healthy_scenarios_are_as_many_as_the_faults_are_varied() -> None:
    assert sum(s.expect == HEALTHY for s in SCENARIOS) >= 60


def _truths(scenario: Scenario) -> tuple[Expected, Expected]:
    return scenario.expect, scenario.without_session()


def _demands(truth: Expected, code: str) -> bool:
    if code in words(truth.cause) and words(truth.cause) == words(truth.also):
        return True  # each of them must be found, one as the root and the other beside it
    return words(truth.cause) == (code,) or words(truth.also) == (code,)
