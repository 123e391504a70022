"""Badhop reads what tshark reads, and judges repeats otherwise only for a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.corpus import captures_of_corpus, needs_corpus
from tests.crosscheck import tshark
from tests.crosscheck.corpus import lab

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="install tshark to compare with it"
)


def check(paths: list[Path]) -> tshark.Sums:
    """Compare the captures; nothing may differ without a reason."""
    sums = tshark.compare(paths)
    assert sums.counts_differ == []
    assert sums.streams_differ == []
    assert sums.round_trips_differ == []
    assert sums.alerts_differ == []
    assert sums.responses_differ == []
    assert sums.only_theirs.get("", []) == []
    assert sums.only_ours.get("", []) == []
    assert sums.repeats_out_of_order == []
    return sums


def test_the_labs_captures() -> None:
    sums = check(lab())
    assert sums.captures >= 80
    assert sums.streams > 150
    assert sums.round_trips > 100
    assert sums.alerts > 20
    assert sums.responses > 150
    assert sums.same_repeats > 400


@needs_corpus
def test_the_corpus() -> None:
    sums = check(captures_of_corpus())
    assert sums.captures > 120
    assert sums.round_trips > 80
    assert sums.same_repeats > 100
