"""Walks against a path that is played: how far they go, and when they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from captures.pathprobe.packets import ICMP, TCP
from captures.pathprobe.plan import Limits
from captures.pathprobe.seen import Seen
from captures.pathprobe.walk import Enough, Kind, Pace, Walked, walk
from captures.pathprobe.wire import Wire

CLIENT, SERVER, ROUTER = "192.0.2.10", "203.0.113.5", "198.51.100.1"
FAST = Limits(gap_s=0.0, wait_s=0.0)


class Path:
    """Routers up to `end`, where the server is; `silent` ones answer nothing."""

    def __init__(self, end: int, silent: Callable[[int], bool] = lambda ttl: False) -> None:
        self.sent = 0
        self.ttls: list[int] = []
        self._end, self._silent = end, silent
        self._listeners: list[Callable[[Seen], None]] = []
        self._answers: list[Seen] = []

    def tell(self, listener: Callable[[Seen], None]) -> None:
        self._listeners.append(listener)

    def forget(self, listener: Callable[[Seen], None]) -> None:
        self._listeners.remove(listener)

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        pass

    def send(self, ttl: int) -> int:
        self.sent += 1
        self.ttls.append(ttl)
        number = self.sent
        if not self._silent(ttl):
            about = Seen(CLIENT, SERVER, TCP, number=number)
            expired = Seen(ROUTER, CLIENT, ICMP, error="expired", about=about)
            told = expired if ttl < self._end else Seen(SERVER, CLIENT, TCP, number=number)
            self._answers.append(told)
        return number

    def deliver(self) -> None:
        for seen in self._answers:
            for listener in self._listeners:
                listener(seen)
        self._answers.clear()


class Eager(Path):
    """Answers while the prober listens."""

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        self.deliver()


def walked(path: Path, limits: Limits = FAST) -> Walked:
    wire = cast(Wire, path)
    kind = Kind(path.send, lambda seen: (seen.about or seen).number)
    return walk(wire, Pace(wire, limits), limits, kind)


def test_a_walk_ends_where_the_target_answers() -> None:
    path = Eager(4)
    found = walked(path)
    assert found.reached == 4
    # One was on its way already when the target's answer came.
    assert [path.ttls.count(ttl) for ttl in (1, 2, 3, 4, 5, 6)] == [3, 3, 3, 3, 1, 0]


def test_a_walk_passes_silent_routers() -> None:
    found = walked(Eager(9, silent=lambda ttl: 3 <= ttl <= 6))
    assert found.reached == 9


def test_a_walk_into_silence_ends() -> None:
    path = Eager(20, silent=lambda ttl: ttl > 3)
    found = walked(path)
    assert (found.reached, found.last) == (None, 3)
    assert max(path.ttls) == 3 + FAST.quiet_hops
    assert path.ttls.count(8) == 1 and path.ttls.count(5) == 3


def test_a_path_that_never_ends_ends() -> None:
    path = Eager(200)
    walked(path)
    assert max(path.ttls) == FAST.max_ttl and len(path.ttls) == FAST.rounds * FAST.max_ttl


def test_no_more_packets_than_allowed() -> None:
    path = Eager(200)
    with pytest.raises(Enough, match="limit of 10 packets"):
        walked(path, Limits(gap_s=0.0, wait_s=0.0, max_packets=10))
    assert path.sent == 10


def test_no_more_time_than_allowed() -> None:
    with pytest.raises(Enough, match="time limit"):
        walked(Eager(4), Limits(gap_s=0.0, budget_s=-1.0))


def test_a_short_quote_is_the_oldest_probes() -> None:
    found = Walked(pending={7: 1, 8: 2})
    found.answer(-1, by_target=False)
    assert (found.last, found.pending) == (1, {8: 2})


def test_answers_to_nothing_count_nothing() -> None:
    found = Walked(pending={7: 1})
    found.answer(99, by_target=True)
    assert found.reached is None and found.last == 0
