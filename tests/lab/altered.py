"""Judge recordings after what people do to them: cut short, begun late, thinned out, converted.

A capture that shows less may be told less; it must never be told something false.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.aftermath import alter
from tests.lab.expectation import Expected
from tests.lab.grades import Grade, grade

CAPTURE, SESSION = "capture.pcapng", "session"
ALTERATIONS = {
    "as recorded": "",
    "pcap": "pcap",
    "snaplen 128": "snaplen:128",
    "snaplen 96": "snaplen:96",
    "2 % lost, 1": "lose:0.02:1",
    "2 % lost, 2": "lose:0.02:2",
    "2 % lost, 3": "lose:0.02:3",
    "last 70 %": "last:0.7",
    "last 40 %": "last:0.4",
    "first 60 %": "first:0.6",
    "first 85 %": "first:0.85",
    "no ICMP": "without:icmp or icmpv6 or arp",
}
"""What is done, by its name in the table; the three losses draw different packets."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict on one altered recording."""

    recording: Path
    alteration: str
    with_session: bool
    expected: Expected
    verdict: dict[str, Any]
    """Empty when badhop crashed; `error` says how."""
    grade: Grade
    error: str = ""

    @property
    def confidence(self) -> float | None:
        """Of the root cause; None without one."""
        root = self.verdict.get("root_cause")
        return None if root is None else float(root["confidence"])

    def line(self) -> str:
        """Return the judgement as one line for people."""
        root = self.verdict.get("root_cause") or {}
        hop = root.get("hop") or {}
        got = f"{self.verdict.get('outcome')} {root.get('cause', '-')} {hop.get('role', '-')} "
        got += f"{hop.get('distance', '-')} {root.get('confidence', '')}"
        session = "with its session" if self.with_session else "bare"
        want = self.expected
        told = f"{want.outcome} {want.cause or '-'} {want.role or '-'} {want.distance or '-'}"
        place = f"{self.recording.parent.name}/{self.recording.name}"
        return f"{self.grade} {place} ({self.alteration}, {session}): {self.error or got} <- {told}"


def judge_all(
    recordings: Iterable[Path], alterations: Iterable[str], processes: int
) -> Iterator[Judgement]:
    """Judge each recording (a directory of `record`) after each alteration, by name."""
    chosen = list(alterations)
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(_judged, recordings, _repeat(chosen)):
            yield from found


def recordings_below(directories: Iterable[Path]) -> list[Path]:
    """Return the recordings in these directories (of `record --output`), or they themselves."""
    found = []
    for directory in directories:
        own = [directory, *sorted(directory.iterdir())]
        found += [d for d in own if (d / "expected.json").exists() and (d / CAPTURE).exists()]
    return found


def _repeat(value: list[str]) -> Iterator[list[str]]:
    while True:
        yield value


def _judged(recording: Path, alterations: list[str]) -> list[Judgement]:
    truth = json.loads((recording / "expected.json").read_text())
    bare, told = _expected(truth["without_session"]), _expected(truth["expected"])
    found = []
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        for name in alterations:
            _alter(name, recording / CAPTURE, work / CAPTURE)
            found.append(_judgement(recording, name, work / CAPTURE, bare, with_session=False))
            if (recording / SESSION).is_dir():
                shutil.copytree(recording / SESSION, work / SESSION)
                _alter(name, recording / SESSION / CAPTURE, work / SESSION / CAPTURE)
                found.append(_judgement(recording, name, work / SESSION, told, with_session=True))
                shutil.rmtree(work / SESSION)
    return found


def _alter(name: str, source: Path, target: Path) -> None:
    if ALTERATIONS[name]:
        alter(ALTERATIONS[name], source, target)
    else:
        shutil.copy(source, target)


def _judgement(
    recording: Path, name: str, capture: Path, expected: Expected, *, with_session: bool
) -> Judgement:
    # Loaded here: whoever lists scenarios needs no badhop.
    from diagnostics.engine import diagnose
    from diagnostics.report.json import render
    from diagnostics.source import facts_of

    try:
        verdict = json.loads(render(diagnose(facts_of(str(capture)))))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return Judgement(recording, name, with_session, expected, {}, Grade.WRONG, said)
    return Judgement(recording, name, with_session, expected, verdict, grade(expected, verdict))


def _expected(truth: dict[str, Any]) -> Expected:
    """Read what `record` wrote."""
    return Expected(
        outcome=_words(truth["outcome"]),
        cause=_words(truth["cause"]),
        role=None if truth["role"] is None else _words(truth["role"]),
        distance=None if truth["distance"] is None else tuple(truth["distance"]),
        vague=truth.get("vague", False),
    )


def _words(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)
