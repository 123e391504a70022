"""Two captures of the same traffic in, everything they show together out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from analyzers.facts import Facts
from analyzers.facts.vantage import Change, Comparison, DnsTransit, Forged, Pair, Tie, Way
from analyzers.vantage.alignment import Alignment, Seen, align
from analyzers.vantage.crossings import crossings
from analyzers.vantage.handshakes import changes
from analyzers.vantage.leftovers import (
    Shared,
    answered_between,
    leftovers,
    lookups,
    rewritten_pairs,
)
from analyzers.vantage.lookups import Asked, Key, transactions
from analyzers.vantage.pairing import Match, matches
from analyzers.vantage.ties import Tied, tied
from analyzers.vantage.transit import legs, rewritten, transit
from analyzers.vantage.views import View
from captures.lazyclass import dataclass
from captures.packets import Capture

MAX_CHANGES = 200
"""Changes that are listed: one handshake shows what all show."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and the facts of either capture in their order."""

    comparison: Comparison
    near: Facts
    far: Facts
    swapped: bool
    """The capture that was named second is the near one."""


def compare(captures: tuple[Capture, Capture], facts: tuple[Facts, Facts]) -> Compared:
    """Find what two captures have in common, order them, and follow every packet between them.

    Never raises on bad packets; raises CaptureError when a file fails while it is read.
    """
    one, other = (View(c, f) for c, f in zip(captures, facts, strict=True))
    pairs = [tied(one, other, match) for match in matches(one, other)]
    asked = transactions(one.facts), transactions(other.facts)
    seen = [s for pair in pairs for s in _seen(one, other, pair)]
    seen += _seen_lookups(one.facts, other.facts, *asked)
    zeros = tuple(int(f.capture.zero_ns or 0) for f in facts)
    lie = align(seen, (zeros[0], zeros[1]))
    if lie is None:
        nothing = Comparison(
            one.facts.capture.files[0], other.facts.capture.files[0], None, False, None, (), (),
            len(one.facts.connections), len(other.facts.connections), (), (), DnsTransit(),
        )  # fmt: skip
        return Compared(nothing, one.facts, other.facts, False)
    if lie.swapped:
        one, other, asked = other, one, (asked[1], asked[0])
        pairs = [tied(one, other, _turned(p.match)) for p in pairs]
    found = _Found(one, other, lie)
    return Compared(found.comparison(pairs, asked), one.facts, other.facts, lie.swapped)


def _turned(match: Match) -> Match:
    """The same match with the captures exchanged."""
    shifts = {}
    for side, counts in match.shifts.items():
        shifts[side ^ match.crossed] = type(counts)({-s: n for s, n in counts.items()})
    return replace(match, one=match.other, other=match.one, shifts=shifts)


def _seen(one: View, other: View, pair: Tied) -> Iterator[Seen]:
    for side, way in enumerate(Way):
        at_one, at_other = crossings(one, other, pair, side)
        rows = pair.one[side].rows[at_one], pair.other[side].rows[at_other]
        tables = one.capture.table, other.capture.table
        ttls = [t.ttl[r].astype(np.int64) for t, r in zip(tables, rows, strict=True)]
        steps = ttls[0] - ttls[1] if pair.tie is not Tie.TERMINATED else np.empty(0, np.int64)
        yield Seen(way, tables[0].time_ns[rows[0]], tables[1].time_ns[rows[1]], steps)


def _seen_lookups(
    one: Facts, other: Facts, asked: dict[Key, Asked], also: dict[Key, Asked]
) -> list[Seen]:
    """Queries and answers that either capture has once."""
    found: dict[Way, list[tuple[int, int, int]]] = {way: [] for way in Way}
    for key in asked.keys() & also.keys():
        a, b = asked[key], also[key]
        for way, left, right in (
            (Way.OUT, a.queries, b.queries),
            (Way.BACK, a.responses, b.responses),
        ):
            if len(left) == len(right) == 1:
                times = _ns(one, left[0].time_s), _ns(other, right[0].time_s)
                found[way].append((*times, left[0].ip_ttl - right[0].ip_ttl))
    made = []
    for way, rows in found.items():
        columns = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
        made.append(Seen(way, columns[:, 0], columns[:, 1], columns[:, 2]))
    return made


def _ns(facts: Facts, time_s: float) -> int:
    return int(facts.capture.zero_ns or 0) + round(time_s * 1e9)


@dataclass(frozen=True, slots=True)
class _Found:
    """Two captures in their order, and how they lie to each other."""

    near: View
    far: View
    lie: Alignment

    def comparison(
        self, tied_pairs: Sequence[Tied], asked: tuple[dict[Key, Asked], dict[Key, Asked]]
    ) -> Comparison:
        near, far, lie = self.near.facts, self.far.facts, self.lie
        both = self._shared()
        forged: list[Forged] = []
        changed: list[Change] = []
        pairs = [self._pair(entry, forged, changed) for entry in tied_pairs]
        pairs += rewritten_pairs(near, far, pairs, both)
        rest = leftovers(near, far, pairs, both)
        forged += answered_between(rest.vanished)
        lookups_between, false_answers = lookups(*asked, both, not far.capture.dropped)
        return Comparison(
            near_file=near.capture.files[0],
            far_file=far.capture.files[0],
            clock=lie.clock,
            same_point=lie.same_point,
            hops=lie.hops,
            pairs=tuple(sorted(pairs, key=lambda p: p.near)),
            vanished=tuple(c.stream for c in rest.vanished),
            near_only=rest.near_only,
            far_only=rest.far_only,
            forged=(*forged, *false_answers),
            changes=tuple(changed[:MAX_CHANGES]),
            dns=lookups_between,
            far_connections={p.near: far.connections[p.far] for p in pairs},
            overlap=both.near,
        )

    def _pair(self, entry: Tied, forged: list[Forged], changed: list[Change]) -> Pair:
        """One connection; what was forged or changed in it is added to the lists."""
        out, back = legs(self.near, self.far, entry)
        (outwards, made), (inwards, made_back) = transit(out, self.lie), transit(back, self.lie)
        forged += [*made, *made_back]
        if len(changed) < MAX_CHANGES and entry.tie is not Tie.TERMINATED:
            a = self.near.facts.connections[entry.match.one]
            b = self.far.facts.connections[entry.match.other]
            changed += changes(self.near.capture, self.far.capture, a, b)
            changed += [*rewritten(out), *rewritten(back)]
        return Pair(entry.match.one, entry.match.other, entry.tie, outwards, inwards)

    def _shared(self) -> Shared:
        near, far = self.near, self.far
        zeros = [int(v.facts.capture.zero_ns or 0) for v in (near, far)]
        apart_ns = round(self.lie.clock.offset_s * 1e9)
        first = max(near.first_ns, far.first_ns - apart_ns)
        last = min(near.last_ns, far.last_ns - apart_ns)
        later_s = (apart_ns + zeros[0] - zeros[1]) / 1e9
        span = (first - zeros[0]) / 1e9, (last - zeros[0]) / 1e9
        slack_s = self.lie.slack_ns / 1e9
        return Shared(span, (span[0] + later_s, span[1] + later_s), later_s, slack_s)
