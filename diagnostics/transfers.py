"""What each server sent over time, and how long that would have taken on a path without faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Facts, Pace
from captures.lazyclass import dataclass

Float64 = npt.NDArray[np.float64]

FIRST_WINDOW = 14_600
"""Bytes that a sender may send at once (ten segments, RFC 6928)."""
PLAIN_RATE = 25e6 / 8
"""Bytes per second that no user wonders about (FCC's definition of broadband from 2015 to 2024);
what a path could do that never showed its best is taken to be this."""
SHORTEST_WINDOW_S = 0.1
"""Rates over shorter spans show bursts, not paths."""
PAUSE_S = 0.3
"""Without data for longer, a server is not sending …"""
PAUSE_RTTS = 3.0
"""… unless that is only the way of data and acknowledgements."""
APART_S = 3600.0
"""Data that comes so much later is another download's (merged captures, a clock that was set)."""
MOST_STEPS = 1 << 20
"""What one transfer is cut into; nearly three hours in the shortest steps."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch in which data kept coming."""

    start_s: float
    end_s: float
    size: float
    """Bytes."""

    @property
    def length_s(self) -> float:
        """How long it took."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """What one server sent, all connections to it taken together."""

    address: str
    connections: tuple[Connection, ...]
    rtt_s: float
    """Smallest round trip between its ends, of all its connections."""
    start_s: float
    step_s: float
    payload: Float64
    """Bytes (repeats too) by steps."""

    @property
    def size(self) -> float:
        """Bytes in all."""
        return float(self.payload.sum())

    def edges_s(self) -> Float64:
        """Where the steps begin, and where the last one ends."""
        steps = np.arange(len(self.payload) + 1, dtype=np.float64)
        return self.start_s + self.step_s * steps

    def between(self, start_s: float, end_s: float) -> float:
        """Bytes that came in a span."""
        total = np.concatenate(([0.0], np.cumsum(self.payload)))
        low, high = np.interp((start_s, end_s), self.edges_s(), total)
        return float(high - low)

    def rates(self, width_s: float, busy: Busy | None = None) -> Float64:
        """Bytes per second in consecutive windows, those of a busy stretch or all whole ones."""
        first, last = 0, len(self.payload)
        if busy is not None:
            first, last = (
                round((t - self.start_s) / self.step_s) for t in (busy.start_s, busy.end_s)
            )
        count = max(1, round(width_s / self.step_s))
        whole = (last - first) // count
        part = self.payload[first : first + whole * count]
        sums = part.reshape(whole, count).sum(axis=1)
        rates: Float64 = np.asarray(sums / (count * self.step_s), dtype=np.float64)
        return rates

    def best_rate(self) -> float:
        """Bytes per second at its best."""
        rates = self.rates(max(SHORTEST_WINDOW_S, self.rtt_s))
        return float(rates.max()) if len(rates) else 0.0

    def busy(self) -> list[Busy]:
        """The stretches in which it sent."""
        return list(_stretches(self))


def transfers(facts: Facts) -> list[Transfer]:
    """Servers that sent enough to tell a rate, in order of their addresses' first stream."""
    groups: dict[str, list[Connection]] = {}
    for connection in facts.connections:
        if connection.server.pace is not None:
            groups.setdefault(connection.server.address, []).append(connection)
    return [_joined(address, _one_download(found)) for address, found in groups.items()]


def _one_download(connections: Sequence[Connection]) -> Sequence[Connection]:
    """Of connections that are far apart in time, those that brought the most."""
    ordered = sorted((p.start_s, i) for i, c in enumerate(connections) if (p := c.server.pace))
    groups: list[list[int]] = []
    until_s = float("-inf")
    for start_s, index in ordered:
        if start_s - until_s > APART_S:
            groups.append([])
        groups[-1].append(index)
        pace = connections[index].server.pace
        until_s = max(until_s, pace.end_s if pace is not None else start_s)
    if len(groups) < 2:
        return connections
    chosen = max(groups, key=lambda g: sum(connections[i].server.payload_bytes for i in g))
    return [connections[i] for i in sorted(chosen)]


def ideal_s(size: float, rtt_s: float, rate: float) -> float:
    """How long a body takes that is held up by nothing: slow start, then the rate."""
    if rate <= 0.0:
        return 0.0
    window, left, spent_s = float(FIRST_WINDOW), size, 0.0
    while left > 0.0 and window < rate * rtt_s:
        left -= window
        window *= 2.0
        spent_s += rtt_s
    return spent_s + max(0.0, left) / rate


def whole_rtt_s(connections: Sequence[Connection]) -> float:
    """The smallest round trip between the ends: both parts of it, where the capture point lies
    between them."""
    outer = [c.min_rtt_s for c in connections if c.min_rtt_s is not None]
    inner = [float(c.client_rtt.rtt_s.min()) for c in connections if len(c.client_rtt.rtt_s)]
    return min(outer, default=0.0) + min(inner, default=0.0)


def _joined(address: str, connections: Sequence[Connection]) -> Transfer:
    found = [c.server.pace for c in connections if c.server.pace is not None]
    start_s = min(p.start_s for p in found)
    length_s = max(p.end_s for p in found) - start_s
    step_s = max(*(p.span_s for p in found), length_s / MOST_STEPS)
    count = int(np.ceil(length_s / step_s - 1e-9))
    edges: Float64 = np.asarray(start_s + step_s * np.arange(count + 1), dtype=np.float64)
    total = np.sum([_arrived(p, edges) for p in found], axis=0)
    return Transfer(
        address, tuple(connections), whole_rtt_s(connections), start_s, step_s, np.diff(total)
    )


def _arrived(pace: Pace, edges: Float64) -> Float64:
    """Bytes that had come at each edge."""
    times = pace.start_s + pace.span_s * np.arange(len(pace.payload) + 1)
    total = np.concatenate(([0], np.cumsum(pace.payload)))
    return np.interp(edges, times, total)


def _stretches(transfer: Transfer) -> Iterator[Busy]:
    pause = max(1, round(max(PAUSE_S, PAUSE_RTTS * transfer.rtt_s) / transfer.step_s))
    filled = np.flatnonzero(transfer.payload > 0.0)
    for part in np.split(filled, np.flatnonzero(np.diff(filled) > pause) + 1):
        if len(part):
            first, last = int(part[0]), int(part[-1]) + 1
            yield Busy(
                transfer.start_s + first * transfer.step_s,
                transfer.start_s + last * transfer.step_s,
                float(transfer.payload[first:last].sum()),
            )


def length_s(stretches: Iterable[Busy]) -> float:
    """How long stretches took together."""
    return sum(b.length_s for b in stretches)
