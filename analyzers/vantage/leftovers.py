"""What one point shows and the other does not: connections and lookups without a counterpart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzers.facts import Connection, Facts
from analyzers.facts.side import Side
from analyzers.facts.vantage import DnsTransit, Forged, Pair, Tie, Way
from analyzers.vantage.lookups import Asked, Key, only_here
from captures.lazyclass import dataclass

NEARLY_S = 0.05
"""How much the opening of two connections may seem to be in the wrong order."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The span in which both captures ran, by the near clock, in either capture's seconds."""

    near: tuple[float, float]
    far: tuple[float, float]
    far_later_s: float
    """What far seconds are above near seconds for the same moment."""
    slack_s: float
    """What happens so close to either end of a capture may be missing in it."""

    def holds_near(self, time_s: float) -> bool:
        """A near moment that the far capture cannot have missed."""
        return self.near[0] <= time_s <= self.near[1] - self.slack_s

    def holds_far(self, time_s: float) -> bool:
        """A far moment that the near capture cannot have missed."""
        return self.far[0] + self.slack_s <= time_s <= self.far[1]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Connections that only one capture has, within the time of both."""

    vanished: tuple[Connection, ...]
    """Near ones that should have come past the far point."""
    near_only: int
    far_only: int


def rewritten_pairs(near: Facts, far: Facts, pairs: Sequence[Pair], both: Shared) -> list[Pair]:
    """Connections with different ClientHellos to one name, the far one opened during the near one.

    Whole hellos that do not match differ in their random numbers: somebody ended TLS between.
    """
    free = _hellos(far, {p.far for p in pairs})
    found = []
    for stream, (name, time_s) in _hellos(near, {p.near for p in pairs}).items():
        last_s = near.connections[stream].last_s
        for other, (other_name, other_s) in free.items():
            moment_s = other_s - both.far_later_s
            if other_name == name and time_s - NEARLY_S <= moment_s <= last_s + NEARLY_S:
                found.append(Pair(stream, other, Tie.REWRITTEN, None, None))
                del free[other]
                break
    return found


def _hellos(facts: Facts, taken: set[int]) -> dict[int, tuple[str, float]]:
    """Name and time of each whole ClientHello on connections without a counterpart."""
    return {
        h.stream: (h.client_hello.sni, h.client_hello.time_s)
        for h in facts.handshakes
        if h.stream not in taken
        and h.client_hello is not None
        and h.client_hello.complete
        and h.client_hello.sni
    }


def leftovers(near: Facts, far: Facts, pairs: Sequence[Pair], both: Shared) -> Leftovers:
    """Sort connections without a counterpart."""
    matched = {p.near for p in pairs}
    taken = {p.far for p in pairs}
    passing = {_endpoint(near.connections[s]) for s in matched}
    passing |= {_endpoint(c) for c in far.connections}
    alone = [c for c in near.connections if c.stream not in matched and both.holds_near(c.first_s)]
    others = [c for c in far.connections if c.stream not in taken and both.holds_far(c.first_s)]
    vanished = [c for c in alone if c.syn_frame is not None and _endpoint(c) in passing]
    return Leftovers(tuple(vanished), len(alone), len(others))


def _endpoint(connection: Connection) -> tuple[str, int]:
    return connection.server.address, connection.server.port


def answered_between(connections: Iterable[Connection]) -> Iterator[Forged]:
    """First answers to SYNs that never came past the far point."""
    for connection in connections:
        reset = connection.server_reset
        if connection.syn_ack_frame is not None:
            ttl = connection.server.ttl_syn or 0
            yield Forged("handshake", Way.BACK, connection.syn_ack_frame, connection.stream, ttl)
        elif reset is not None and reset.sender is Side.SERVER:
            yield Forged("reset", Way.BACK, reset.frame, connection.stream, reset.ttl)


def lookups(
    near: Mapping[Key, Asked], far: Mapping[Key, Asked], both: Shared, far_complete: bool
) -> tuple[DnsTransit, tuple[Forged, ...]]:
    """What became of queries and answers between the points, and answers that nobody sent there."""
    common = sorted(near.keys() & far.keys())
    servers = {near[key].exchange.server for key in common}
    lost = [
        q.frame
        for key, asked in sorted(near.items())
        if key not in far and asked.exchange.server in servers
        for q in asked.queries
        if both.holds_near(q.time_s)
    ]
    missing = [
        r.frame
        for key in common
        for r in only_here(far[key], near[key])
        if both.far[0] <= r.time_s <= both.far[1] - both.slack_s
    ]
    forged = [
        Forged("answer", Way.BACK, r.frame, None, r.ip_ttl)
        for key in common
        for r in only_here(near[key], far[key])
        if far_complete and both.holds_near(r.time_s)
    ]
    return DnsTransit(len(common), tuple(sorted(lost)), tuple(sorted(missing))), tuple(forged)
