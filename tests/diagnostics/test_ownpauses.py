"""Pauses of the client's machine, told from waits for others."""

from __future__ import annotations

import pytest

from diagnostics.ownpauses import MIN_PAUSE_S, own_pauses
from tests.factories import SERVER, Part, closed, facts, fetched, resolved, sent
from tests.factories.courses import silence


def used(stream: int, start_s: float, end_s: float, cause: str = "client_idle") -> tuple[Part, ...]:
    """A connection that is used until 8 s, silent once."""
    client = sent(3000, 0.2, 7.8) | closed(8.0)
    server = sent(90_000, 0.2, 7.9)
    quiet = (silence(start_s, end_s, cause),)
    return fetched(stream, 0.1, client=client, server=server, last_s=8.0, silences=quiet)


def test_only_what_all_connections_share_is_a_pause() -> None:
    captured = facts(resolved(SERVER), used(0, 1.0, 5.0), used(1, 2.0, 7.0))
    assert own_pauses(captured) == [(2.0, 5.0), (2.0, 5.0)]


@pytest.mark.parametrize("cause", ["sender_idle", "loss", "window", "path_silent"])
def test_what_is_waited_for_elsewhere_is_none(cause: str) -> None:
    assert not own_pauses(facts(resolved(SERVER), used(0, 1.0, 5.0), used(1, 0.9, 5.1, cause)))


def test_a_short_one_is_work() -> None:
    assert not own_pauses(facts(resolved(SERVER), used(0, 1.0, 1.0 + 0.9 * MIN_PAUSE_S)))
