"""Waits for the way there and back: how many round trips a download made one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analyzers.facts import Connection, Facts, Side
from captures.lazyclass import dataclass
from diagnostics.localize import far_sides
from diagnostics.scope import scope_of

MIN_SHARE = 0.5
"""Of a round trip: a shorter pause between arrivals is no wait for one."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits for one server."""

    count: float
    """Round trips, as far as they came one after the other."""
    spent_s: float
    """In them."""
    whole_s: float
    """From the first segment to the last arrival."""

    @property
    def share(self) -> float:
        """Of the whole time."""
        return self.spent_s / self.whole_s if self.whole_s > 0.0 else 0.0


def waits(connections: Sequence[Connection], rtt_s: float) -> Waits:
    """Pauses between arrivals from a server that a round trip makes; of longer ones one each."""
    arrivals = np.concatenate(
        [t for c in connections for t in (c.server.dialogue.asked_s, c.client.dialogue.heard_s)]
    )
    if not len(arrivals) or rtt_s <= 0.0:
        return Waits(0.0, 0.0, 0.0)
    first_s = min(c.first_s for c in connections)
    times = np.concatenate(([first_s], np.sort(arrivals)))
    pauses = np.diff(times)
    pauses = np.minimum(pauses[pauses >= MIN_SHARE * rtt_s], rtt_s)
    spent_s = float(pauses.sum())
    return Waits(spent_s / rtt_s, spent_s, float(times[-1] - times[0]))


def ways(facts: Facts) -> Iterator[tuple[list[Connection], Side]]:
    """The download's connections to each server, with each end to which there is a way from the
    capture point."""
    for connections in by_server(facts).values():
        for side in far_sides(facts, connections):
            yield connections, side


def by_server(facts: Facts) -> dict[str, list[Connection]]:
    """The download's established connections by server address."""
    mine = scope_of(facts).streams
    groups: dict[str, list[Connection]] = {}
    for connection in facts.connections:
        if connection.established and connection.stream in mine:
            groups.setdefault(connection.server.address, []).append(connection)
    return groups
