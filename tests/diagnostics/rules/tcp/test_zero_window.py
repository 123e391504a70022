"""Receivers that stop reading."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    CLIENT,
    SERVER,
    asked_again,
    closed,
    facts,
    fetched,
    frame_at,
    half,
    resolved,
    sent,
)
from tests.factories.courses import every, shut

CODE = "tcp.zero_window"


def test_a_client_that_stops_reading() -> None:
    client = closed(6.1) | {"zero_windows": (shut(1.0, 4.5),)}
    capture = facts(
        resolved(SERVER), fetched(client=client, server=sent(90_000, 0.2, 6.0), last_s=6.0)
    )
    finding = only(CODE, capture)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert finding.impact_s == pytest.approx(3.5)
    assert frames(finding) == {frame_at(1.0), frame_at(4.5)}
    assert root_of(capture) == ("degraded", CODE)


def test_a_server_that_stops_reading_an_upload() -> None:
    server = sent(900, 6.0) | {"zero_windows": (shut(1.0, 4.5),)}
    whole = fetched(client=sent(90_000, 0.2, 5.5), server=server, last_s=6.0)
    assert place(only(CODE, facts(resolved(SERVER), whole)))[0] is Role.SERVER


@pytest.mark.parametrize(
    "zero",
    [
        pytest.param(tuple(shut(t, t + 0.004) for t in every(0.02, 0.5, 48)), id="moments"),
        pytest.param((shut(1.0, None),), id="nothing more to send"),
    ],
)
def test_windows_that_hold_nothing_up(zero: tuple[object, ...]) -> None:
    whole = fetched(client={"zero_windows": zero}, server=sent(90_000, 0.2, 1.6), last_s=6.0)
    assert not found(CODE, facts(resolved(SERVER), whole))
    assert not half(CLIENT, 1).zero_windows


def test_a_client_that_never_reads_again_is_asked_for_room() -> None:
    server = sent(90_000, 0.2, 0.9) | asked_again((0.9, 0.9), (1.3, 1.3), (2.1, 2.1), (5.0, 5.0))
    client = sent(900, 0.2) | {"zero_windows": (shut(1.0, None),)}
    whole = fetched(client=client, server=server, last_s=6.0)
    assert only(CODE, facts(resolved(SERVER), whole)).impact_s == pytest.approx(5.0)
