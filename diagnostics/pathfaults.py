"""Where TTL-limited probes that repeat a failing step show it to fail: facts in, intervals out.

A probe that is sent as far as hop t can only have met what stands at t or nearer. So the first TTL
at which a reset or a forged answer comes back bounds its sender from above, and the last one at
which none does bounds it from below: a box that acts before it looks at the TTL stands at t, one
that acts behind, or on the cable, between t - 1 and t. What is swallowed got as far as the last
router that reported it expired, and not to the first one that reports other probes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from analyzers.facts import Facts, PathProbe, ProbeEnding, ProbeStep
from captures.lazyclass import dataclass
from diagnostics.localize import distance_of_ttl
from diagnostics.verdict import Distance

MIN_COPIES = 2
"""One probe may get lost, and one report of a router too; two of each in a row are no chance."""
LARGE = 1200
"""Bytes. Hellos without a post-quantum key share stay below, those with one do not."""
ENDS_IT = (ProbeEnding.RESET, ProbeEnding.CLOSED)


class How(StrEnum):
    """What becomes of the step."""

    RESET = "reset"
    CLOSED = "closed"
    FORGED = "answered"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class PathFault:
    """One step that fails on the way to one destination."""

    step: ProbeStep
    destination: str
    port: int | None
    name: str | None
    large: bool
    how: How
    low: int
    """The furthest hop that is known to be in front of the fault, or to be it."""
    high: int | None
    """The nearest hop that is known to be behind it, or to be it; None: not known."""
    frames: tuple[int, ...]
    text: str

    @property
    def distance(self) -> Distance | None:
        """Both ends, where both are known."""
        return None if self.high is None else (self.low, self.high)


Key = tuple[str, int | None, ProbeStep, str | None, bool]


def path_faults(facts: Facts) -> list[PathFault]:
    """One for each kind of probe that does not get to its end."""
    walks: dict[Key, list[PathProbe]] = defaultdict(list)
    for probe in facts.probes:
        large = probe.step is ProbeStep.HELLO and probe.size > LARGE
        walks[probe.destination, probe.port, probe.step, probe.name, large].append(probe)
    return [fault for key, walk in walks.items() for fault in _faults(key, walk, walks)]


def _faults(
    key: Key, walk: Sequence[PathProbe], walks: dict[Key, list[PathProbe]]
) -> Iterator[PathFault]:
    destination, _, step, _, _ = key
    others = [
        p for k, w in walks.items() if k != key and k[0] == destination for p in w if _heard(p)
    ]
    if step is ProbeStep.QUERY:
        fault = _forged(key, walk, others)
    else:
        fault = _ended(key, [p for p in walk if p.ending in ENDS_IT], walk, How.RESET)
    if fault is None and not any(p.ending for p in walk):
        fault = _swallowed(key, walk, others)
    if fault is not None:
        yield fault


def _heard(probe: PathProbe) -> bool:
    return probe.expired_at is not None or probe.ending is not None


def _forged(key: Key, walk: Sequence[PathProbe], others: Iterable[PathProbe]) -> PathFault | None:
    """Answers to questions that cannot have come as far as the resolver: a router that reports a
    question expired stands before it."""
    asked = [*walk, *(p for p in others if p.step is ProbeStep.QUERY)]
    before = max((p.ttl for p in asked if p.expired_at), default=0)
    early = [p for p in walk if p.ending is ProbeEnding.ANSWERED and p.ttl <= before]
    return _ended(key, early, walk, How.FORGED)


def _ended(
    key: Key, ended: Sequence[PathProbe], walk: Sequence[PathProbe], how: How
) -> PathFault | None:
    """From the first TTL at which somebody ends it; nearer probes must have met nothing."""
    if not ended:
        return None
    first = min(ended, key=lambda p: p.ttl)
    nearer = [p for p in walk if p.ttl < first.ttl]
    low = max((p.ttl for p in nearer), default=0)
    if first.ending is ProbeEnding.CLOSED:
        how = How.CLOSED
    sender = None if first.ending_ttl is None else distance_of_ttl(first.ending_ttl)
    text = f"with TTL {first.ttl} {_named(key)} meets: {how}"
    if low:
        passed = sum(p.copies for p in nearer if p.ttl == low)
        text += f"; with TTL {low}, sent {passed} times, nothing but the router's report"
    if sender is not None:
        text += f"; it comes with IP TTL {first.ending_ttl} (a sender at distance {sender})"
    high = first.ttl
    if sender is not None and low <= sender <= high:
        low = high = max(sender, 1)
    shown = [p for p in walk if p.ttl in (first.ttl, first.ttl - 1)]
    return _fault(key, how, low, high, _frames(shown), text)


def _swallowed(
    key: Key, walk: Sequence[PathProbe], others: Sequence[PathProbe]
) -> PathFault | None:
    """Beyond the last router that reports it, where one further on reports other probes."""
    low = max((p.ttl for p in walk if p.expired_at), default=0)
    silent = [p for p in walk if p.ttl > low]
    if not silent:
        return None
    sent: dict[int, int] = defaultdict(int)
    for probe in silent:
        sent[probe.ttl] += probe.copies
    answering = [p.ttl for p in others if sent.get(p.ttl, 0) >= MIN_COPIES]
    high = min(answering, default=None)
    text = f"{_named(key)} is last reported expired at hop {low}, and no more by any further hop"
    if high is not None:
        text += f", although hop {high} answers other probes"
    shown = [p for p in walk if p.ttl in (low, low + 1, high)]
    shown += [p for p in others if p.ttl == high][:1]
    return _fault(key, How.SILENCE, low, high, _frames(shown), text)


def _fault(
    key: Key, how: How, low: int, high: int | None, frames: tuple[int, ...], text: str
) -> PathFault:
    destination, port, step, name, large = key
    return PathFault(step, destination, port, name, large, how, low, high, frames, text)


def _named(key: Key) -> str:
    _, _, step, name, large = key
    if step is ProbeStep.HELLO:
        return f"the {'large ' if large else ''}ClientHello for {name}"
    if step is ProbeStep.QUERY:
        return f"the query for {name}"
    return {ProbeStep.SYN: "a SYN", ProbeStep.ECHO: "an echo request"}.get(step, "a datagram")


def _frames(probes: Iterable[PathProbe]) -> tuple[int, ...]:
    return tuple(sorted({frame for probe in probes for frame in probe.frames}))
