"""A short run with a fixed seed, and the fuzzer's own parts."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from analyzers.vantage.comparison import Compared
from captures.errors import CaptureError
from captures.files import open as open_capture
from captures.session import CAPTURE_NAME
from diagnostics.between.verdict import Judged, judge
from tests.corpus import CORPUS, needs_corpus
from tests.fuzz import pipeline, pool, seeds
from tests.fuzz.__main__ import Tally, until
from tests.fuzz.contract import BrokenReport, check_json, check_text
from tests.fuzz.make import Made, make
from tests.fuzz.minimise import minimise
from tests.fuzz.pipeline import Failure
from tests.fuzz.worker import Result

SEEDS = seeds.collect(())
INPUTS = 3000
LIMIT_S = 15.0


@pytest.mark.parametrize(
    "directories",
    [
        # The same inputs on every machine.
        pytest.param((), id="samples"),
        pytest.param((CORPUS,), marks=needs_corpus, id="samples and corpus"),
    ],
)
def test_nothing_breaks(directories: tuple[Path, ...]) -> None:
    tally = Tally()
    with pool.Pool(directories, number=20, size=1) as workers:
        for result in workers.results(until(time.monotonic() + LIMIT_S, 0, INPUTS)):
            tally.add(result)
    assert tally.inputs > 0
    assert not tally.failures, "\n".join([*tally.lines(), str(tally.failures[0])])


def test_the_same_three_make_the_same_input() -> None:
    for index in range(20):
        assert make(SEEDS, 7, index) == make(SEEDS, 7, index)
    assert make(SEEDS, 7, 1).capture != make(SEEDS, 8, 1).capture


def test_most_inputs_are_no_mere_garbage(tmp_path: Path) -> None:
    """What is refused at once tests nothing but the refusal."""
    seen: Counter[str] = Counter()
    for index in range(200):
        made = make(SEEDS, 9, index)
        seen.update(made.steps)
        pipeline.place(made, tmp_path)
        try:
            with open_capture(tmp_path / CAPTURE_NAME) as capture:
                seen["with IP"] += bool((capture.table.version != 0).any())
        except CaptureError:
            seen["refused"] += 1
    assert seen["refused"] < 30
    assert seen["with IP"] > 120
    assert min(seen[step] for step in ("retell", "frames", "order", "file", "session")) > 20


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x07", "a\rb", "a\u202eb", "a\x9b31m", "\u2028"])
def test_a_steering_character_is_seen(text: str) -> None:
    with pytest.raises(BrokenReport):
        check_text(text)


def test_line_ends_and_colours_are_allowed() -> None:
    check_text("\x1b[31m\x1b[1mFAILED\x1b[0m  é ✗\n")


@pytest.mark.parametrize("text", ['{"a": NaN}', "[]", '{"a": "é"}', '{"a": "\x7f"}'])
def test_loose_json_is_seen(text: str) -> None:
    with pytest.raises(BrokenReport):
        check_json(text)


def test_a_crash_becomes_a_failure_and_smaller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def breaks(path: str) -> None:
        with open_capture(path) as capture:
            assert not (capture.table.destination_port == 443).any()

    monkeypatch.setattr(pipeline, "facts_of", breaks)
    whole = next(seed for seed in SEEDS if "chain_incomplete" in seed.name)
    made = Made(0, whole.name, (), whole.raw)
    failure = pipeline.run(made, tmp_path)
    assert failure is not None and "AssertionError" in failure.text
    smaller = minimise(made, failure.signature, tmp_path)
    pipeline.place(smaller, tmp_path)
    assert len(seeds.packets_of(tmp_path / CAPTURE_NAME)) == 1


def test_some_inputs_are_compared_with_what_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    judged: list[Judged] = []

    def remember(compared: Compared) -> Judged:
        judged.append(judge(compared))
        return judged[-1]

    monkeypatch.setattr(pipeline, "judge", remember)
    for index in range(30):
        assert pipeline.run(make(SEEDS, 9, index), tmp_path) is None
    assert len(judged) >= 10


def test_a_refusal_is_no_failure(tmp_path: Path) -> None:
    assert pipeline.run(Made(0, "", (), b"no capture"), tmp_path) is None
    session = Made(0, "", (), SEEDS[0].raw, b"[" * 200_000)
    assert pipeline.run(session, tmp_path) is None


def test_the_tally_tells_kinds_apart() -> None:
    tally = Tally(seconds=2.0)
    fine = Result(0, 0.1, 1 << 20, None)
    for result in (fine, replace(fine, index=3, failure=Failure("A in b.c", "trace"))):
        tally.add(result)
    lines = list(tally.lines())
    assert lines[0] == "2 inputs in 2 s (1/s)"
    assert lines[-2:] == ["1 failures of 1 kinds", "     1 A in b.c (input 3)"]


def test_a_worker_that_dies_is_replaced() -> None:
    with pool.Pool((), number=20) as workers:
        results = workers.results(iter(range(4)))
        first = next(results)
        workers._workers[0].process.kill()
        rest = list(results)
    assert first.failure is None
    assert sorted(result.index for result in rest) == [1, 2, 3]
    assert [r.failure.signature for r in rest if r.failure] in (["died"], [])
