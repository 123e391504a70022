"""The 19 published ways of breaking a connection off, and what looks like them and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.facts import Followed, LastSent, Side
from tests.analyzers.exchange import Exchange
from tests.packets import ACK, FIN, PSH, RST, SYN

OPENINGS = {
    "SYN": LastSent.SYN,
    "SYN;ACK": LastSent.ACK,
    "PSH+ACK": LastSent.MESSAGE,
    "PSH+ACK;Data": LastSent.DATA,
}

Rst = tuple[int, int]
"""Flags and acknowledgement number of a RST."""

PLAIN, OTHER, ZERO, ACKED = (RST, 6001), (RST, 7777), (RST, 0), (RST | ACK, 1)

# After table 1 of Sundara Raman et al. (SIGCOMM 2023), in its order and notation.
TABLE: list[tuple[str, list[Rst], Followed]] = [
    ("SYN", [], Followed.NOTHING),
    ("SYN", [PLAIN], Followed.RST),
    ("SYN", [ACKED], Followed.RST_ACK),
    ("SYN", [PLAIN, ACKED], Followed.BOTH),
    ("SYN;ACK", [], Followed.NOTHING),
    ("SYN;ACK", [PLAIN], Followed.RST),
    ("SYN;ACK", [PLAIN, PLAIN], Followed.RSTS),
    ("SYN;ACK", [ACKED], Followed.RST_ACK),
    ("SYN;ACK", [ACKED, ACKED], Followed.RST_ACKS),
    ("PSH+ACK", [], Followed.NOTHING),
    ("PSH+ACK", [PLAIN], Followed.RST),
    ("PSH+ACK", [ACKED], Followed.RST_ACK),
    ("PSH+ACK", [ACKED, PLAIN], Followed.BOTH),
    ("PSH+ACK", [ACKED, ACKED, ACKED], Followed.RST_ACKS),
    ("PSH+ACK", [PLAIN, PLAIN], Followed.RSTS_SAME_ACK),
    ("PSH+ACK", [PLAIN, OTHER], Followed.RSTS_OTHER_ACK),
    ("PSH+ACK", [PLAIN, ZERO], Followed.RSTS_ZERO_ACK),
    ("PSH+ACK;Data", [PLAIN], Followed.RST),
    ("PSH+ACK;Data", [ACKED], Followed.RST_ACK),
]


def opened(until: str) -> Exchange:
    """A connection up to a step; its first message takes two segments, as go's hello does."""
    exchange = Exchange()
    if until == "SYN":
        exchange.c(0.0, 0, 0, flags=SYN)
        return exchange
    exchange.open()
    if until != "SYN;ACK":
        exchange.c(0.03, 1, 1, 1000)
        exchange.c(0.03, 1001, 1, 500, flags=ACK | PSH)
    if until == "PSH+ACK;Data":
        exchange.s(0.05, 1, 1501, 800)
        exchange.c(0.06, 1501, 801, 100, flags=ACK | PSH)
    return exchange


def later(exchange: Exchange) -> Exchange:
    """The capture goes on: the client gives up after five seconds."""
    exchange.c(5.1, 1501, 1, flags=FIN)
    return exchange


@pytest.mark.parametrize("number", range(1, 20))
def test_every_signature(number: int, tmp_path: Path) -> None:
    until, resets, followed = TABLE[number - 1]
    exchange = opened(until)
    last = len(exchange.frames)
    for place, (flags, ack) in enumerate(resets):
        acknowledged = ack if flags & ACK else 0
        exchange.s(0.08 + 0.0001 * place, 801, acknowledged, flags=flags, raw_ack=ack)
    found = (exchange if resets else later(exchange)).connection(tmp_path).break_off
    assert found is not None
    assert (found.signature, found.after, found.followed) == (number, OPENINGS[until], followed)
    if resets:
        assert found.sender is Side.SERVER
        assert found.frames == tuple(range(last + 1, last + 1 + len(resets)))
    else:
        assert found.sender is None
        assert found.frames == ({"SYN": 1, "SYN;ACK": 3, "PSH+ACK": 4}[until],)


def test_a_capture_at_the_server_shows_the_clients_address(tmp_path: Path) -> None:
    exchange = opened("PSH+ACK")
    exchange.c(0.04, 1501, 1, flags=RST)
    found = exchange.connection(tmp_path).break_off
    assert found is not None
    assert (found.signature, found.sender) == (11, Side.CLIENT)


def test_sending_the_message_again_is_not_going_on(tmp_path: Path) -> None:
    exchange = opened("PSH+ACK")
    exchange.c(0.3, 1, 1, 1000)
    exchange.c(0.9, 1, 1, 1000)
    exchange.s(1.0, 1, 1, flags=RST | ACK)
    found = exchange.connection(tmp_path).break_off
    assert found is not None
    assert found.signature == 12


def _closed() -> Exchange:
    exchange = opened("PSH+ACK;Data")
    exchange.c(0.1, 1601, 801, flags=FIN | ACK)
    exchange.s(0.12, 801, 1602, flags=RST)
    return exchange


def _answered_then_silent() -> Exchange:
    exchange = opened("PSH+ACK")
    exchange.s(0.05, 1, 1501)
    return later(exchange)


def _short() -> Exchange:
    exchange = opened("PSH+ACK")
    exchange.c(2.9, 1, 1, 1000)
    return exchange


def _given_up_at_once() -> Exchange:
    """A happy-eyeballs loser, before a capture that goes on for long."""
    exchange = opened("SYN;ACK")
    exchange.c(0.1, 1, 1, flags=FIN | ACK)
    exchange.c(9.0, 1, 1, flags=FIN | ACK)
    return exchange


def _silent_after_data() -> Exchange:
    exchange = opened("PSH+ACK;Data")
    exchange.c(8.0, 1501, 801, 100, flags=ACK | PSH)
    return exchange


def _one_sided() -> Exchange:
    exchange = opened("PSH+ACK;Data")
    exchange.frames = [frame for n, frame in enumerate(exchange.frames) if n not in (1, 5)]
    exchange.c(8.0, 1601, 801)
    return exchange


def _midway() -> Exchange:
    exchange = opened("PSH+ACK")
    exchange.frames = exchange.frames[2:]
    exchange.s(0.1, 1, 1501, flags=RST | ACK)
    return exchange


def _injected_in_vain() -> Exchange:
    """Both ends take no notice of a RST."""
    exchange = opened("SYN;ACK")
    exchange.s(0.021, 1, 1, flags=RST)
    exchange.c(0.03, 1, 1, 500, flags=ACK | PSH)
    exchange.s(0.05, 1, 501, 800)
    return exchange


def _mixed_after_ack() -> Exchange:
    exchange = opened("SYN;ACK")
    exchange.s(0.1, 1, 1, flags=RST | ACK)
    exchange.s(0.1, 1, 1, flags=RST)
    return exchange


@pytest.mark.parametrize(
    "make",
    [
        _closed,
        _answered_then_silent,
        _short,
        _given_up_at_once,
        _silent_after_data,
        _one_sided,
        _midway,
        _injected_in_vain,
        _mixed_after_ack,
    ],
)
def test_what_is_none_of_them(make: object, tmp_path: Path) -> None:
    assert callable(make)
    assert make().connection(tmp_path).break_off is None
