"""What the far capture knows put into the near capture's facts, so that every rule can use it."""

from __future__ import annotations

from dataclasses import fields, replace

from analyzers.facts import Connection, Facts
from analyzers.facts.vantage import ComparedFacts, Comparison, Way


def informed(near: Facts, comparison: Comparison) -> Facts:
    """The near facts with the comparison, and with a sign on every reset that was never sent."""
    made_up = {f.frame for f in comparison.forged if f.kind == "reset" and f.way is Way.BACK}
    connections = tuple(_signed(c, made_up) for c in near.connections)
    known = {f.name: getattr(near, f.name) for f in fields(near)}
    return ComparedFacts(**known | {"connections": connections, "comparison": comparison})


def _signed(connection: Connection, made_up: set[int]) -> Connection:
    if not any(r.frame in made_up for r in connection.resets):
        return connection
    resets = tuple(
        replace(r, signs=r.signs | {"never_sent"}) if r.frame in made_up else r
        for r in connection.resets
    )
    return replace(connection, resets=resets)
