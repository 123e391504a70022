"""The path: routers that showed themselves to probes, and hosts that answered pings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from analyzers.facts import Hop, IcmpError
from analyzers.probes import Probe, limited_probes, pings
from analyzers.times import seconds_between
from analyzers.ttl import distance_of
from captures.packets import Capture


def hops(capture: Capture, icmp_errors: Sequence[IcmpError]) -> tuple[Hop, ...]:
    """Hops of every traceroute, mtr or TTL-limited probe, then destinations of pings.

    One per destination, kind of probe, distance and answering address, in order of distance.
    """
    walks: dict[tuple[int, str], list[Probe]] = defaultdict(list)
    for probe in limited_probes(capture, icmp_errors):
        walks[probe.destination, probe.protocol].append(probe)
    found = [hop for walk in walks.values() for hop in _Walk(capture, walk).hops()]
    echoes: dict[int, list[Probe]] = defaultdict(list)
    for probe in pings(capture, icmp_errors):
        echoes[probe.destination].append(probe)
    return (*found, *_pinged(capture, echoes))


class _Walk:
    """All probes of one kind to one destination."""

    def __init__(self, capture: Capture, probes: Sequence[Probe]) -> None:
        self._capture = capture
        self._end = self._reached_at(probes)
        self._at: dict[int, list[Probe]] = defaultdict(list)
        for probe in probes:
            distance = self._distance(probe)
            # What was sent further than to the destination, and is unanswered, says nothing.
            if self._end is None or distance <= self._end:
                self._at[distance].append(probe)

    def hops(self) -> Iterator[Hop]:
        for distance in sorted(self._at):
            yield from self._hops_at(distance, self._at[distance])

    def _hops_at(self, distance: int, probes: Sequence[Probe]) -> Iterator[Hop]:
        """The addresses that answered here, the most frequent first; it gets the unanswered."""
        by_address: dict[str, list[Probe]] = defaultdict(list)
        lost: list[Probe] = []
        for probe in probes:
            address = _address(self._capture, probe)
            (lost if address is None else by_address[address]).append(probe)
        for address, own in sorted(by_address.items(), key=lambda item: -len(item[1])):
            yield _hop(self._capture, distance, address, own + lost)
            lost = []
        if not by_address:
            yield _hop(self._capture, distance, None, lost)

    def _distance(self, probe: Probe) -> int:
        if _is_of_destination(self._capture, probe) and self._end is not None:
            return self._end
        return _distance_by_quote(probe)

    def _reached_at(self, probes: Iterable[Probe]) -> int | None:
        """Distance of the destination; None when it did not answer."""
        answered = (p for p in probes if _is_of_destination(self._capture, p))
        return min((_distance_by_quote(p) for p in answered), default=None)


def _distance_by_quote(probe: Probe) -> int:
    """Where a probe was answered: an unreachable quotes the TTL that was left."""
    error = probe.error
    if error is None or error.kind == "time_exceeded" or error.quoted_ttl is None:
        return probe.ttl
    return probe.ttl - error.quoted_ttl + 1 if 1 <= error.quoted_ttl <= probe.ttl else probe.ttl


def _address(capture: Capture, probe: Probe) -> str | None:
    """Who answered a probe; None for nobody."""
    if probe.answer_row is None:
        return None
    return str(capture.table.addresses[capture.table.source[probe.answer_row]])


def _is_of_destination(capture: Capture, probe: Probe) -> bool:
    if probe.answer_row is None:
        return False
    return int(capture.table.source[probe.answer_row]) == probe.destination


def _hop(capture: Capture, distance: int, address: str | None, probes: Sequence[Probe]) -> Hop:
    answered = [p for p in probes if p.answer_row is not None]
    rows = [p.row for p in probes] + [p.answer_row for p in answered if p.answer_row is not None]
    return Hop(
        destination=str(capture.table.addresses[probes[0].destination]),
        distance=distance,
        address=address,
        sent=len(probes),
        answered=len(answered),
        rtts_s=tuple(
            max(0.0, seconds_between(capture.table, p.row, p.answer_row))
            for p in answered
            if p.answer_row is not None
        ),
        frames=tuple(sorted(row + 1 for row in rows)),
        reached=any(_is_of_destination(capture, p) for p in answered),
        protocol=probes[0].protocol,
    )


def _pinged(capture: Capture, echoes: dict[int, list[Probe]]) -> Iterator[Hop]:
    """Destinations of echo requests, where something in the capture tells how far they are."""
    if not echoes:
        return
    table = capture.table
    sources, rows = np.unique(table.source, return_index=True)
    first_row = dict(zip(sources.tolist(), rows.tolist(), strict=True))
    for destination, probes in echoes.items():
        # Errors are the routers' answers, not the destination's.
        own = [p for p in probes if p.error is None]
        if not own or destination not in first_row:
            continue
        answered = next((p for p in own if p.answer_row is not None), None)
        row = first_row[destination] if answered is None else answered.answer_row
        address = _address(capture, answered) if answered else None
        yield _hop(capture, distance_of(int(table.ttl[row])), address, own)
