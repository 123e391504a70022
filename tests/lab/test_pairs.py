"""Two captures of one download must place the fault where it is, in whatever order they are named.

Set BADHOP_LAB=1 to record and judge them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import toolchain
from tests.lab.pair_scenarios import PAIRS
from tests.lab.pairs import PairScenario, ask, mismatches, record_pair
from tests.lab.requirements import missing


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_pair(pair: PairScenario, tmp_path: Path) -> None:
    if toolchain.find(pair.scenario.go) is None:
        pytest.skip(f"no go {pair.scenario.go}: name one in {toolchain.VARIABLE}")
    near, far = record_pair(pair, 1, tmp_path)
    status, verdict = ask(near, far)
    wrong = mismatches(pair, verdict)
    assert not wrong, f"{pair.scenario.breaks}: {'; '.join(wrong)}"
    swapped_status, swapped = ask(far, near)
    assert not mismatches(pair, swapped), "named the other way round"
    assert swapped_status == status
    assert swapped["comparison"]["near"] == verdict["comparison"]["near"]


def test_names_are_unique() -> None:
    names = [pair.name for pair in PAIRS]
    assert len(set(names)) == len(names)
