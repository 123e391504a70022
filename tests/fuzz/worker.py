"""One process that runs inputs as it is told their indices, and says how each went."""

from __future__ import annotations

import faulthandler
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzz import pipeline, seeds
from tests.fuzz.make import Made, make
from tests.fuzz.pipeline import Failure

#: What one input may take; the watchdog outside kills a worker that takes longer.
LIMIT_S = 5.0

#: What one input may add to the process that reads it, beside 4 times its own size.
MEMORY = 200 << 20

#: Keeps a mistake from taking the machine with it.
_ADDRESS_SPACE = 4 << 30


@dataclass(frozen=True, slots=True)
class Result:
    """How one input went."""

    index: int
    seconds: float
    memory: int
    """Bytes above what the process had before its first input, at most."""
    failure: Failure | None


def work(channel: Connection, directories: Sequence[Path], number: int, stuck: Path) -> None:
    """Answer each index from `channel` with a result, until it is closed.

    What a run that takes too long was doing is written to `stuck` just before the end.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    all_seeds = seeds.collect(directories)
    with (
        # Beside `stuck`, so that the pool clears it away when the worker was killed.
        tempfile.TemporaryDirectory(dir=stuck.parent) as place,
        stuck.open("w") as trace,
    ):
        # Modules are loaded, and buffers made, by the first run.
        pipeline.run(make(all_seeds, 0, 0), Path(place))
        base = _peak()
        channel.send(None)
        while True:
            try:
                index = channel.recv()
            except EOFError:
                return
            made = make(all_seeds, number, index)
            _forget_peak()
            faulthandler.dump_traceback_later(LIMIT_S * 0.9, file=trace)
            started = time.perf_counter()
            failure = pipeline.run(made, Path(place))
            seconds = time.perf_counter() - started
            faulthandler.cancel_dump_traceback_later()
            memory = max(0, _peak() - base)
            failure = failure or _too_much(made, memory)
            channel.send(Result(index, seconds, memory, failure))


def _too_much(made: Made, memory: int) -> Failure | None:
    size = len(made.capture) + len(made.session or b"")
    if memory <= 4 * size + MEMORY:
        return None
    return Failure("memory", f"{memory >> 20} MB for {size} bytes")


def _peak() -> int:
    """Most resident bytes since the last `_forget_peak`, or where that is impossible, ever."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _forget_peak() -> None:
    """Start measuring anew (Linux, proc(5): clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return
