"""Decide the fate of each frame on one direction of a wire: a pure function of seed and time."""

from __future__ import annotations

import random

from tests.lab.frames import Flow, Segment, parse
from tests.lab.model import Impair

#: How often the wandering delay chooses a new value; a loaded radio link does so at this pace.
_JITTER_EPOCH_S = 0.02
_DUPLICATE_GAP_S = 0.0003


class Impairment:
    """The state of one direction: its random numbers, its queue, its flows."""

    def __init__(self, impair: Impair, seed: str) -> None:
        self._impair = impair
        self._rng = random.Random(seed)
        self._free_at = 0.0
        self._last_out = 0.0
        self._epoch = -1
        self._extra_s = 0.0
        self._tokens = impair.burst_kb * 1000
        self._filled_at = 0.0
        self._passed: dict[Flow, int] = {}
        self._blocked: set[Flow] = set()
        self._carried = 0
        self._down_at: float | None = None
        words = (impair.block_sni.encode(), bytes.fromhex(impair.block_bytes))
        self._forbidden = tuple(word for word in words if word)

    def judge(self, frame: bytes, now: float) -> tuple[str, tuple[float, ...]]:
        """Return what becomes of a frame and the moments at which copies of it come out."""
        dropped = self._drop(frame, now)
        if dropped:
            return dropped, ()
        moment = self._queue(len(frame), now)
        if moment is None:
            return "dropped:queue", ()
        moment += self._delay(now)
        impair = self._impair
        if impair.reorder and self._rng.random() < impair.reorder:
            return "reordered", (moment + impair.reorder_ms / 1e3,)
        # A queue keeps its order; only `reorder` lets frames overtake.
        moment = self._last_out = max(moment, self._last_out)
        if impair.duplicate and self._rng.random() < impair.duplicate:
            return "duplicated", (moment, moment + _DUPLICATE_GAP_S)
        return "sent", (moment,)

    def _drop(self, frame: bytes, now: float) -> str:
        impair = self._impair
        segment = parse(frame)
        if segment is None:  # ARP and neighbour discovery keep the link alive
            return ""
        if self._forbidden and self._is_blocked(segment):
            return "dropped:content"
        if impair.police_mbit and not self._conforms(len(frame), now):
            return "dropped:police"
        if not _applies(impair.only, segment):
            return ""
        if impair.outage and self._is_down(segment, now):
            return "dropped:outage"
        if impair.mtu and segment.ip_length > impair.mtu:
            return "dropped:mtu"
        if impair.silent_after_kb and self._is_silent(segment):
            return "dropped:silence"
        if impair.loss and self._rng.random() < impair.loss:
            return "dropped:loss"
        return ""

    def _is_blocked(self, segment: Segment) -> bool:
        if any(word in segment.payload for word in self._forbidden):
            self._blocked.add(segment.flow)
        return segment.flow in self._blocked

    def _is_silent(self, segment: Segment) -> bool:
        passed = self._passed.get(segment.flow, 0)
        self._passed[segment.flow] = passed + len(segment.payload)
        return passed > self._impair.silent_after_kb * 1000

    def _is_down(self, segment: Segment, now: float) -> bool:
        after_kb, for_s = self._impair.outage or (0.0, 0.0)
        self._carried += len(segment.payload)
        if self._down_at is None and self._carried > after_kb * 1000:
            self._down_at = now
        return self._down_at is not None and now - self._down_at < for_s

    def _conforms(self, size: int, now: float) -> bool:
        """Run a token bucket (RFC 2697's committed part)."""
        rate = self._impair.police_mbit * 1e6 / 8
        self._tokens += (now - self._filled_at) * rate
        self._tokens = min(self._tokens, self._impair.burst_kb * 1000)
        self._filled_at = now
        if self._tokens < size:
            return False
        self._tokens -= size
        return True

    def _queue(self, size: int, now: float) -> float | None:
        """Return when the last bit is on the line, or None where the queue is full."""
        rate = self._impair.rate_mbit * 1e6 / 8
        if not rate:
            return now
        start = max(now, self._free_at)
        if (start - now) * rate + size > self._impair.queue_kb * 1000:
            return None
        self._free_at = start + size / rate
        return self._free_at

    def _delay(self, now: float) -> float:
        if self._impair.jitter_ms:
            epoch = int(now / _JITTER_EPOCH_S)
            if epoch != self._epoch:
                self._epoch = epoch
                self._extra_s = self._rng.random() * self._impair.jitter_ms / 1e3
        return self._impair.delay_ms / 1e3 + self._extra_s


def _applies(only: str, segment: Segment) -> bool:
    """Match "udp/53", "tcp" or everything."""
    if not only:
        return True
    protocol, _, port = only.partition("/")
    if segment.protocol != protocol:
        return False
    return not port or int(port) in (segment.flow[1], segment.flow[3])
