"""Facts of downloads whose truth is known: why segments were sent again, where they were lost."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.crosscheck.corpus import RECORDINGS
from tests.crosscheck.lab.courses import COURSES
from tests.crosscheck.lab.recording import record
from tests.crosscheck.lab.score import CAUSES, Score, close, score
from tests.lab.requirements import missing

#: The recordings were made after the rules were written: on them the goal of 0.95 is missed by 0.01
#: (docs/crosschecks.md says why). It must not become worse.
MACRO_F1, LOSSES_RIGHT = 0.94, 0.98


@cache
def recorded() -> Score:
    """All recordings, every camera."""
    return score(sorted(path for path in RECORDINGS.iterdir() if path.is_dir()))


def test_every_course_is_recorded() -> None:
    assert {path.name for path in RECORDINGS.iterdir()} == {course.name for course in COURSES}


def test_why_segments_were_sent_again() -> None:
    total = recorded()
    assert total.causes.total() > 1500
    assert total.unclear < 0.01 * total.causes.total()
    assert total.macro_f1 >= MACRO_F1, {cause: total.f1(cause) for cause in CAUSES}


def test_where_the_originals_were_lost() -> None:
    assert recorded().losses_right >= LOSSES_RIGHT


def test_round_trips_are_those_of_the_path() -> None:
    total = recorded()
    assert sum(map(close, total.handshakes)) >= 0.98 * len(total.handshakes)
    assert sum(map(close, total.minima)) >= 0.98 * len(total.minima)


def test_what_was_overtaken_or_delivered_twice() -> None:
    total = recorded()
    assert total.overtaken[True, False] == 0
    assert total.overtaken[True, True] > 100
    assert total.doubled[True, True] >= 0.95 * (
        total.doubled[True, True] + total.doubled[True, False]
    )
    assert total.repeats_out_of_order == 0


def test_the_wires_and_the_cameras_tell_the_same() -> None:
    assert recorded().contradictions <= 5


@pytest.mark.lab
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_download_recorded_now(tmp_path: Path) -> None:
    course = next(course for course in COURSES if course.name == "small-answers")
    record(course, 7, tmp_path / course.name)
    total = score([tmp_path / course.name])
    assert total.causes.total() > 10
    # One download gives few of each kind; the recordings above hold enough for the goals.
    right = sum(total.causes[cause, cause] for cause in CAUSES)
    assert right >= 0.7 * total.causes.total()
    assert total.losses_right >= 0.85
