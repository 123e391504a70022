"""Round-trip samples from ACKs and timestamps, and what is left out of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analyzers.facts import RttSamples
from analyzers.rtt import jitter_s
from tests.analyzers.exchange import Exchange
from tests.packets import ACK, SYN


def ms(samples: RttSamples) -> list[float]:
    """Samples in milliseconds."""
    return [round(float(value) * 1000, 3) for value in samples.rtt_s]


def test_the_handshake_splits_at_the_capture_point(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.03, 0, 1, flags=SYN | ACK)
    exchange.c(0.035, 1, 1)
    connection = exchange.connection(tmp_path)
    assert ms(connection.rtt) == [30]
    assert ms(connection.client_rtt) == [5]
    assert (connection.handshake_rtt_s, connection.connect_s) == (0.03, 0.03)
    assert connection.min_rtt_s == 0.03


def test_only_exact_ends_give_samples(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False).open(0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.c(0.2, 101, 1, 100)
    exchange.s(0.23, 1, 151)
    exchange.s(0.25, 1, 201)
    connection = exchange.connection(tmp_path)
    assert ms(connection.rtt) == [20, 50]
    assert connection.rtt.time_s.tolist() == pytest.approx([0.02, 0.25])
    assert connection.rtt.bytes_in_flight.tolist() == [0, 200]


def test_what_was_sent_again_gives_no_sample(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False).open(0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.c(0.4, 1, 1, 100)
    exchange.s(0.41, 1, 101)
    exchange.c(0.5, 101, 1, 100)
    exchange.s(0.52, 1, 201)
    assert ms(exchange.connection(tmp_path).rtt) == [20, 20]


def test_a_repeated_syn_times_nothing(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.c(1.0, 0, 0, flags=SYN)
    exchange.s(1.02, 0, 1, flags=SYN | ACK)
    connection = exchange.connection(tmp_path)
    assert (connection.handshake_rtt_s, connection.min_rtt_s) == (None, None)
    assert connection.connect_s == 1.02


def test_a_download_is_timed_by_the_echoes_of_its_acks(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, 100)
    exchange.s(0.12, 1, 101)
    first_ack_ms = 0
    for number in range(30):
        at = 0.130 + 0.002 * number
        exchange.s(at, 1 + 1000 * number, 101, 1000, tsecr=7_000 + round(at * 1000) - 40)
        exchange.c(at, 101, 1001 + 1000 * number)
        first_ack_ms = first_ack_ms or round(at * 1000)
    connection = exchange.connection(tmp_path)
    assert ms(connection.rtt) == [20, 20, *[40] * 10]
    # 40 ms at one segment each 2 ms: 19 came between a sample's ACK and its echo.
    assert connection.rtt.bytes_in_flight[2:].tolist() == [19_000] * 10
    assert connection.min_rtt_s == pytest.approx(0.02)


def test_the_first_segment_after_a_pause_times_the_pause(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.s(0.1, 1, 1, 1000)
    exchange.c(0.1, 1, 1001)
    exchange.s(3.1, 1001, 1, 1000)
    assert ms(exchange.connection(tmp_path).rtt) == [20]


def test_no_samples_share_nothing_with_others(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    connection = exchange.connection(tmp_path)
    assert len(connection.rtt.rtt_s) == len(connection.client_rtt.time_s) == 0


def samples(values: list[float]) -> RttSamples:
    """Samples of the given sizes."""
    count = len(values)
    return RttSamples(np.arange(count, dtype=float), np.array(values), np.zeros(count, np.int64))


def test_jitter_is_that_of_rfc_3550() -> None:
    values = np.random.default_rng(3).exponential(0.02, 5000).tolist()
    expected = 0.0
    for before, value in pairwise(values):
        expected += (abs(value - before) - expected) / 16
    assert jitter_s(samples(values)) == pytest.approx(expected, rel=1e-9)


def test_jitter_takes_two_samples() -> None:
    assert jitter_s(samples([])) is None
    assert jitter_s(samples([0.02])) is None
    assert jitter_s(samples([0.02, 0.036])) == pytest.approx(0.001)
