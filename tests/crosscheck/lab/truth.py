"""What really happened in a recording, told from its two ends, its counters and its wires.

The sender's camera shows each segment as it left, in order: what it sent again is plain there. The
receiver's camera shows which copies arrived. The sender's kernel counted why it sent again.
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.crosscheck.lab.counters import CAUSES
from tests.crosscheck.lab.frames import RST, SYN, Flow, Frame, Key, frames
from tests.crosscheck.lab.recording import CAMERAS
from tests.crosscheck.spans import Span, first_missing, joined


@dataclass(frozen=True, slots=True)
class Repeat:
    """One segment that was sent again, as one camera could see it."""

    cause: str
    """"timeout", "fast" or "tail_probe" by the sender's kernel; "syn"; or "spurious": what it
    repeats arrived. "" where the counters moved for several reasons at once."""
    loss: str
    """"before_capture" | "after_capture" | "not_lost"."""


@dataclass(slots=True)
class Truth:
    """What one camera's capture must be told, by frame number."""

    repeats: dict[int, Repeat] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    """Sent again, but nothing at or above their bytes had come by: new data, for this camera."""
    overtaken: set[int] = field(default_factory=set)
    """First copies that came by after something that was sent later."""
    seen_whole: set[int] = field(default_factory=set)
    """All their bytes had come by before."""
    doubled: set[int] = field(default_factory=set)
    """The wire delivered them a second time."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """One segment as it left its sender; positions count from the flow's first."""

    frame: Frame
    start: int
    stop: int
    repeats: bool


@dataclass(frozen=True)
class Recording:
    """One directory that `record` wrote."""

    directory: Path

    @cached_property
    def seen(self) -> dict[str, list[Frame]]:
        """The segments at each camera."""
        return {name: list(frames(self.directory / f"{name}.pcap.gz")) for name in CAMERAS}

    @cached_property
    def moments(self) -> dict[str, dict[Key, float]]:
        """When each frame came by each camera."""
        return {name: {f.key: f.time_s for f in seen} for name, seen in self.seen.items()}

    @cached_property
    def fates(self) -> dict[str, dict[int, list[str]]]:
        """What each wire did with each frame, by identity."""
        found: dict[str, dict[int, list[str]]] = {}
        for file in sorted(self.directory.glob("wire-*.jsonl.gz")):
            by_mark: dict[int, list[str]] = defaultdict(list)
            for entry in _lines(file):
                by_mark[int(entry["hash"], 16)].append(entry["fate"])
            found[file.name.removesuffix(".jsonl.gz")] = by_mark
        return found

    def contradictions(self) -> int:
        """Return how many frames a wire's log and the cameras at its ends tell different fates."""
        found = 0
        for wire, near, far in (
            ("wire-gateway-firewall", "client", "middle"),
            ("wire-transit-server", "middle", "server"),
        ):
            for out, there, outwards in ((near, far, True), (far, near, False)):
                for frame in self.seen[out]:
                    if frame.from_server != outwards and not frame.key[1]:
                        fates = self.fates[wire].get(frame.key[0], ["unknown"])
                        dropped = all(fate.startswith("dropped") for fate in fates)
                        found += dropped == (frame.key in self.moments[there])
        return found

    @cached_property
    def _steps(self) -> dict[str, list[dict[str, Any]]]:
        return {n: _lines(self.directory / f"counters-{n}.jsonl.gz") for n in ("client", "server")}

    @cached_property
    def _flows(self) -> dict[Flow, list[_Sent]]:
        flows: dict[Flow, list[_Sent]] = defaultdict(list)
        reached: dict[Flow, int] = {}
        for sender in ("client", "server"):
            for frame in self.seen[sender]:
                if frame.from_server != (sender == "server") or frame.flags & RST:
                    continue
                sent = flows[frame.flow]
                first = sent[0].frame.sequence if sent else frame.sequence
                start = (frame.sequence - first + (1 << 31)) % (1 << 32) - (1 << 31)
                stop, mark = start + frame.span, reached.get(frame.flow, 0)
                again = frame.span > 0 and start < mark
                # One byte of data below the mark asks whether the peer is there.
                again &= not (frame.length == frame.span == 1 and start == mark - 1)
                again |= bool(frame.flags & SYN) and bool(sent)
                reached[frame.flow] = max(mark, stop)
                sent.append(_Sent(frame, start, stop, again))
        return flows

    def truth(self, camera: str) -> Truth:
        """Return what a camera's capture must be told."""
        found, places = Truth(), {f.key: f for f in self.seen[camera]}
        found.doubled = {f.number for f in places.values() if f.key[1]}
        for sent in self._flows.values():
            self._judge_flow(camera, sent, places, found)
        return found

    def _judge_flow(
        self, camera: str, sent: list[_Sent], places: dict[Key, Frame], found: Truth
    ) -> None:
        here = [(places[s.frame.key].number, s) for s in sent if s.frame.key in places]
        arrivals = sorted((number, s.stop) for number, s in here)
        latest = -1
        order = {s.frame.key: index for index, (_, s) in enumerate(here)}
        for number, item in sorted(here, key=lambda pair: pair[0]):
            mine = order[item.frame.key]
            if mine < latest and item.frame.span and not item.repeats:
                found.overtaken.add(number)
            latest = max(latest, mine)
        brought: list[Span] = []
        for number, item in sorted(here, key=lambda pair: pair[0]):
            if item.frame.length and first_missing(brought, item.start, item.stop) is None:
                found.seen_whole.add(number)
            brought = joined(brought, (item.start, item.stop))
        highest: list[int] = []
        for _, stop in arrivals:
            highest.append(max(stop, highest[-1] if highest else stop))
        for index, item in enumerate(sent):
            if not item.repeats or item.frame.key not in places:
                continue
            number = places[item.frame.key].number
            before = bisect_left(arrivals, (number, -1))
            if not before or highest[before - 1] <= item.start:
                found.hidden.add(number)
            else:
                found.repeats[number] = self._repeat(camera, sent[:index], item, places)

    def _repeat(
        self, camera: str, earlier: list[_Sent], item: _Sent, places: dict[Key, Frame]
    ) -> Repeat:
        sender, receiver = ("client", "server")[:: -1 if item.frame.from_server else 1]
        copies = [e for e in earlier if e.start < item.stop and item.start < e.stop]
        arrived = [(e.start, e.stop) for e in copies if e.frame.key in self.moments[receiver]]
        missing = first_missing(arrived, item.start, item.stop)
        if missing is None:
            loss = "not_lost"
        else:
            came_by = [e for e in copies if e.start <= missing < e.stop and e.frame.key in places]
            loss = "after_capture" if came_by else "before_capture"
        if item.frame.flags & SYN:
            return Repeat("syn", loss)
        return Repeat("spurious" if missing is None else self._cause(sender, item.frame), loss)

    def _cause(self, node: str, frame: Frame) -> str:
        """Return why a kernel sent a segment again: what its counters counted just then."""
        causes = {
            CAUSES[name]
            for step in self._steps[node]
            if step["since"] <= frame.time_s <= step["until"]
            for name in CAUSES
            if name in step
        }
        return causes.pop() if len(causes) == 1 else ""


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
