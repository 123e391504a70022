"""Resets, and each sign that speaks against their sender."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.facts import Reset, Side
from tests.analyzers.exchange import Exchange
from tests.packets import ACK, FIN, RST, SYN

#: Signs that ordinary closed sockets show too.
WEAK = {"timestamps_missing", "ip_id_differs", "window_odd"}


def asked() -> Exchange:
    """A request that was acknowledged, its server 20 ms away."""
    exchange = Exchange().open(0.02)
    exchange.c(0.03, 1, 1, 100)
    exchange.s(0.05, 1, 101)
    exchange.s(0.06, 1, 101, 1000)
    exchange.c(0.06, 101, 1001)
    return exchange


def reset(exchange: Exchange, directory: Path, number: int = 0) -> Reset:
    """One of the resets of the connection."""
    return exchange.connection(directory).resets[number]


def test_an_abort_of_the_server_itself_shows_no_sign(tmp_path: Path) -> None:
    exchange = asked()
    frame = exchange.s(0.08, 1001, 101, flags=RST | ACK)
    found = reset(exchange, tmp_path)
    assert (found.frame, found.sender) == (frame, Side.SERVER)
    assert (found.sequence, found.acknowledges) == (1001, 101)
    assert found.has_timestamps
    assert found.signs == frozenset()


def test_a_closed_linux_socket_shows_weak_signs_only(tmp_path: Path) -> None:
    exchange = asked()
    exchange.c(0.07, 101, 1001, flags=FIN | ACK)
    exchange.s(0.08, 1001, 101, 1000)
    exchange.s(0.081, 2001, 101, 1000)
    exchange.c(0.0801, 102, 0, flags=RST, stamped=False, ip_id=0, window=0)
    exchange.c(0.0811, 102, 0, flags=RST, stamped=False, ip_id=0, window=0)
    for found in exchange.connection(tmp_path).resets:
        assert found.sender is Side.CLIENT
        assert found.signs <= WEAK


def test_a_closed_server_socket_answers_with_our_acknowledgement(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.061, 1001, 101, 1000)
    exchange.s(0.062, 2001, 101, 1000)
    exchange.c(0.0625, 101, 2001, 50)
    exchange.c(0.0626, 151, 3001)
    exchange.s(0.0825, 2001, 0, flags=RST, stamped=False, ip_id=0, window=0)
    found = reset(exchange, tmp_path)
    assert found.acknowledges is None
    assert found.signs <= WEAK


def test_a_refusal_has_no_history_to_differ_from(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.02, 0, 1, flags=RST | ACK, stamped=False, ip_id=0, window=0)
    found = reset(exchange, tmp_path)
    assert (found.sequence, found.acknowledges) == (None, 1)
    assert found.signs == frozenset()


def test_another_ttl(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 1001, 101, flags=RST | ACK, ttl=61)
    found = reset(exchange, tmp_path)
    assert found.ttl == 61
    assert found.signs == {"ttl_differs"}


@pytest.mark.parametrize("identification", [0, 40_000, 8_000])
def test_another_identification(identification: int, tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 1001, 101, flags=RST | ACK, ip_id=identification)
    assert reset(exchange, tmp_path).signs == {"ip_id_differs"}


def test_missing_timestamps_and_an_odd_window(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 1001, 101, flags=RST | ACK, stamped=False, window=12345)
    assert reset(exchange, tmp_path).signs == {"timestamps_missing", "window_odd"}


def test_a_number_below_data_that_came_before(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 500, 101, flags=RST | ACK)
    assert reset(exchange, tmp_path).signs == {"sequence_below_data"}


def test_a_second_reset_above_all_that_was_acknowledged(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 1001, 101, flags=RST | ACK)
    exchange.s(0.081, 2461, 101, flags=RST | ACK)
    found = exchange.connection(tmp_path).resets
    assert [r.signs for r in found] == [frozenset(), {"sequence_changes"}]


def test_the_server_goes_on_as_if_nothing_happened(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 1001, 101, flags=RST | ACK)
    exchange.s(0.085, 1001, 101, 1000)
    assert reset(exchange, tmp_path).signs == {"peer_went_on"}


def test_data_that_the_reset_overtook_is_not_going_on(tmp_path: Path) -> None:
    exchange = asked()
    exchange.s(0.08, 2001, 101, flags=RST | ACK)
    exchange.s(0.0801, 1001, 101, 1000)
    assert "peer_went_on" not in reset(exchange, tmp_path).signs


def test_a_handshake_that_completes_after_a_refusal(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.002, 0, 1, flags=RST | ACK)
    exchange.s(0.02, 0, 1, flags=SYN | ACK)
    assert "peer_went_on" in reset(exchange, tmp_path).signs


def test_a_second_try_that_succeeds_is_not_going_on(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.02, 0, 1, flags=RST | ACK)
    exchange.c(0.5, 0, 0, flags=SYN)
    exchange.s(0.52, 0, 1, flags=SYN | ACK)
    assert "peer_went_on" not in reset(exchange, tmp_path).signs


@pytest.mark.parametrize(
    ("delay", "ack", "signs"),
    [(0.004, 201, {"before_rtt"}), (0.02, 201, set()), (0.004, 101, set())],
)
def test_an_answer_sooner_than_the_server_can_give(
    delay: float, ack: int, signs: set[str], tmp_path: Path
) -> None:
    exchange = asked()
    exchange.c(0.1, 101, 1001, 100)
    exchange.s(0.1 + delay, 1001, ack, flags=RST | ACK)
    assert reset(exchange, tmp_path).signs == signs


def test_a_bare_reset_shows_what_it_answers_by_its_number(tmp_path: Path) -> None:
    exchange = asked()
    exchange.c(0.1, 101, 1001, 100)
    exchange.s(0.103, 1001, 0, flags=RST)
    assert reset(exchange, tmp_path).signs == {"before_rtt"}
