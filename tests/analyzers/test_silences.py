"""What a connection waited for while nothing new moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyzers.exchange import Exchange
from tests.packets import ACK, FIN, RST, SYN


def asked(answer: bool = True) -> Exchange:
    """A request, and the ACK of the server's host."""
    exchange = Exchange().open(0.02)
    exchange.c(0.03, 1, 1, 100)
    if answer:
        exchange.s(0.05, 1, 101)
    return exchange


def told(exchange: Exchange, directory: Path) -> list[tuple[float, float, int, int | None, str]]:
    """Start, end, frames around and cause of each silence."""
    return [
        (round(s.start_s, 3), round(s.end_s, 3), s.after_frame, s.before_frame, s.cause)
        for s in exchange.connection(directory).silences
    ]


def test_a_server_that_thinks(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(2.0, 1, 101, 1000)
    assert told(exchange, tmp_path) == [(0.03, 2.0, 4, 6, "sender_idle")]


def test_a_client_with_nothing_to_ask(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.1, 1, 101, 1000)
    exchange.c(0.1, 101, 1001)
    exchange.c(5.0, 101, 1001, 100)
    assert told(exchange, tmp_path) == [(0.1, 5.0, 6, 8, "client_idle")]


@pytest.mark.parametrize(("sequence", "acknowledges"), [(201, 1001), (101, 2001)])
def test_a_pause_whose_end_the_capture_did_not_see(
    sequence: int, acknowledges: int, tmp_path: Path
) -> None:
    """The client's next segment follows a request, or acknowledges an answer, that was missed."""
    exchange = asked()
    exchange.s(0.1, 1, 101, 1000)
    exchange.c(0.1, 101, 1001)
    exchange.c(5.0, sequence, acknowledges, 100)
    assert told(exchange, tmp_path) == [(0.1, 5.0, 6, 8, "unseen")]


def test_a_lost_segment_that_comes_late(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.1, 1, 101, 1000)
    exchange.s(0.101, 2001, 101, 1000)
    exchange.c(0.101, 101, 1001, blocks=((2001, 3001),))
    exchange.s(0.5, 1001, 101, 1000)
    assert told(exchange, tmp_path) == [(0.101, 0.5, 7, 9, "loss")]


def test_a_request_that_arrives_at_the_second_try(tmp_path: Path) -> None:
    exchange = asked(answer=False)
    exchange.c(0.3, 1, 1, 100)
    exchange.s(0.32, 1, 101)
    exchange.s(0.33, 1, 101, 1000)
    assert told(exchange, tmp_path) == [(0.03, 0.33, 4, 7, "loss")]


def test_a_path_from_which_nothing_comes_back(tmp_path: Path) -> None:
    exchange = asked(answer=False)
    for at in (0.3, 0.8, 1.8):
        exchange.c(at, 1, 1, 100)
    assert told(exchange, tmp_path) == [(0.03, 1.8, 4, None, "path_silent")]


def test_nobody_answers_a_syn(tmp_path: Path) -> None:
    exchange = Exchange()
    for at in (0.0, 1.0, 3.0):
        exchange.c(at, 0, 0, flags=SYN)
    assert told(exchange, tmp_path) == [(0.0, 3.0, 1, None, "path_silent")]


def test_keep_alives_that_nobody_answers(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.1, 1, 101, 1000)
    exchange.c(0.1, 101, 1001)
    for at in (15.1, 30.1):
        exchange.c(at, 100, 1001)
    assert told(exchange, tmp_path) == [(0.1, 30.1, 6, None, "path_silent")]


def test_a_client_that_gives_up_on_a_living_server(tmp_path: Path) -> None:
    exchange = asked()
    frame = exchange.c(9.0, 101, 1, flags=FIN | ACK)
    exchange.s(9.02, 1, 102)
    assert told(exchange, tmp_path)[0] == (0.03, 9.0, 4, frame, "sender_idle")


@pytest.mark.parametrize(("pause", "count"), [(0.55, 0), (0.7, 1)])
def test_waiting_for_one_round_trip_is_no_silence(pause: float, count: int, tmp_path: Path) -> None:
    exchange = Exchange().open(0.5)
    exchange.c(0.51, 1, 1, 100)
    exchange.s(0.51 + pause, 1, 101, 1000)
    assert len(told(exchange, tmp_path)) == count


def test_after_the_end_there_is_no_silence(tmp_path: Path) -> None:
    exchange = asked()
    exchange.c(0.1, 101, 1, flags=FIN | ACK)
    exchange.s(0.12, 1, 102, flags=FIN | ACK)
    exchange.c(0.13, 102, 2)
    exchange.c(9.0, 102, 2)
    assert told(exchange, tmp_path) == []


def test_nor_after_a_reset(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.1, 1, 101, flags=RST | ACK)
    exchange.c(9.0, 101, 1)
    assert told(exchange, tmp_path) == []


def test_a_needless_copy_does_not_make_an_idle_client_a_loss(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.1, 1, 101, 1000)
    exchange.s(0.14, 1, 101, 1000)
    exchange.c(0.141, 101, 1001, blocks=((1, 1001),))
    exchange.c(5.0, 101, 1001, 100)
    assert told(exchange, tmp_path) == [(0.1, 5.0, 6, 9, "client_idle")]
