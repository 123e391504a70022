"""`badhop locate` must place each fault that the lab makes; set BADHOP_LAB=1 to run them."""

from __future__ import annotations

import pytest

from tests.lab.locating import CASES, Case, run_case, run_merged
from tests.lab.requirements import missing
from tests.lab.scenarios import catalogue


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_case(case: Case) -> None:
    wrong = run_case(case, seed=1)
    # The timing of one run on a busy machine says little.
    assert not wrong or not run_case(case, seed=1), wrong


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize(
    "name", ["tls-sni-silent", "tls-sni-reset-mimic", "dns-forged-mimic", "tcp-syn-dropped-transit"]
)
def test_probes_narrow_the_verdict_on_the_download(name: str) -> None:
    (case,) = [case for case in CASES if case.scenario == name]
    wrong = run_merged(case, seed=2)
    assert not wrong or not run_merged(case, seed=2), wrong


def test_cases_speak_of_scenarios() -> None:
    assert {case.scenario for case in CASES} <= set(catalogue())
