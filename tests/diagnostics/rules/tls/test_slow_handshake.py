"""Servers that take long to answer a hello, and hellos that took long to get there."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts, LossSide, Retransmission, RetransmissionKind
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    SERVER,
    closed,
    connection,
    facts,
    frame_at,
    handshake,
    resolved,
    sent,
)

CODE = "tls.slow_handshake"


def answered_after(wait_s: float, **changes: Any) -> Facts:
    """A handshake whose first answer comes so long after the hello."""
    answered_s = 0.13 + wait_s
    slow = handshake(
        first_server_record_s=answered_s,
        first_server_record_frame=frame_at(answered_s),
        finished_s=answered_s + 0.001,
    )
    client = sent(1000, 0.13, answered_s) | closed(answered_s + 1.0) | changes.pop("client", {})
    carried = connection(
        last_s=answered_s + 1.1,
        client=client,
        server=sent(9000, answered_s, answered_s + 0.5),
        **changes,
    )
    return facts(resolved(SERVER), carried, slow)


def test_a_late_answer_is_the_servers() -> None:
    slow = answered_after(2.5)
    finding = only(CODE, slow)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frames(finding) == {frame_at(0.13), frame_at(2.63)}
    assert finding.impact_s == pytest.approx(2.5, abs=0.05)
    assert root_of(slow) == ("degraded", CODE)


RESENT = Retransmission(
    frame_at(1.2), 1.2, 1, 280, RetransmissionKind.TIMEOUT, LossSide.AFTER_CAPTURE, 1.0, 131
)


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param(answered_after(0.3), id="within a second"),
        pytest.param(answered_after(1.3, min_rtt_s=0.6), id="on a long way"),
        pytest.param(answered_after(2.5, client={"retransmissions": (RESENT,)}), id="after a loss"),
    ],
)
def test_what_is_not_the_servers_doing(prompt: Facts) -> None:
    assert not found(CODE, prompt)


def test_an_ordinary_handshake_is_healthy() -> None:
    healthy(answered_after(0.05))
