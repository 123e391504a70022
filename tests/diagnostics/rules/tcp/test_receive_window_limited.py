"""Transfers that move one window per round trip."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, TlsHandshake
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import CLIENT, SERVER, facts, fetched, resolved
from tests.factories.courses import again, every, paced

CODE = "tcp.receive_window_limited"
RTT_S = 0.12


def windowed(window: int | None, mbit: float, **changes: Any) -> tuple[Connection, TlsHandshake]:
    """6 s at a rate with this window."""
    server = paced(0.3, [mbit] * 60) | changes
    return fetched(rtt_s=RTT_S, client={"max_window": window}, server=server, last_s=6.4)


def test_15_kb_at_120_ms() -> None:
    capture = facts(resolved(SERVER), windowed(15_000, 0.95))
    finding = only(CODE, capture)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert finding.impact_s == pytest.approx(5.3, abs=0.3)
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(windowed(65_535, 0.95), id="room for more"),
        pytest.param(windowed(None, 0.95), id="scale unknown"),
        pytest.param(windowed(750_000, 48.0), id="fast enough"),
        pytest.param(
            windowed(15_000, 0.95, retransmissions=tuple(map(again, every(0.3, 0.5, 18)))),
            id="loss",
        ),
    ],
)
def test_look_alikes(whole: tuple[Connection, TlsHandshake]) -> None:
    assert not found(CODE, facts(resolved(SERVER), whole))
