"""A router's capture: both copies of a packet tell the TTL that it came with."""

from __future__ import annotations

from pathlib import Path

from tests.analyzers.exchange import Exchange
from tests.packets import ACK, RST, SYN


def crossing(apart_s: float = 0.0001, away: int = 1) -> Exchange:
    """A refused SYN and the RST; of each, the copy that left the router comes first in the file."""
    exchange = Exchange()
    exchange.c(0.0001, 0, 0, flags=SYN, ttl=63)
    exchange.again(0.0, ttl=63 + away)
    exchange.s(0.02 + apart_s, 0, 1, flags=RST | ACK, ttl=56)
    exchange.again(0.02, ttl=56 + away)
    exchange.s(0.04 + apart_s, 0, 1, flags=RST | ACK, ttl=56)
    exchange.again(0.04, ttl=56 + away)
    return exchange


def test_the_ttl_is_that_of_the_copy_that_arrived(tmp_path: Path) -> None:
    connection = crossing().connection(tmp_path)
    assert len(connection.duplicate_frames) == 3
    assert connection.client.ttl_syn == 64
    assert [r.ttl for r in connection.resets] == [57, 57]


def test_the_same_packet_much_later_came_another_way(tmp_path: Path) -> None:
    connection = crossing(apart_s=0.5).connection(tmp_path)
    assert 56 in {r.ttl for r in connection.resets}


def test_another_ttl_by_more_than_one_hop_is_another_packet(tmp_path: Path) -> None:
    connection = crossing(away=3).connection(tmp_path)
    assert 56 in {r.ttl for r in connection.resets}
