"""Who ended a connection."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.connectionends import reset_by_server_side, server_broke_off
from analyzers.facts import Side
from tests.factories import closed, connection, reset, sent

RST: dict[str, Any] = {"resets": (reset(0.6),)}
CLIENT_RST: dict[str, Any] = {"resets": (reset(0.6, Side.CLIENT),)}
SERVER_FIN: dict[str, Any] = {"server": closed(0.6), "client": closed(0.61)}
CLIENT_FIN: dict[str, Any] = {"client": closed(0.6), "server": closed(0.61)}


@pytest.mark.parametrize(
    ("changes", "by_server"),
    [
        (RST, True),
        (CLIENT_RST, False),
        ({}, False),
        (RST | {"client": closed(0.5)}, False),
        ({"resets": (reset(0.5, Side.CLIENT), reset(0.6))}, False),
        ({"resets": (reset(0.6), reset(0.61, Side.CLIENT))}, True),
        (RST | {"client": closed(0.9)}, False),
        (RST | {"client": sent(900, 0.13, 5.0)}, False),
        (RST | {"client": sent(900, 0.13, 0.601)}, True),
        ({"resets": (reset(0.3), reset(0.9)), "client": sent(900, 0.13, 0.8)}, True),
    ],
    ids=[
        "in use",
        "the client's",
        "none",
        "after the client's FIN",
        "after the client's RST",
        "the client answers it",
        "the client closes in peace later",
        "the client asks on",
        "what was under way",
        "one ignored, one not",
    ],
)
def test_resets_that_ended_it(changes: dict[str, Any], by_server: bool) -> None:
    assert reset_by_server_side(connection(**changes)) is by_server


@pytest.mark.parametrize(
    ("changes", "by_server"), [(RST, True), (SERVER_FIN, True), (CLIENT_FIN, False), ({}, False)]
)
def test_who_broke_off(changes: dict[str, Any], by_server: bool) -> None:
    assert server_broke_off(connection(**changes)) is by_server


def test_a_reset_after_the_servers_own_fin_breaks_nothing_off() -> None:
    """What it answers is the client's close_notify."""
    ended: dict[str, Any] = {
        "server": sent(9000, 0.2, 0.4) | closed(0.5),
        "client": sent(300, 0.13),
    }
    assert not reset_by_server_side(connection(**ended, **RST))
    assert reset_by_server_side(connection(server=sent(9000, 0.2, 0.4), **RST))
