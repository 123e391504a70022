"""One download over a path that loses segments, as a capture at the client shows it.

A model, not a TCP: windows of segments that grow by one and are halved by loss, receivers that
answer every hole with repeated ACKs and SACK blocks, senders that fill it a round trip later, or
after their timer when nothing behind the loss told of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from captures.packets import ACK, FIN, PSH, SYN

CLIENT, SERVER = 0, 1

SEGMENT = 1448
"""Payload of a full segment with timestamps over Ethernet."""
SPACING_US = 120
"""Between segments of one window: 100 Mbit/s."""
TIMER_US = 230_000
"""Linux' smallest retransmission timer, and some of the round trip."""
LARGEST_WINDOW = 128
"""Segments under way at most."""
_NEEDLESS = 0.2
"""Segments sent again although they arrived, for each that is lost."""

Range = tuple[int, int]


class Segment(NamedTuple):
    """One packet: positions count from the first byte of a stream, SYN and FIN apart."""

    time_us: int
    sender: int
    flags: int
    start: int
    length: int
    acknowledges: int
    sack: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is said in a download, and over which path."""

    start_us: int
    round_trip_us: int
    loss: float
    hello: int
    """Bytes of the ClientHello …"""
    flight: int
    """… of what the server answers …"""
    request: int
    """… of the client's Finished and its request …"""
    body: int
    """… and of all that the server sends then."""


def segments(plan: Plan, random: Random) -> Iterator[Segment]:
    """Yield the packets of one download in order of time."""
    now, wait = plan.start_us, plan.round_trip_us
    yield Segment(now, CLIENT, SYN, 0, 0, 0)
    now += wait
    yield Segment(now, SERVER, SYN | ACK, 0, 0, 0)
    yield Segment(now + 30, CLIENT, ACK, 0, 0, 0)
    sent, got = 0, 0
    for ask, answer in ((plan.hello, plan.flight), (plan.request, 0)):
        yield from _burst(now + 100, CLIENT, sent, ask, got)
        sent += ask
        now += wait
        yield Segment(now, SERVER, ACK, got, 0, sent)
        yield from _burst(now + 400, SERVER, got, answer, sent)
        got += answer
        if answer:
            now += 2000
            yield Segment(now, CLIENT, ACK, sent, 0, got)
    receiver = _Receiver(random, got, sent)
    yield from _body(now + wait // 2, plan, random, receiver)
    now, got = receiver.now, receiver.reached
    yield Segment(now + 500, CLIENT, FIN | ACK, sent, 0, got)
    yield Segment(now + 500 + wait, SERVER, FIN | ACK, got, 0, sent + 1)
    yield Segment(now + 530 + wait, CLIENT, ACK, sent + 1, 0, got + 1)


def _burst(now: int, sender: int, start: int, length: int, heard: int) -> Iterator[Segment]:
    """Some bytes in as many segments as they take."""
    for at in range(start, start + length, SEGMENT):
        size = min(SEGMENT, start + length - at)
        last = PSH if at + size == start + length else 0
        yield Segment(now, sender, ACK | last, at, size, heard)
        now += SPACING_US


def _body(now: int, plan: Plan, random: Random, receiver: _Receiver) -> Iterator[Segment]:
    """The server's data in windows, each a round trip after the one before."""
    at, end = receiver.reached, receiver.reached + plan.body
    window, slow_start = 10, True
    again: list[int] = []
    while at < end or again:
        begun = now
        due = again + list(range(at, end, SEGMENT)[: max(1, window - len(again))])
        at = min(end, max(at, due[-1] + SEGMENT))
        again = []
        behind = 0
        for start in due:
            now += SPACING_US
            if random.random() < plan.loss:
                again.append(start)
                behind = 0
                continue
            if random.random() < plan.loss * _NEEDLESS:
                again.append(start)
            behind += 1
            yield from receiver.take(now, start, min(SEGMENT, end - start))
        window = _next_window(window, slow_start, bool(again))
        slow_start &= not again
        told = not again or behind >= 3
        now = max(now, begun + plan.round_trip_us if told else now + TIMER_US)
    receiver.now = now


def _next_window(window: int, slow_start: bool, lost: bool) -> int:
    """RFC 5681: doubled, then one more each round trip, and half after a loss."""
    if lost:
        return max(4, window // 2)
    return min(LARGEST_WINDOW, window * 2 if slow_start else window + 1)


class _Receiver:
    """The client: what it has, and when it says so."""

    def __init__(self, random: Random, reached: int, sent: int) -> None:
        self.now = 0
        self.reached = reached
        self._random = random
        self._sent = sent
        self._above: list[Range] = []
        """What arrived behind holes, the latest first."""
        self._silent = 0
        """Segments since the last ACK."""

    def take(self, now: int, start: int, length: int) -> Iterator[Segment]:
        """A segment arrives; perhaps an ACK leaves."""
        yield Segment(now, SERVER, ACK, start, length, self._sent)
        urgent = bool(self._above) or start != self.reached
        # RFC 2883: what came twice is reported first.
        twice = [(start, start + length)] if start + length <= self.reached else []
        self._keep(start, start + length)
        self._silent += 1
        # What comes in one interrupt is acknowledged by one ACK (Linux: GRO).
        if urgent or self._silent >= self._random.choice((2, 4, 6, 8)):
            self._silent = 0
            blocks = (*twice, *self._above)[:3]
            yield Segment(now + 20, CLIENT, ACK, self._sent, 0, self.reached, blocks)

    def _keep(self, start: int, stop: int) -> None:
        if start > self.reached:
            joined = [r for r in self._above if r[1] >= start and r[0] <= stop]
            low = min([start, *(r[0] for r in joined)])
            high = max([stop, *(r[1] for r in joined)])
            self._above = [(low, high), *(r for r in self._above if r not in joined)]
            return
        self.reached = max(self.reached, stop)
        for low, high in sorted(self._above):
            if low <= self.reached:
                self.reached = max(self.reached, high)
                self._above.remove((low, high))
