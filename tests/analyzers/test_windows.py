"""Receive windows: their scale, spans without room, segments that fill them."""

from __future__ import annotations

from pathlib import Path

from tests.analyzers.exchange import Exchange
from tests.packets import ACK, SYN


def test_a_window_that_shuts_and_opens(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.1, 1, 1, 1000)
    first = exchange.c(0.101, 1, 1001, window=0)
    probe = exchange.s(0.4, 1000, 1)
    second = exchange.c(0.4001, 1, 1001, window=0)
    opening = exchange.c(0.7, 1, 1001, window=300)
    exchange.s(0.72, 1001, 1, 1000)
    connection = exchange.connection(tmp_path)
    assert [(z.start_s, z.end_s, z.frames) for z in connection.client.zero_windows] == [
        (0.101, 0.7, (first, second, opening))
    ]
    assert connection.server.zero_windows == ()
    assert connection.server.keep_alive_frames == (probe,)
    assert [(s.after_frame, s.cause) for s in connection.silences] == [(4, "window")]


def test_a_window_that_stays_shut(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.1, 1, 1, 1000)
    frame = exchange.c(0.101, 1, 1001, window=0)
    (zero,) = exchange.connection(tmp_path).client.zero_windows
    assert (zero.start_s, zero.end_s, zero.frames) == (0.101, None, (frame,))


def test_two_spans_are_two(tmp_path: Path) -> None:
    exchange = Exchange().open()
    for at, window in ((0.1, 0), (0.2, 9), (0.3, 0), (0.4, 0), (0.5, 9)):
        exchange.c(at, 1, 1, window=window)
    found = exchange.connection(tmp_path).client.zero_windows
    assert [z.frames for z in found] == [(4, 5), (6, 7, 8)]


def test_a_window_filled_to_its_last_byte(tmp_path: Path) -> None:
    exchange = Exchange(scale=2).open()
    exchange.c(0.03, 1, 1, window=500)
    exchange.s(0.1, 1, 1, 1000)
    full = exchange.s(0.11, 1001, 1, 1000)
    connection = exchange.connection(tmp_path)
    assert connection.server.window_full_frames == (full,)
    assert connection.client.max_window == 2000


def test_the_window_of_a_syn_is_never_scaled(tmp_path: Path) -> None:
    exchange = Exchange(scale=2)
    exchange.c(0.0, 0, 0, flags=SYN, window=60000)
    exchange.s(0.02, 0, 1, flags=SYN | ACK, window=60000)
    exchange.c(0.02, 1, 1, window=100)
    assert exchange.connection(tmp_path).client.max_window == 60000


def test_scaling_takes_both_sides(tmp_path: Path) -> None:
    exchange = Exchange(scale=5)
    exchange.c(0.0, 0, 0, flags=SYN, window=200)
    exchange.scale = None
    exchange.s(0.02, 0, 1, flags=SYN | ACK, window=200)
    exchange.c(0.02, 1, 1, window=300)
    connection = exchange.connection(tmp_path)
    assert (connection.client.max_window, connection.client.window_scale) == (300, 5)
    assert (connection.server.max_window, connection.server.window_scale) == (200, None)


def test_without_the_syns_no_window_is_known(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 1, 1, 10)
    exchange.s(0.02, 1, 11, 10)
    connection = exchange.connection(tmp_path)
    assert connection.client.max_window is connection.server.max_window is None
    assert connection.server.window_full_frames == ()
