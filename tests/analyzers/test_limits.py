"""Measures of what held a transfer down, on transfers made to be held down by one thing each."""

from __future__ import annotations

from pathlib import Path

import pytest

import captures
from analyzers import extract
from analyzers.facts import Side
from analyzers.limits import Limits, limits
from tests.analyzers.exchange import Exchange

RTT_S = 0.1
WINDOW = 8000
"""Of the receiver: 500 units of 16 bytes."""


def measured(exchange: Exchange, directory: Path) -> Limits:
    with captures.open(exchange.write(directory)) as capture:
        (found,) = limits(extract(capture))
    return found


def opened(scale: int) -> Exchange:
    exchange = Exchange(scale=scale).open(RTT_S)
    exchange.c(0.2, 1, 1, 100)
    return exchange


def window_at_a_time(rounds: int, every_s: float = RTT_S) -> Exchange:
    """A window of eight segments in each round."""
    exchange = opened(4)
    for number in range(rounds):
        start_s = 0.3 + every_s * number
        for place in range(8):
            at_byte = 1 + WINDOW * number + 1000 * place
            exchange.s(start_s + 0.0001 * place, at_byte, 101, 1000)
            exchange.c(start_s + 0.0001 * place, 101, at_byte + 1000)
    return exchange


def test_the_receive_window(tmp_path: Path) -> None:
    found = measured(window_at_a_time(30), tmp_path)
    assert (found.stream, found.sender, found.payload_bytes) == (0, Side.SERVER, 240_000)
    assert found.path_rtt_s == pytest.approx(RTT_S, rel=0.05)
    assert found.window_share is not None and found.window_share > 0.95
    assert found.rate == pytest.approx(WINDOW / RTT_S, rel=0.05)
    assert (found.application_s, found.loss_s, found.window_s) == (0.0, 0.0, 0.0)
    assert found.sent_again_share == 0.0


def test_with_room_to_spare_the_window_is_not_full(tmp_path: Path) -> None:
    exchange = window_at_a_time(30)
    exchange.frames = [
        (at, data.replace(b"\x03\x03\x04", b"\x03\x03\x08")) for at, data in exchange.frames
    ]
    found = measured(exchange, tmp_path)
    assert found.window_share == 0.0


def test_a_sender_that_pauses(tmp_path: Path) -> None:
    exchange = window_at_a_time(4)
    for number in range(4):
        exchange.s(3.0 + number / 10, 32_001 + 1000 * number, 101, 1000)
        exchange.c(3.0 + number / 10, 101, 33_001 + 1000 * number)
    found = measured(exchange, tmp_path)
    assert found.application_s == pytest.approx(3.0 - 0.6, abs=0.01)
    assert found.busy_s == pytest.approx(0.6, abs=0.02)
    assert found.best_rate >= found.rate


def test_losses(tmp_path: Path) -> None:
    exchange = window_at_a_time(4)
    lost = 32_001
    exchange.s(0.7, lost + 1000, 101, 1000)
    exchange.c(0.7, 101, lost, blocks=((lost + 1000, lost + 2000),))
    exchange.s(1.5, lost, 101, 1000)
    exchange.c(1.5, 101, lost + 2000)
    found = measured(exchange, tmp_path)
    assert found.loss_s == pytest.approx(0.8, abs=0.01)
    assert found.sent_again_share == pytest.approx(1000 / 34_000)


def test_a_rate_that_something_holds_and_a_queue_that_grows(tmp_path: Path) -> None:
    """An upload, seen at its sender: 100 kB/s come through, the rest waits longer and longer."""
    exchange = Exchange(timestamps=False, scale=10).open(0.02)
    for number in range(200):
        exchange.c(0.1 + 0.008 * number, 1 + 1000 * number, 1, 1000)
        exchange.s(0.12 + 0.010 * number, 1, 1001 + 1000 * number)
    found = measured(exchange, tmp_path)
    assert found.sender is Side.CLIENT
    assert found.flat_share == 1.0
    assert found.rtt_low_s is not None and found.rtt_high_s is not None
    assert found.rtt_low_s < 0.15 < 0.3 < found.rtt_high_s
    assert found.start_norm_diff is not None and found.start_norm_diff > 0.9


def test_small_answers_are_no_transfers(tmp_path: Path) -> None:
    exchange = opened(4)
    exchange.s(0.3, 1, 101, 1000)
    with captures.open(exchange.write(tmp_path)) as capture:
        assert list(limits(extract(capture))) == []


def test_few_samples_tell_nothing(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False, scale=None).open(RTT_S)
    exchange.s(0.3, 1, 1, 20_000)
    found = measured(exchange, tmp_path)
    nothing = (found.rtt_low_s, found.rtt_high_s, found.start_norm_diff, found.flat_share)
    assert nothing == (None, None, None, None)
    assert found.rate > 0.0
