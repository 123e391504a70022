"""Run scenarios side by side: record them, or let badhop judge them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.lab import netns
from tests.lab.bench import Bench, bench, record, start_background
from tests.lab.expectation import compare, triggered
from tests.lab.model import Scenario
from tests.lab.toolchain import VARIABLE, find

#: Most of the time is waiting for time-outs, so two cores carry several runs.
PARALLEL = 6


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one scenario with one seed."""

    scenario: Scenario
    seed: int
    seconds: float
    mismatches: list[str]
    verdict: dict[str, Any] = field(default_factory=dict)
    #: The verdict of the packets alone; the same where there is no session.
    bare: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    #: The exit status of the command, and how long it took.
    status: int | None = None
    took_s: float = 0.0
    #: Why the scenario cannot run on this machine.
    skipped: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing differs from what was expected."""
        return not self.mismatches

    def line(self) -> str:
        """Return the result as one line for people."""
        root = self.verdict.get("root_cause") or {}
        hop = root.get("hop") or {}
        got = f"{self.verdict.get('outcome')} {root.get('cause', '-')} {hop.get('role', '-')} "
        got += f"{hop.get('distance', '-')}"
        if self.skipped:
            return f"SKIP {self.scenario.name}: {self.skipped}"
        state = "PASS" if self.passed else "FAIL"
        text = f"{state} {self.scenario.name} seed {self.seed} ({self.seconds:.1f} s): {got}"
        return text if self.passed else f"{text} <- {'; '.join(self.mismatches)}"


Job = Callable[[Scenario, int], Result]


def judge(scenario: Scenario, seed: int, keep: bool = False) -> Result:
    """Let badhop record and diagnose the scenario; compare both verdicts with the truth."""
    if not scenario.has_session:
        return _judge_recording(scenario, seed)
    started = time.monotonic()
    with bench(scenario, seed, keep) as stand:
        session = stand.run.directory / "session"
        start_background(stand)
        badhop = Path(sys.executable).with_name("badhop")
        status, output = stand.execute(
            str(badhop), "capture", "-o", str(session), "--", *stand.command
        )
        verdict = _diagnose(badhop, session)
        bare = _diagnose(badhop, session / "capture.pcapng")
        took_s = _took_s(session)
    mismatches = compare(scenario.expect, verdict) + triggered(scenario.resembles, verdict)
    alone = compare(scenario.without_session(), bare) + triggered(scenario.resembles, bare)
    mismatches += [f"without session: {mismatch}" for mismatch in alone]
    seconds = time.monotonic() - started
    return Result(
        scenario, seed, seconds, mismatches, verdict, bare, output, status=status, took_s=took_s
    )


def _judge_recording(scenario: Scenario, seed: int) -> Result:
    """Judge a recording that badhop did not make."""
    with tempfile.TemporaryDirectory() as directory:
        result = save(scenario, seed, Path(directory))
        badhop = Path(sys.executable).with_name("badhop")
        verdict = _diagnose(badhop, Path(directory) / "capture.pcapng")
    mismatches = compare(scenario.without_session(), verdict)
    mismatches += triggered(scenario.resembles, verdict)
    return replace(result, mismatches=result.mismatches + mismatches, verdict=verdict, bare=verdict)


def save(scenario: Scenario, seed: int, directory: Path) -> Result:
    """Record the scenario without badhop: capture, output and what a diagnosis must say."""
    started = time.monotonic()
    directory.mkdir(parents=True, exist_ok=True)
    with bench(scenario, seed) as stand:
        status, output = record(stand, directory / "capture.pcapng")
        (directory / "output.txt").write_text(output)
        truth = _truth(stand, status)
        (directory / "expected.json").write_text(json.dumps(truth, indent=2) + "\n")
        stand.run.close_processes()  # a wire writes the end of its log when it ends
        for wire in stand.run.directory.glob("wire-*.jsonl"):
            (directory / wire.name).write_bytes(wire.read_bytes())
    seconds = time.monotonic() - started
    wrong = _failure(scenario, status)
    return Result(scenario, seed, seconds, wrong, output=output, status=status)


def run_all(
    wanted: Iterable[tuple[Scenario, int]], job: Job, parallel: int = PARALLEL
) -> Iterator[Result]:
    """Run scenarios with their seeds, the longest first, those with delicate timing at the end.

    What is wrong is run once more, alone: several runs on two cores disturb each other's timing,
    and that says nothing about badhop. Its second result counts.
    """
    again: list[tuple[Scenario, int]] = []
    pairs = sorted(wanted, key=lambda pair: -pair[0].seconds)
    together = [pair for pair in pairs if not pair[0].exclusive]
    alone = [pair for pair in pairs if pair[0].exclusive]
    stop = threading.Event()
    for group, width in ((together, parallel), (alone, 2)):
        with ThreadPoolExecutor(max_workers=width) as pool:
            try:
                futures = [pool.submit(_guarded, job, *pair, stop) for pair in group]
                for future in as_completed(futures):
                    result = future.result()
                    if result.passed:
                        yield result
                    else:
                        again.append((result.scenario, result.seed))
            except BaseException:
                stop.set()
                netns.abort()
                raise
    yield from (_guarded(job, *pair, stop) for pair in again)


def _failure(scenario: Scenario, status: int) -> list[str]:
    """Check that the fault works: what must fail fails, everything else arrives."""
    if (scenario.expect.outcome == "failed") == (status != 0):
        return []
    return [f"lab: expected {scenario.expect.outcome}, the command's status is {status}"]


def _guarded(job: Job, scenario: Scenario, seed: int, stop: threading.Event) -> Result:
    """Turn what goes wrong in one run into its result, so that the others go on."""
    if stop.is_set():
        return Result(scenario, seed, 0.0, ["not run: stopped"])
    if find(scenario.go) is None:
        reason = f"no go {scenario.go}: name one in {VARIABLE}"
        return Result(scenario, seed, 0.0, [], skipped=reason)
    started = time.monotonic()
    try:
        return job(scenario, seed)
    except Exception as error:
        seconds = time.monotonic() - started
        return Result(scenario, seed, seconds, [f"lab: {type(error).__name__}: {error}"])


def _diagnose(badhop: Path, capture: Path) -> dict[str, Any]:
    done = subprocess.run(
        (badhop, "diagnose", str(capture), "--json"), capture_output=True, text=True, timeout=120
    )
    try:
        verdict: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        return {"outcome": f"status {done.returncode}: {done.stderr.partition(chr(10))[0]}"}
    return verdict


def _took_s(session: Path) -> float:
    """How long the recorded command ran."""
    try:
        return float(json.loads((session / "session.json").read_text())["duration_s"])
    except (OSError, ValueError, KeyError):
        return 0.0


def _truth(stand: Bench, status: int) -> dict[str, Any]:
    scenario = stand.scenario
    return {
        "scenario": scenario.name,
        "seed": stand.plan.seed,
        "breaks": scenario.breaks,
        "exit_status": status,
        "needs_session": scenario.needs_session,
        "expected": asdict(scenario.expect),
        "without_session": asdict(scenario.without_session()),
        "names": stand.plan.names(),
        "command": list(stand.command),
    }
