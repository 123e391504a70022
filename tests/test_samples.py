"""Every recorded sample gets the verdict it must get, and is listed."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.report.json import document
from diagnostics.source import facts_of
from diagnostics.verdict import Outcome, Role
from tests.lab.expectation import Words, compare
from tests.samples import LIST, SAMPLES, Sample, page, samples

ALL = list(samples())

MAX_BYTES = 1_000_000
"""Of one file: samples are cloned by everybody."""


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_a_sample_gets_its_verdict(sample: Sample) -> None:
    verdict = document(diagnose(facts_of(str(sample.directory))))
    mismatches = compare(sample.expected, verdict)
    assert not mismatches, f"{sample.description}: {'; '.join(mismatches)}"


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_a_sample_speaks_the_contracts_words(sample: Sample) -> None:
    assert set(_all(sample.expected.outcome)) <= {outcome.value for outcome in Outcome}
    assert set(_all(sample.expected.role or ())) <= {role.value for role in Role}
    assert sample.description
    assert all(path.stat().st_size <= MAX_BYTES for path in sample.directory.iterdir())


def test_every_directory_is_a_sample() -> None:
    directories = {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert directories == {sample.name for sample in ALL}


def test_the_list_of_samples_is_fresh() -> None:
    assert LIST.read_text("utf-8") == page(), "run `make docs` and commit"


def _all(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words
