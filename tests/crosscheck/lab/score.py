"""Badhop's facts of a recording beside the truth, summed over cameras and recordings."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from analyzers.facts import Connection, Half, RttSamples
from analyzers.tcp import connections
from captures import files
from tests.crosscheck.lab.frames import SERVER_PORTS, Frame
from tests.crosscheck.lab.recording import CAMERAS
from tests.crosscheck.lab.truth import Recording, Truth

CAUSES = ("syn", "timeout", "fast", "tail_probe", "spurious")
#: The goal for a round trip: within so many seconds, or this share of it.
CLOSE_S, CLOSE_SHARE = 0.001, 0.02
#: Shorter ones are within one machine.
_PATH_S = 0.001


@dataclass(slots=True)
class Score:
    """Sums over cameras."""

    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(truth, badhop); "-" where one of them sees no repeat at all."""
    losses: Counter[tuple[str, str]] = field(default_factory=Counter)
    unclear: int = 0
    """Repeats whose cause the counters leave open."""
    hidden: int = 0
    hidden_found: int = 0
    overtaken: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    """(in truth, for badhop)."""
    doubled: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    repeats_out_of_order: int = 0
    """Segments whose bytes had all come by, but which badhop calls out of order."""
    handshakes: list[tuple[float, float]] = field(default_factory=list)
    """(truth, badhop), seconds."""
    medians: list[tuple[float, float]] = field(default_factory=list)
    minima: list[tuple[float, float]] = field(default_factory=list)
    contradictions: int = 0
    """Frames whose fate a wire's log tells otherwise than the cameras."""
    strays: int = 0
    """Samples between frames that did not answer each other."""

    def f1(self, cause: str) -> float:
        """Return the harmonic mean of precision and recall of one cause."""
        right = self.causes[cause, cause]
        wrong = sum(n for pair, n in self.causes.items() if cause in pair) - right
        return 2 * right / (2 * right + wrong) if right + wrong else 1.0

    @property
    def macro_f1(self) -> float:
        """The mean over the causes."""
        return statistics.fmean(self.f1(cause) for cause in CAUSES)

    @property
    def losses_right(self) -> float:
        """Share of losses on the right side of the capture."""
        return sum(n for (a, b), n in self.losses.items() if a == b) / self.losses.total()


def close(pair: tuple[float, float]) -> bool:
    """Tell whether a round trip is as right as it has to be."""
    true, ours = pair
    return abs(true - ours) <= max(CLOSE_S, CLOSE_SHARE * true)


def score(directories: list[Path]) -> Score:
    """Compare each camera of each recording with the truth."""
    total = Score()
    for directory in directories:
        recording = Recording(directory)
        total.contradictions += recording.contradictions()
        for camera in CAMERAS:
            with files.open(directory / f"{camera}.pcap.gz") as capture:
                found = connections(capture)
                start_s = int(capture.table.time_ns[0]) / 1e9
            _add(total, recording.truth(camera), found)
            _add_round_trips(total, recording, camera, start_s, found)
    return total


def _add(total: Score, truth: Truth, found: tuple[Connection, ...]) -> None:
    halves = [half for c in found for half in (c.client, c.server)]
    ours = {r.frame: r for half in halves for r in half.retransmissions}
    total.hidden += len(truth.hidden)
    total.hidden_found += len(truth.hidden & set(ours))
    for frame in (truth.repeats.keys() | ours.keys()) - truth.hidden:
        true, mine = truth.repeats.get(frame), ours.get(frame)
        if true is not None and not true.cause:
            total.unclear += 1
        else:
            total.causes[true.cause if true else "-", mine.kind.value if mine else "-"] += 1
        if true is not None and mine is not None:
            total.losses[true.loss, mine.loss.value] += 1
    late = {f for half in halves for f in (*half.out_of_order_frames, *half.late_original_frames)}
    for frame in truth.overtaken | late:
        total.overtaken[frame in truth.overtaken, frame in late] += 1
    copies = {frame for c in found for frame in c.duplicate_frames}
    for frame in truth.doubled | copies:
        total.doubled[frame in truth.doubled, frame in copies] += 1
    out_of_order = {f for half in halves for f in half.out_of_order_frames}
    total.repeats_out_of_order += len(out_of_order & truth.seen_whole)


def _add_round_trips(
    total: Score, recording: Recording, camera: str, start_s: float, found: tuple[Connection, ...]
) -> None:
    view = _View(recording, camera, start_s)
    for c in found:
        if c.handshake_rtt_s is not None and c.syn_frame and c.syn_ack_frame:
            syn, answer = view.numbered[c.syn_frame], view.numbered[c.syn_ack_frame]
            if (true_s := view.between(syn, answer)) is not None and true_s > _PATH_S:
                total.handshakes.append((true_s, c.handshake_rtt_s))
        for samples, asker in ((c.rtt, c.client), (c.client_rtt, c.server)):
            _add_samples(total, view, samples, asker)


def _add_samples(total: Score, view: _View, samples: RttSamples, asker: Half) -> None:
    pairs = []
    for time_s, rtt_s in zip(samples.time_s.tolist(), samples.rtt_s.tolist(), strict=True):
        sent, answer = view.at(asker, time_s - rtt_s, True), view.at(asker, time_s, False)
        true_s = view.between(sent, answer) if sent and answer else None
        if true_s is None:
            total.strays += 1
        else:
            pairs.append((true_s, rtt_s))
    if pairs and min(pairs)[0] > _PATH_S:
        true, ours = zip(*pairs, strict=True)
        total.medians.append((statistics.median(true), statistics.median(ours)))
        total.minima.append((min(true), min(ours)))


class _View:
    """One camera's frames, found by the moments that samples name."""

    def __init__(self, recording: Recording, camera: str, start_s: float) -> None:
        self._recording, self._start_s = recording, start_s
        self._here = recording.moments[camera]
        self.numbered = {frame.number: frame for frame in recording.seen[camera]}
        self._found: dict[tuple[int, bool, int], Frame] = {}
        for frame in recording.seen[camera]:
            port = frame.flow[3] if frame.from_server else frame.flow[1]
            key = (port, frame.from_server, round((frame.time_s - start_s) * 1e6))
            self._found.setdefault(key, frame)

    def at(self, asker: Half, time_s: float, sent_by_it: bool) -> Frame | None:
        """Return the frame of a connection at a moment, sent by `asker` or by its peer."""
        from_server = (asker.port in SERVER_PORTS) == sent_by_it
        ports = {asker.port} - set(SERVER_PORTS)
        for port, _, _ in () if ports else self._found:
            ports.add(port)
        moment = round(time_s * 1e6)
        for port in ports:
            for near in (moment, moment - 1, moment + 1):
                if frame := self._found.get((port, from_server, near)):
                    return frame
        return None

    def between(self, sent: Frame, answer: Frame) -> float | None:
        """Return what the path took of a round trip: without the time at its far end."""
        far = self._recording.moments["client" if sent.from_server else "server"]
        if sent.key not in far or answer.key not in far:
            return None
        here_s = self._here[answer.key] - self._here[sent.key]
        return here_s - (far[answer.key] - far[sent.key])
