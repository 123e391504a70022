"""Copies that the capture made, told from what the network or a sender repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyzers.exchange import Exchange
from tests.packets import ACK, FIN, RST, SYN


def test_a_mirror_port_records_everything_twice(tmp_path: Path) -> None:
    exchange = Exchange()
    copies = []
    for at, send, seq, ack, length, flags in (
        (0.00, exchange.c, 0, 0, 0, SYN),
        (0.02, exchange.s, 0, 1, 0, SYN | ACK),
        (0.021, exchange.c, 1, 1, 0, ACK),
        (0.03, exchange.c, 1, 1, 100, ACK),
        (0.05, exchange.s, 1, 101, 300, ACK),
        (0.051, exchange.c, 101, 301, 0, ACK | FIN),
        (0.071, exchange.s, 301, 102, 0, ACK | FIN),
    ):
        send(at, seq, ack, length, flags=flags)
        copies.append(exchange.again(at + 0.00001))
    connection = exchange.connection(tmp_path)
    assert connection.duplicate_frames == tuple(copies)
    assert (connection.client.packets, connection.server.packets) == (4, 3)
    assert connection.client.retransmissions == connection.server.retransmissions == ()
    assert connection.client.duplicate_ack_frames == ()
    assert connection.state == "SF"
    assert len(connection.rows) == 14


def test_a_copy_from_behind_a_router_has_one_hop_less(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100)
    copy = exchange.again(0.0326, ttl=63)
    connection = exchange.connection(tmp_path)
    assert connection.duplicate_frames == (copy,)
    assert connection.client.retransmissions == ()


def test_a_retransmission_has_its_own_identification(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100, tsval=1)
    exchange.c(0.0304, 1, 1, 100, tsval=1)
    connection = exchange.connection(tmp_path)
    assert connection.duplicate_frames == ()
    assert len(connection.client.retransmissions) == 1


def test_a_link_that_delivers_twice_keeps_the_timestamp(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100)
    copy = exchange.again(0.034)
    assert exchange.connection(tmp_path).duplicate_frames == (copy,)
    exchange = Exchange(timestamps=False).open()
    exchange.c(0.03, 1, 1, 100)
    exchange.again(0.034)
    assert exchange.connection(tmp_path).duplicate_frames == ()


def test_the_same_packet_much_later_is_no_copy_of_the_capture(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100)
    exchange.again(0.08)
    assert exchange.connection(tmp_path).duplicate_frames == ()


@pytest.mark.parametrize(("after", "is_copy"), [(0.0001, True), (0.0006, False)])
def test_without_identification_only_microseconds_make_a_copy(
    after: float, is_copy: bool, tmp_path: Path
) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100, ip_id=0, tsval=5)
    exchange.c(0.03 + after, 1, 1, 100, ip_id=0, tsval=5)
    assert bool(exchange.connection(tmp_path).duplicate_frames) is is_copy


def test_a_burst_of_bare_acks_without_identification_stays(tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False, sack=False).open()
    exchange.c(0.03, 1, 1, 100, ip_id=0)
    exchange.s(0.05, 1, 101, 1000)
    exchange.s(0.0501, 2001, 101, 1000)
    acks = [exchange.c(0.0501 + 0.00002 * n, 101, 1001, ip_id=0) for n in range(4)]
    connection = exchange.connection(tmp_path)
    assert connection.duplicate_frames == ()
    assert connection.client.duplicate_ack_frames == tuple(acks[1:])


def test_forged_resets_in_series_stay(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100)
    for n in range(3):
        exchange.s(0.031 + 0.00001 * n, 1, 101, flags=RST, ip_id=64, stamped=False, ttl=61)
    connection = exchange.connection(tmp_path)
    assert connection.duplicate_frames == ()
    assert len(connection.resets) == 3


@pytest.mark.parametrize("offset_s", [0.00001, -0.00001], ids=["later", "earlier"])
def test_two_interfaces_of_a_router_are_recorded_block_by_block(
    offset_s: float, tmp_path: Path
) -> None:
    """All that one interface saw stands before all that the other saw of the same moments."""
    exchange = Exchange().open()
    exchange.c(0.03, 1, 1, 100)
    for number in range(60):
        exchange.s(0.05 + 0.001 * number, 1 + 1000 * number, 101, 1000)
    exchange.c(0.2, 101, 60001)
    block = list(exchange.frames)
    exchange.frames += [(at + offset_s, packet) for at, packet in block]
    connection = exchange.connection(tmp_path)
    assert len(connection.duplicate_frames) == len(block)
    assert connection.client.retransmissions == connection.server.retransmissions == ()
