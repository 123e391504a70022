"""Silences that end with what was lost, though the capture never had its first copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.facts import Silence
from tests.analyzers.exchange import MSS, Exchange
from tests.packets import ACK, SYN

RTT_S = 0.02


def body(counted: bool = True) -> Exchange:
    """Ten full segments of an answer, each acknowledged; `counted`: by IP identification."""
    exchange = Exchange().open(RTT_S)
    exchange.c(0.03, 1, 1, 100)
    for number in range(10):
        at = 0.05 + number * 0.0001
        where = 1 + number * MSS
        ip_id = {} if counted else {"ip_id": 0}
        exchange.s(at, where, 101, MSS, **ip_id)  # type: ignore[arg-type]
        exchange.c(at, 101, where + MSS)
    return exchange


def goes_on(exchange: Exchange, *times: float, **header: int) -> None:
    """The next segments come at these times, and are acknowledged."""
    for number, at in enumerate(times):
        where = 1 + (10 + number) * MSS
        exchange.s(at, where, 101, MSS, **header)  # type: ignore[arg-type]
        exchange.c(at, 101, where + MSS)


def last(exchange: Exchange, directory: Path) -> Silence:
    """The silence after the first ten segments."""
    return exchange.connection(directory).silences[-1]


def test_the_senders_own_count_of_packets_went_on(tmp_path: Path) -> None:
    exchange = body()
    exchange.server.ip_id += 40
    goes_on(exchange, 4.0, 4.0001)
    silence = last(exchange, tmp_path)
    assert (silence.cause, silence.lost_packets) == ("loss", 40)


def test_a_sender_that_sent_nothing_was_idle(tmp_path: Path) -> None:
    """However slowly it begins again: a server may hand on what comes to it late."""
    exchange = body()
    goes_on(exchange, 4.0, 4.02, 4.0201)
    silence = last(exchange, tmp_path)
    assert (silence.cause, silence.lost_packets) == ("sender_idle", 0)


def test_after_a_time_out_one_segment_comes_alone(tmp_path: Path) -> None:
    exchange = body(counted=False)
    goes_on(exchange, 4.0, 4.02, 4.0201, 4.04, 4.0401, 4.0402, 4.0403, ip_id=0)
    silence = last(exchange, tmp_path)
    assert (silence.cause, silence.lost_packets, silence.starts_slowly) == ("loss", None, True)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([4.0 + n * 0.0001 for n in range(10)], id="a burst, as after idling"),
        pytest.param([4.0, 4.3, 4.3001], id="the next one is no answer to its ACK"),
        pytest.param([4.0], id="nothing follows"),
        pytest.param([4.0, *(4.02 + n * 0.0001 for n in range(8))], id="many follow at once"),
    ],
)
def test_other_ways_to_go_on(times: list[float], tmp_path: Path) -> None:
    exchange = body(counted=False)
    goes_on(exchange, *times, ip_id=0)
    silence = last(exchange, tmp_path)
    assert (silence.cause, silence.starts_slowly) == ("sender_idle", False)


def test_on_a_slow_line_segments_come_one_by_one_at_all_times(tmp_path: Path) -> None:
    exchange = Exchange().open(RTT_S)
    exchange.c(0.03, 1, 1, 100)
    for number, at in enumerate([*(0.05 + n * 0.018 for n in range(10)), 4.0, 4.018, 4.036]):
        exchange.s(at, 1 + number * MSS, 101, MSS, ip_id=0)
        exchange.c(at, 101, 1 + (number + 1) * MSS)
    assert last(exchange, tmp_path).cause == "sender_idle"


def test_a_count_that_others_share_tells_nothing(tmp_path: Path) -> None:
    exchange = body(counted=False)
    for number, at in enumerate((4.0, 4.0001)):
        exchange.s(at, 1 + (10 + number) * MSS, 101, MSS, ip_id=7000 + 300 * number)
    assert last(exchange, tmp_path).lost_packets is None


def test_a_linux_socket_tells_sooner(tmp_path: Path) -> None:
    """Its SYN-ACK has 0, and the rest is counted from a random number on."""
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(RTT_S, 0, 1, flags=SYN | ACK, ip_id=0)
    exchange.c(RTT_S, 1, 1)
    exchange.c(0.03, 1, 1, 100)
    exchange.s(0.05, 1, 101)
    exchange.s(0.06, 1, 101, 300)
    exchange.c(0.06, 101, 301, 100)
    exchange.s(0.08, 301, 201)
    exchange.server.ip_id += 4
    exchange.s(3.5, 301, 201, 300)
    silence = last(exchange, tmp_path)
    assert (silence.cause, silence.lost_packets) == ("loss", 4)
