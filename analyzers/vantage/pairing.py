"""Which connections of two captures are the same: by their payload and their handshakes.

Addresses, ports and IP-IDs change on the way and prove nothing; initial sequence numbers may. What
proves sameness is unique bytes at the same kind of place, initial numbers and timestamp clocks that
nobody would draw twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from itertools import product

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection
from analyzers.vantage.prints import WIDTH, prints
from analyzers.vantage.views import View
from captures.lazyclass import dataclass
from captures.packets import PacketTable

Int64 = npt.NDArray[np.int64]
Key = tuple[str, object]

VOTES = 16
"""More unique payloads in common do not make it more certain."""
NUMBER_WEIGHT = 6
TIMESTAMP_WEIGHT = 4
SHARED_WEIGHT = 1
"""A number that several connections of one capture drew."""
END_WEIGHT = 1
ENOUGH = 4.0
"""One number that only these two share; addresses and ports alone never reach it and a payload
in common is enough by itself."""
COMPARED = 512
"""Bytes of a payload that are compared before it counts."""
CHECKED = 4
"""Payloads of a pair that are compared byte by byte."""
MAX_KEY_SHARERS = 8
"""Connections with the same number: more, and the number says nothing."""


@dataclass(slots=True)
class Match:
    """One connection of either capture that are taken for the same."""

    one: int
    other: int
    score: float = 0.0
    votes: int = 0
    shifts: dict[int, Counter[int]] = field(default_factory=dict)
    """By the first's side: how far the other's positions are above its own, and how often."""
    crossed: bool = False
    """The captures take different ends for the client (one starts midway)."""


def matches(one: View, other: View) -> list[Match]:
    """The same connections, each at most once, the most certain first."""
    found: dict[tuple[int, int], Match] = {}
    _by_payload(one, other, found)
    _by_numbers(one, other, found)
    ranked = sorted(found.values(), key=lambda m: (-m.score, m.one, m.other))
    taken: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for match in ranked:
        if match.one in taken[0] or match.other in taken[1]:
            continue
        if not match.votes and match.score < ENOUGH:
            continue
        taken[0].add(match.one)
        taken[1].add(match.other)
        chosen.append(match)
    return chosen


def _by_payload(one: View, other: View, found: dict[tuple[int, int], Match]) -> None:
    """Count payloads that each capture holds at one place only."""
    a, b = _unique(one), _unique(other)
    _, in_a, in_b = np.intersect1d(a.prints, b.prints, assume_unique=True, return_indices=True)
    places_a, places_b = a.places[in_a], b.places[in_b]
    streams = np.stack((one.half[places_a] >> 1, other.half[places_b] >> 1), axis=1)
    pairs, group = np.unique(streams, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    bounds = np.searchsorted(group.ravel()[order], np.arange(len(pairs) + 1))
    for number, (left, right) in enumerate(pairs.tolist()):
        part = order[bounds[number] : bounds[number + 1]]
        match = Match(left, right)
        if not _same_bytes(one, other, places_a[part[:CHECKED]], places_b[part[:CHECKED]]):
            continue
        side_a, side_b = one.half[places_a[part]] & 1, other.half[places_b[part]] & 1
        match.crossed = bool(np.count_nonzero(side_a != side_b) * 2 > len(part))
        shifts = other.start[places_b[part]] - one.start[places_a[part]]
        for side in (0, 1):
            match.shifts[side] = Counter(shifts[side_a == side].tolist())
        match.votes = len(part)
        match.score = float(min(len(part), VOTES))
        found[left, right] = match


@dataclass(frozen=True, slots=True)
class _Unique:
    """Fingerprints that occur at one place of one half only."""

    prints: npt.NDArray[np.uint64]
    places: Int64
    """Into the view's segments."""


def _unique(view: View) -> _Unique:
    rows = view.rows
    captured = view.capture.table.payload_captured[rows]
    places = np.flatnonzero((captured >= WIDTH) & (view.start > 0))
    marks = prints(view.capture, rows[places])
    order = np.lexsort((view.start[places], view.half[places], marks))
    marks, places = marks[order], places[order]
    new = np.ones(len(marks), dtype=np.bool_)
    new[1:] = (
        (marks[1:] != marks[:-1])
        | (view.half[places[1:]] != view.half[places[:-1]])
        | (view.start[places[1:]] != view.start[places[:-1]])
    )
    marks, places = marks[new], places[new]
    alone = np.ones(len(marks), dtype=np.bool_)
    alone[1:] &= marks[1:] != marks[:-1]
    alone[:-1] &= marks[1:] != marks[:-1]
    return _Unique(marks[alone], places[alone])


def _same_bytes(one: View, other: View, places_a: Int64, places_b: Int64) -> bool:
    """Most of these payloads agree as far as both captures hold them."""
    same = 0
    for a, b in zip(one.rows[places_a].tolist(), other.rows[places_b].tolist(), strict=True):
        left = one.capture.payload(a)[:COMPARED]
        right = other.capture.payload(b)[:COMPARED]
        length = min(len(left), len(right))
        same += left[:length] == right[:length]
    return 2 * same > len(places_a)


def _by_numbers(one: View, other: View, found: dict[tuple[int, int], Match]) -> None:
    """Add what handshakes have in common; a number alone that only they drew is proof enough."""
    ours, theirs = _numbers(one), _numbers(other)
    for key, streams in ours.items():
        sharers = theirs.get(key, ())
        if not sharers or max(len(streams), len(sharers)) > MAX_KEY_SHARERS:
            continue
        weight = NUMBER_WEIGHT if key[0] in ("client", "server") else TIMESTAMP_WEIGHT
        if len(streams) > 1 or len(sharers) > 1:
            weight = SHARED_WEIGHT
        for left, right in product(streams, sharers):
            found.setdefault((left, right), Match(left, right)).score += weight
    for (left, right), match in found.items():
        match.score += END_WEIGHT * _ends_in_common(
            one.facts.connections[left], other.facts.connections[right]
        )


def _numbers(view: View) -> dict[Key, list[int]]:
    """Streams by the numbers of their handshakes."""
    known: dict[Key, list[int]] = {}
    for connection in view.facts.connections:
        for key in _keys(view.capture.table, connection):
            known.setdefault(key, []).append(connection.stream)
    return known


def _keys(table: PacketTable, connection: Connection) -> Iterator[Key]:
    """What two connections hardly share: numbers of a handshake, or all of them with both ends
    (for senders that begin every connection with the same number)."""
    numbers: list[int] = []
    for name, frame in (("client", connection.syn_frame), ("server", connection.syn_ack_frame)):
        if frame is None:
            continue
        numbers.append(int(table.seq[frame - 1]))
        yield name, numbers[-1]
        if name == "client" and table.has_timestamps[frame - 1] and table.tsval[frame - 1]:
            numbers.append(int(table.tsval[frame - 1]))
            yield "tsval", numbers[-1]
    if numbers:
        ends = ((h.address, h.port) for h in (connection.client, connection.server))
        yield "all", (*numbers, *ends)


def _ends_in_common(one: Connection, other: Connection) -> int:
    """How much of addresses and ports is the same: it only decides between equals."""
    ends = (
        (one.client.address, other.client.address),
        (one.client.port, other.client.port),
        (one.server.address, other.server.address),
        (one.server.port, other.server.port),
    )
    return sum(a == b for a, b in ends)
