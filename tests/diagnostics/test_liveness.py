"""A silent server told from a dead path."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.liveness import liveness, path_alive_after
from tests.factories import asked_again, connection, frame_at, reset


def test_an_answered_keep_alive_shows_a_living_path() -> None:
    stalled = connection(client=asked_again((0.1, 0.12), (15.0, 15.02)), last_s=15.02)
    told = liveness(stalled, 1.0)
    assert (told.alive, told.frames) == (True, (frame_at(15.0), frame_at(15.02)))


def test_nothing_asked_shows_nothing() -> None:
    assert path_alive_after(connection(client=asked_again((0.1, 0.12))), 1.0) is None


def test_unanswered_copies_show_a_dead_path() -> None:
    dead = connection(client=asked_again((5.0, None), (5.22, None), (5.6, None)), last_s=5.6)
    told = liveness(dead, 1.0)
    assert told.alive is False
    assert told.frames == tuple(map(frame_at, (5.0, 5.22, 5.6)))


def test_one_unanswered_fin_at_the_end_shows_nothing_yet() -> None:
    closing = connection(client=asked_again((5.0, None)), last_s=5.0)
    assert path_alive_after(closing, 1.0) is None
    assert path_alive_after(closing, 1.0, until_s=9.0) is False


def test_an_answer_to_an_earlier_question_does_not_count() -> None:
    asked = connection(client=asked_again((0.99, 1.015), (1.001, None), (1.3, None)), last_s=1.3)
    assert path_alive_after(asked, 1.0) is False


def test_a_reset_is_an_answer() -> None:
    asked = connection(client=asked_again((5.0, None)), last_s=5.02)
    assert path_alive_after(replace(asked, resets=(reset(5.02),)), 1.0) is True
