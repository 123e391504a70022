"""Truncated answers that cannot be had over TCP, and those that can."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NOTHING_BACK,
    RESOLVER,
    RESOLVER_TTL,
    SERVER,
    Part,
    connection,
    facts,
    fetched,
    frame_at,
    question,
    reset,
    response,
    sent,
    unconnected,
)

CODE = "dns.tcp_blocked"
TRUNCATED = question([0.0], [response(0.01, truncated=True)])
TO_RESOLVER: dict[str, Any] = {"address": RESOLVER, "port": 53}
THERE: dict[str, Any] = {**TO_RESOLVER, "ttl": RESOLVER_TTL}


@pytest.mark.parametrize(
    ("tcp", "words"),
    [
        pytest.param(unconnected(0.02, 1.02, 3.02, **TO_RESOLVER), "never answered", id="silent"),
        pytest.param(
            connection(0, 0.02, resets=(reset(0.03),), last_s=0.03, **THERE, **NOTHING_BACK),
            "refused",
            id="refused",
        ),
        pytest.param(
            connection(0, 0.02, client=sent(40, 0.04), last_s=10.0, **THERE),
            "never answered",
            id="connected",
        ),
    ],
)
def test_dead_tcp_after_a_truncated_answer(tcp: Part, words: str) -> None:
    blocked = facts(TRUNCATED, tcp, duration_s=15.0)
    finding = only(CODE, blocked)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert words in finding.evidence[0].text
    assert {frame_at(0.01), frame_at(0.02)} <= frames(finding)
    assert root_of(blocked) == ("failed", CODE)


def test_a_refusal_from_nearer_than_the_resolver_is_a_boxs() -> None:
    nearer: dict[str, Any] = {**TO_RESOLVER, "ttl": 63}
    refused = connection(
        0, 0.02, resets=(reset(0.03, ttl=63),), last_s=0.03, **nearer, **NOTHING_BACK
    )
    blocked = facts(TRUNCATED, refused, duration_s=15.0, distances={RESOLVER: 3})
    assert place(only(CODE, blocked)) == (Role.MIDDLEBOX, None, (2, 3))


OVER_TCP = question([0.05], [response(0.06, SERVER)], transport="tcp", stream=0)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [
                TRUNCATED,
                OVER_TCP,
                connection(0, 0.02, server=sent(500, 0.06), **TO_RESOLVER),
                *fetched(1, 0.2),
            ],
            id="TCP answers",
        ),
        pytest.param(
            [
                TRUNCATED,
                question([0.05], [response(0.06, SERVER)], server="192.0.2.54"),
                unconnected(0.02, **TO_RESOLVER),
                *fetched(1, 0.2),
            ],
            id="another server has it whole",
        ),
        pytest.param(
            [question([0.0], [response(0.01)]), unconnected(0.02, 1.02, **TO_RESOLVER)],
            id="the answer was whole",
        ),
        pytest.param([TRUNCATED], id="TCP was never tried"),
    ],
)
def test_other_truncated_answers(parts: list[Part]) -> None:
    assert not found(CODE, facts(parts))
