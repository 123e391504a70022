"""Questions of one side, and what shows that the other heard them."""

from __future__ import annotations

from pathlib import Path

from tests.analyzers.segmentlist import connection
from tests.packets import ACK, FIN

REQUEST = (0.10, "c", 1, 1, 100, ACK)


def test_an_ack_that_advances_shows_that_it_was_heard(tmp_path: Path) -> None:
    asked = connection(tmp_path, [REQUEST, (0.12, "s", 1, 101, 0, ACK)]).client.dialogue
    assert asked.asked_frames.tolist() == [1, 4]
    assert asked.heard_frames.tolist() == [2, 5]


def test_repeating_an_old_ack_shows_nothing(tmp_path: Path) -> None:
    lines = [REQUEST, (0.3, "c", 1, 1, 100, ACK), (0.4, "s", 1, 1, 500, ACK)]
    asked = connection(tmp_path, lines).client.dialogue
    assert asked.asked_frames.tolist() == [1, 4, 5]
    assert asked.heard_frames.tolist() == [2]


def test_an_answered_keep_alive_was_heard(tmp_path: Path) -> None:
    lines = [
        REQUEST,
        (0.12, "s", 1, 101, 0, ACK),
        (15.0, "c", 100, 1, 0, ACK),
        (15.02, "s", 1, 101, 0, ACK),
        (30.0, "c", 100, 1, 0, ACK),
    ]
    asked = connection(tmp_path, lines).client.dialogue
    assert asked.asked_frames.tolist() == [1, 4, 6, 8]
    assert asked.heard_frames.tolist() == [2, 5, 7]


def test_a_keep_alive_of_the_peer_is_no_answer(tmp_path: Path) -> None:
    lines = [
        REQUEST,
        (0.12, "s", 1, 101, 50, ACK),
        (0.13, "c", 101, 51, 0, ACK),
        (15.0, "c", 100, 51, 0, ACK),
        (20.0, "s", 50, 101, 0, ACK),
    ]
    assert connection(tmp_path, lines).client.dialogue.heard_frames.tolist() == [2, 5]


def test_bytes_that_only_sequence_numbers_tell_of(tmp_path: Path) -> None:
    lines = [REQUEST, (10.0, "c", 101, 1, 0, ACK | FIN), (10.02, "s", 2801, 102, 0, ACK)]
    server = connection(tmp_path, lines).server
    assert (server.sent_bytes, server.payload_bytes, server.missing_bytes) == (2800, 0, 0)


def test_a_fin_is_no_byte_that_was_sent(tmp_path: Path) -> None:
    lines = [(0.1, "s", 1, 1, 10, ACK | FIN), (0.2, "s", 12, 1, 0, ACK)]
    assert connection(tmp_path, lines).server.sent_bytes == 10


def test_how_long_a_segment_was_overtaken(tmp_path: Path) -> None:
    lines = [
        (0.100, "s", 1, 1, 100, ACK),
        (0.101, "s", 201, 1, 100, ACK),
        (0.105, "s", 101, 1, 100, ACK),
    ]
    late = connection(tmp_path, lines).server.overtaken
    assert [(o.frame, round(o.time_s, 3), round(o.delay_s, 3)) for o in late] == [(6, 0.105, 0.004)]


def test_the_pace_of_what_came(tmp_path: Path) -> None:
    lines = [(1.0 + 0.004 * i, "s", 1 + 1000 * i, 1, 1000, ACK) for i in range(20)]
    pace = connection(tmp_path, lines).server.pace
    assert pace is not None
    assert (pace.start_s, pace.span_s) == (1.0, 0.01)
    assert pace.payload.sum() == 20_000
    assert len(pace.payload) == 8
    assert round(pace.end_s, 6) == 1.08


def test_small_answers_have_no_pace(tmp_path: Path) -> None:
    assert connection(tmp_path, [(1.0, "s", 1, 1, 1000, ACK)]).server.pace is None
