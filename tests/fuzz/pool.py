"""Indices in, results out: some workers, each under a watchdog."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from tests.fuzz.pipeline import Failure
from tests.fuzz.worker import LIMIT_S, Result, work

#: Memory, where the system has a directory in it; else the usual place.
_FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

#: Imports and seeds, on a machine that has much else to do.
_STARTUP_S = 120.0


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    channel: Connection
    stuck: Path
    deadline: float
    index: int | None = None


@dataclass(slots=True)
class Pool:
    """Workers for one seed number; a context manager, so that none stays behind."""

    directories: Sequence[Path]
    number: int
    size: int = 1
    _workers: list[_Worker] = field(default_factory=list)
    _hangs: Counter[int] = field(default_factory=Counter)
    _place: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="badhop-fuzz-", dir=_FAST)
    )

    def __enter__(self) -> Pool:
        self._workers = [self._start() for _ in range(self.size)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            self._end(worker)
        self._place.cleanup()

    def results(self, indices: Iterator[int]) -> Iterator[Result]:
        """Run inputs until the indices end; a hang counts when it happens again."""
        again: list[int] = []
        while True:
            now = time.monotonic()
            busy = [w for w in self._workers if w.index is not None or w.deadline < float("inf")]
            if not busy:
                return
            wait([w.channel for w in busy], max(0.0, min(w.deadline for w in busy) - now))
            for worker in busy:
                # Asked now: whoever takes the results may have been busy since.
                if worker.channel.poll():
                    result = self._receive(worker)
                elif time.monotonic() >= worker.deadline:
                    result = self._give_up(worker, "hang")
                else:
                    continue
                if result is not None and self._is_excused(result):
                    again.append(result.index)
                    result = None
                if result is not None:
                    yield result
                if worker.index is None and worker.deadline == float("inf"):
                    following = again.pop() if again else next(indices, None)
                    if following is not None and not self._send(worker, following):
                        again.append(following)

    def _send(self, worker: _Worker, index: int) -> bool:
        """Give a worker something to do; False when it is no more, and was replaced."""
        worker.index, worker.deadline = index, time.monotonic() + LIMIT_S
        try:
            worker.channel.send(index)
        except OSError:
            self._give_up(worker, "died")
            return False
        return True

    def _is_excused(self, result: Result) -> bool:
        """A busy machine may have been what took the time; surely so, if no run had begun."""
        if result.failure is None or result.failure.signature != "hang":
            return False
        self._hangs[result.index] += 1
        return self._hangs[result.index] < (2 if result.failure.text else 4)

    def _receive(self, worker: _Worker) -> Result | None:
        try:
            result: Result | None = worker.channel.recv()
        except (EOFError, OSError):
            return self._give_up(worker, "died")
        worker.index, worker.deadline = None, float("inf")
        return result

    def _give_up(self, worker: _Worker, why: str) -> Result | None:
        """Replace a worker; what it was doing becomes a failure."""
        index = worker.index
        if index is None:
            raise RuntimeError("a worker did not start")
        self._end(worker)
        trace = worker.stuck.read_text() if worker.stuck.exists() else ""
        self._workers[self._workers.index(worker)] = self._start()
        return Result(index, LIMIT_S, 0, Failure(why, trace))

    def _start(self) -> _Worker:
        stuck = Path(self._place.name) / f"stuck-{time.monotonic_ns()}"
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(theirs, tuple(self.directories), self.number, stuck), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours, stuck, time.monotonic() + _STARTUP_S)

    def _end(self, worker: _Worker) -> None:
        worker.channel.close()
        worker.process.join(1.0 if worker.index is None else 0.0)
        if worker.process.is_alive():
            worker.process.kill()
        worker.process.join()
