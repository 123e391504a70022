"""The server's part of a wait is told from the network's, and absent where it cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzers
import captures
from analyzers.facts import Turn
from tests.analyzers.exchange import Exchange
from tests.packets import ACK, PSH

ASK, TELL = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"


def told(exchange: Exchange, directory: Path) -> tuple[Turn, ...]:
    return exchange.connection(directory).turns


def test_the_round_trip_is_left_out(tmp_path: Path) -> None:
    exchange = Exchange().open(rtt=0.02)
    exchange.c(0.100, 1, 1, 1000)
    asked = exchange.c(0.101, 1001, 1, 200, flags=ACK | PSH)
    exchange.s(0.121, 1, 1201)
    answered = exchange.s(0.171, 1, 1201, 500)
    exchange.s(0.172, 501, 1201, 500)
    exchange.c(0.173, 1201, 1001)
    second = exchange.c(0.300, 1201, 1001, 50)
    exchange.s(0.321, 1001, 1251, 500)
    first, other = told(exchange, tmp_path)
    assert (first.asked_frame, first.answered_frame) == (asked, answered)
    assert first.waited_s == pytest.approx(0.07)
    assert first.acked_after_s == pytest.approx(0.02)
    assert first.rtt_s == pytest.approx(0.02)
    assert first.server_s == pytest.approx(0.05)
    assert not first.sent_again
    assert other.asked_frame == second
    assert other.server_s == pytest.approx(0.001)


def test_data_under_way_answers_nothing(tmp_path: Path) -> None:
    exchange = Exchange().open(rtt=0.02)
    exchange.c(0.100, 1, 1, 100)
    for number in range(10):
        exchange.s(0.120 + 0.005 * number, 1 + 1000 * number, 101, 1000)
    # A second request, while the first answer is still coming.
    exchange.c(0.138, 101, 3001, 100)
    assert [turn.asked_frame for turn in told(exchange, tmp_path)] == [4]


def test_a_request_sent_again_is_the_networks(tmp_path: Path) -> None:
    exchange = Exchange().open(rtt=0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.c(0.32, 1, 1, 100)
    exchange.s(0.34, 1, 101)
    exchange.s(0.37, 1, 101, 500)
    (turn,) = told(exchange, tmp_path)
    assert turn.sent_again
    assert turn.waited_s == pytest.approx(0.27)
    assert turn.acked_after_s == pytest.approx(0.24)
    assert turn.server_s == pytest.approx(0.03)


def test_an_answer_begins_with_whatever_part_of_it_arrives_first(tmp_path: Path) -> None:
    exchange = Exchange().open(rtt=0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.s(0.12, 1, 101)
    # The first segment is lost before the capture; the second one shows that it is missing.
    shown = exchange.s(0.122, 1001, 101, 1000)
    exchange.c(0.122, 101, 1, blocks=((1001, 2001),))
    exchange.s(0.4, 1, 101, 1000)
    (turn,) = told(exchange, tmp_path)
    assert turn.answered_frame == shown
    assert turn.server_s == pytest.approx(0.002)


def test_what_was_missing_and_comes_late_tells_nothing_of_the_server(tmp_path: Path) -> None:
    exchange = Exchange().open(rtt=0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.s(0.13, 1, 101, 500)
    exchange.s(0.131, 1501, 101, 500)
    exchange.c(0.131, 101, 501, blocks=((1501, 2001),))
    exchange.c(0.2, 101, 501, 100, blocks=((1501, 2001),))
    late = exchange.s(0.5, 501, 201, 1000)
    turn = told(exchange, tmp_path)[-1]
    assert turn.answered_frame == late
    assert turn.server_s is None


def test_a_server_that_speaks_first_answers_nobody(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.05, 1, 1, 80)
    assert told(exchange, tmp_path) == ()


def test_only_one_direction(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 1, 1, 100)
    exchange.c(0.1, 101, 500, 100)
    assert told(exchange, tmp_path) == ()


def test_requests_get_the_time_of_their_server(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False).open(rtt=0.02)
    size, answer = len(ASK), len(TELL)
    exchange.server.port = 80
    exchange = Exchange(timestamps=False, server=exchange.server).open(rtt=0.02)
    exchange.c(0.1, 1, 1, data=ASK)
    exchange.s(0.15, 1, 1 + size, data=TELL)
    # Two requests at once: their answers come together, the second one waited for the first.
    exchange.c(0.2, 1 + size, 1 + answer, data=ASK * 2)
    exchange.s(0.26, 1 + answer, 1 + 3 * size, data=TELL)
    exchange.s(0.27, 1 + 2 * answer, 1 + 3 * size, data=TELL)
    with captures.open(exchange.write(tmp_path)) as capture:
        requests = analyzers.extract(capture).requests
    assert [r.status for r in requests] == [204, 204, 204]
    found = [r.server_s for r in requests]
    assert found[:2] == [pytest.approx(0.03), pytest.approx(0.04)]
    assert found[2] is None
