"""Every recorded sample gets the verdict it must get, and is listed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from diagnostics.between.verdict import judge
from diagnostics.engine import diagnose
from diagnostics.report.json import document
from diagnostics.source import comparison_of, facts_of
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


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("sample", [s for s in ALL if s.far], ids=lambda sample: sample.name)
def test_a_sample_of_two_points_gets_its_place(sample: Sample, turned: bool) -> None:
    names = [str(sample.directory / "capture.pcapng"), str(sample.far)]
    judged = judge(comparison_of(*(reversed(names) if turned else names)))
    mismatches = compare(sample.expected, document(judged.verdict))
    assert not mismatches, f"{sample.description}: {'; '.join(mismatches)}"
    assert judged.where == sample.where
    assert judged.swapped is turned


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_a_sample_speaks_the_contracts_words(sample: Sample) -> None:
    assert set(_all(sample.expected.outcome)) <= {outcome.value for outcome in Outcome}
    assert set(_all(sample.expected.role or ())) <= {role.value for role in Role}
    assert sample.description
    assert all(path.stat().st_size <= MAX_BYTES for path in sample.directory.iterdir())


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_the_filters_show_all_of_the_evidence(sample: Sample) -> None:
    streams = _streams_as_wireshark_counts(sample)
    verdict = diagnose(facts_of(str(sample.directory)))
    for finding in (*verdict.findings, *verdict.background):
        for piece in finding.evidence:
            assert set(piece.frames) <= streams.keys(), finding.cause
            if piece.stream is not None:
                there = {streams[frame] for frame in piece.frames}
                assert there <= {str(piece.stream)}, f"{finding.cause}: {piece.text}"


def test_every_directory_is_a_sample() -> None:
    directories = {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert directories == {sample.name for sample in ALL}


def test_the_list_of_samples_is_fresh() -> None:
    assert LIST.read_text("utf-8") == page(), "run `make docs` and commit"


def _streams_as_wireshark_counts(sample: Sample) -> dict[int, str]:
    """Each frame's `tcp.stream`; of an ICMP error, which quotes a packet, none."""
    command = ["tshark", "-n", "-r", str(next(sample.directory.glob("capture.*")))]
    command += ["-T", "fields", "-e", "frame.number", "-e", "tcp.stream"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = (line.split("\t") for line in listed.splitlines())
    return {int(frame): stream for frame, stream in rows}


def _all(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words
