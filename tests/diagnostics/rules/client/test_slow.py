"""Pauses that only the client can explain."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Side, Silence
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import (
    CLIENT,
    SERVER,
    Part,
    client_hello,
    closed,
    facts,
    fetched,
    resolved,
    sent,
)
from tests.factories.courses import silence

CODE = "client.slow"


def paused(stream: int, *silences: Silence, **changes: Any) -> tuple[Part, ...]:
    """A connection that is used until 8 s, with these silences."""
    client = sent(3000, 0.2, 7.8) | closed(8.0)
    plain: dict[str, Any] = {"client": client, "server": sent(90_000, 0.2, 7.9), "last_s": 8.0}
    return fetched(stream, 0.1, silences=silences, **(plain | changes))


PAUSE = silence(1.0, 5.0, "client_idle")


def test_both_connections_wait_for_the_client() -> None:
    parts = [*paused(0, PAUSE), *paused(1, silence(0.8, 5.2, "client_idle"))]
    capture = facts(resolved(SERVER), parts)
    finding = only(CODE, capture)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert finding.impact_s == pytest.approx(4.0)
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(paused(1), id="busy"),
        pytest.param(
            paused(1, silence(0.9, 5.1, "sender_idle", Side.CLIENT, Side.SERVER)),
            id="waiting for its server",
        ),
    ],
)
def test_another_connection_is_what_go_waits_for(other: tuple[Part, ...]) -> None:
    assert not found(CODE, facts(resolved(SERVER), paused(0, PAUSE), other))


def test_an_idle_connection_that_is_closed_at_last_cost_nothing() -> None:
    ended = paused(0, PAUSE, client=sent(3000, 0.2, 0.9), server=sent(90_000, 0.2, 0.95))
    assert not found(CODE, facts(resolved(SERVER), ended))


def test_short_pauses_are_work() -> None:
    short = [silence(t, t + 0.8, "client_idle") for t in (0.5, 1.5, 2.5, 3.5, 4.5)]
    assert not found(CODE, facts(resolved(SERVER), paused(0, *short)))


def test_a_person_before_a_browser_pauses_to_read() -> None:
    other = client_hello(0.13, is_go=False, sni="www.example.org")
    parts = paused(0, PAUSE, name="www.example.org", hello=other)
    assert not found(CODE, facts(parts))
