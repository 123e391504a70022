"""Walks along a path: one kind of probe with TTL 1, 2, 3 …, until the end answers or none does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field
from functools import partial

from captures.lazyclass import dataclass
from captures.pathprobe.plan import Limits
from captures.pathprobe.seen import Seen
from captures.pathprobe.wire import Wire


class Enough(Exception):
    """A limit is reached; the message names it."""


class Pace:
    """Keeps every packet of a run within the limits."""

    def __init__(self, wire: Wire, limits: Limits) -> None:
        self._wire = wire
        self._limits = limits
        self._started = time.monotonic()
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next packet may leave. Raises Enough."""
        if self.seconds > self._limits.budget_s:
            raise Enough(f"the time limit of {self._limits.budget_s:g} s")
        if self._wire.sent >= self._limits.max_packets:
            raise Enough(f"the limit of {self._limits.max_packets} packets")
        self._wire.listen(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self._limits.gap_s

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._started


@dataclass(slots=True)
class Walked:
    """How far the probes of one walk were seen to come."""

    last: int = 0
    """The highest TTL that anybody answered."""
    reached: int | None = None
    """The lowest TTL that the target answered."""
    pending: dict[int, int] = field(default_factory=dict)
    """TTL by the number of each unanswered probe."""

    def answer(self, number: int, by_target: bool) -> None:
        """Take in the first answer to a probe; a quote too short to tell is the oldest's."""
        if number < 0 and self.pending:
            number = next(iter(self.pending))
        ttl = self.pending.pop(number, None)
        if ttl is None:
            return
        self.last = max(self.last, ttl)
        if by_target:
            self.reached = min(ttl, self.reached or ttl)


@dataclass(frozen=True, slots=True)
class Kind:
    """How the probes of a walk are sent and their answers known."""

    send: Callable[[int], int]
    """Send one probe with this TTL and give its number."""
    answered: Callable[[Seen], int | None]
    """The number of the probe that a packet answers."""


def walk(wire: Wire, pace: Pace, limits: Limits, kind: Kind) -> Walked:
    """Send `limits.rounds` probes to each hop. Raises Enough."""
    walked = Walked()

    def take(seen: Seen) -> None:
        number = kind.answered(seen)
        if number is not None:
            walked.answer(number, by_target=seen.about is None or _is_end(seen))

    wire.tell(take)
    try:
        _out(wire, pace, limits, kind, walked)
        for _ in range(limits.rounds - 1):
            for ttl in range(1, (walked.reached or min(walked.last + 2, limits.max_ttl)) + 1):
                pace.wait()
                walked.pending[kind.send(ttl)] = ttl
            wire.listen(limits.wait_s, until=lambda: not walked.pending)
            walked.pending.clear()
    finally:
        wire.forget(take)
    return walked


def _is_end(seen: Seen) -> bool:
    """An unreachable of the target itself: the packet arrived."""
    return seen.about is not None and seen.source == seen.about.destination


def _heard_beyond(walked: Walked, ttl: int) -> bool:
    return walked.last > ttl


def _out(wire: Wire, pace: Pace, limits: Limits, kind: Kind, walked: Walked) -> None:
    """The first round, which finds out how far there is to go."""
    for ttl in range(1, limits.max_ttl + 1):
        if walked.reached is not None and ttl > walked.reached:
            break
        if ttl - walked.last > limits.quiet_hops:
            wire.listen(limits.wait_s, until=partial(_heard_beyond, walked, walked.last))
            if ttl - walked.last > limits.quiet_hops:
                break
        pace.wait()
        walked.pending[kind.send(ttl)] = ttl
    wire.listen(limits.wait_s, until=lambda: walked.reached is not None or not walked.pending)
    # A moment more for the nearer hops, which the end may have overtaken.
    wire.listen(0.2, until=lambda: not walked.pending)
    walked.pending.clear()
