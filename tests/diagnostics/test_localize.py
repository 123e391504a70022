"""Hops from TTLs and addresses: never an interval that ends before it starts."""

from __future__ import annotations

import pytest

from diagnostics.localize import forger_hop
from tests.factories import tcp, whole
from tests.factories.world import CLIENT, SERVER

FACTS = whole.facts(tcp.connection(), distances={SERVER: 5})


@pytest.mark.parametrize(
    ("ttl", "victim", "distance"),
    [
        (62, SERVER, (3, 3)),  # its own TTL tells
        (60, SERVER, (1, 5)),  # the victim's TTL, copied
        (64, CLIENT, None),  # in the name of a host that is no hop away: nothing is on the way
    ],
)
def test_where_a_forger_stands(ttl: int, victim: str, distance: tuple[int, int] | None) -> None:
    assert forger_hop(FACTS, ttl, victim).distance == distance
