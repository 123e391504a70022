"""Scenarios recorded at two points at once, and what must be said about the segment between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.bench import SETTLE_S, Bench, bench
from tests.lab.expectation import Expected, compare
from tests.lab.model import Scenario
from tests.lab.sampling import MAX_BYTES, TooLarge, bare_capture, name_of, truth
from tests.lab.topology import interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One interface of one node, and how its recording is made."""

    node: str
    peer: str
    snaplen: int = 0
    #: "pcap" or "pcapng".
    container: str = "pcapng"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScenario:
    """A scenario, its two cameras, and the truth about what lies between them."""

    scenario: Scenario
    near: Point
    far: Point
    expect: Expected
    #: Where the root cause is: "between", "before", "beyond" or None.
    where: str | None
    #: Routers between the points.
    hops: int | None
    #: What must be listed as changed ("mss", …), and forged ("reset", …), no more and no less.
    changed: frozenset[str] = frozenset()
    forged: frozenset[str] = frozenset()
    #: How connections are tied.
    ties: frozenset[str] = frozenset(("same",))

    @property
    def name(self) -> str:
        """Return the scenario's name."""
        return self.scenario.name


def record_pair(pair: PairScenario, seed: int, directory: Path) -> tuple[Path, Path]:
    """Record one run at both points; return the near and the far capture."""
    directory.mkdir(parents=True, exist_ok=True)
    with bench(pair.scenario, seed) as stand:
        recorders = [
            _start(stand, point, directory, name)
            for point, name in ((pair.near, "near"), (pair.far, "far"))
        ]
        time.sleep(SETTLE_S)
        stand.execute(*stand.command)
        time.sleep(SETTLE_S)
        for process, _ in recorders:
            process.send_signal(signal.SIGINT)
        for process, _ in recorders:
            process.wait(10)
    return recorders[0][1], recorders[1][1]


def _start(
    stand: Bench, point: Point, directory: Path, name: str
) -> tuple[subprocess.Popen[bytes], Path]:
    file = directory / f"{name}.{point.container}"
    words = ["dumpcap", "-q", "-i", interface(point.node, point.peer), "-w", str(file)]
    words += ["-P"] if point.container == "pcap" else []
    words += ["-s", str(point.snaplen)] if point.snaplen else []
    process = stand.run.spawn(point.node, *words, log=f"dumpcap-{name}")
    stand.run.wait_for_line(f"dumpcap-{name}", "File: ")
    return process, file


def ask(one: Path, other: Path) -> tuple[int, dict[str, Any]]:
    """Let badhop compare two captures; return its exit status and verdict."""
    badhop = Path(sys.executable).with_name("badhop")
    done = subprocess.run(
        (badhop, "compare", str(one), str(other), "--json"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    try:
        verdict: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        verdict = {"outcome": f"status {done.returncode}: {done.stderr}"}
    return done.returncode, verdict


def mismatches(pair: PairScenario, verdict: Mapping[str, Any]) -> list[str]:
    """Name every way in which a verdict about both captures is not the truth."""
    found = compare(pair.expect, verdict)
    between = verdict.get("comparison") or {}
    seen = {
        "where": between.get("root_cause_is"),
        "hops": between.get("hops"),
        "changed": frozenset(c["what"] for c in between.get("changes", ())),
        "forged": frozenset(f["kind"] for f in between.get("forged", ())),
        "ties": frozenset(p["tie"] for p in between.get("pairs", ())),
    }
    wanted = {
        "where": pair.where,
        "hops": pair.hops,
        "changed": pair.changed,
        "forged": pair.forged,
        "ties": pair.ties,
    }
    return found + [
        f"{what}: expected {wanted[what]}, got {seen[what]}"
        for what in wanted
        if wanted[what] != seen[what]
    ]


def make_pair_sample(pair: PairScenario, seed: int, samples: Path) -> Path:
    """Record one pair into its directory below `samples`; return that directory.

    Raises TooLarge, and leaves nothing, when a capture is larger than a sample may be.
    """
    with tempfile.TemporaryDirectory() as recorded:
        captures = [bare_capture(path) for path in record_pair(pair, seed, Path(recorded))]
    if max(map(len, captures)) > MAX_BYTES:
        raise TooLarge(f"{pair.name}: {max(map(len, captures))} bytes")
    directory = samples / name_of(pair.scenario)
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in zip(("capture", "far"), captures, strict=True):
        (directory / f"{name}.pcapng").write_bytes(data)
    known = truth(pair.scenario, pair.expect) | {"where": pair.where}
    (directory / "expected.json").write_text(json.dumps(known, indent=2) + "\n")
    return directory
