"""One command in, what it took out: wall time, CPU time, peak resident memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """What one run took, or the least of several."""

    wall_s: float
    cpu_s: float
    """User and system, children included."""
    peak_mb: float
    """Largest resident set, mapped pages included; never below this program's own."""


def run(command: Sequence[str], errors: Path) -> Cost:
    """Run a command to its end, its output thrown away; raise RuntimeError when it failed.

    A verdict is no failure: badhop says 1 for a cause it found, and 3 for none it can be sure of.
    """
    with errors.open("wb") as stderr:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )
        # Popen's own wait would throw the usage away.
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        said = errors.read_text("utf-8", "replace").strip()[-300:]
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}: {said}")
    # Linux counts in kilobytes.
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def least(costs: Sequence[Cost]) -> Cost:
    """The least of each: what else the machine does only adds. Of the memory the most."""
    walls, cpus, peaks = zip(*costs, strict=True)
    return Cost(min(walls), min(cpus), max(peaks))


def in_turn(commands: dict[str, Sequence[str]], rounds: int, errors: Path) -> dict[str, Cost]:
    """Run all commands one after the other, several times, so that each meets the same machine."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(run(command, errors))
    return {name: least(found) for name, found in costs.items()}
