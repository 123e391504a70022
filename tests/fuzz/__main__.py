"""`python -m tests.fuzz`: run mutated captures through the pipeline, keep what breaks it."""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.corpus import CORPUS
from tests.fuzz import pipeline, seeds
from tests.fuzz.make import make
from tests.fuzz.minimise import minimise
from tests.fuzz.pool import Pool
from tests.fuzz.worker import Result

#: Kept of each mistake; more say nothing new.
_KEPT = 2

_PROGRESS_S = 30.0


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: Result | None = None
    largest: Result | None = None
    failures: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one result."""
        self.inputs += 1
        if self.slowest is None or result.seconds > self.slowest.seconds:
            self.slowest = result
        if self.largest is None or result.memory > self.largest.memory:
            self.largest = result
        if result.failure is not None:
            self.failures.append(result)

    def lines(self) -> Iterator[str]:
        """The tally for people."""
        rate = self.inputs / self.seconds if self.seconds else 0.0
        yield f"{self.inputs:,} inputs in {self.seconds:.0f} s ({rate:.0f}/s)"
        if self.slowest and self.largest:
            yield (
                f"slowest {self.slowest.seconds:.2f} s (input {self.slowest.index}), "
                f"most memory {self.largest.memory >> 20} MB (input {self.largest.index})"
            )
        kinds = Counter(r.failure.signature for r in self.failures if r.failure)
        yield f"{len(self.failures)} failures of {len(kinds)} kinds"
        for kind, count in kinds.most_common():
            first = next(r for r in self.failures if r.failure and r.failure.signature == kind)
            yield f"{count:6} {kind} (input {first.index})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as the command line says; 1 when something broke."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    stop = started + options.seconds if options.seconds else float("inf")
    count = options.inputs or (sys.maxsize if options.seconds else 1000)
    tally = Tally()
    shown = started
    with Pool(options.seeds, options.seed, options.workers) as pool:
        for result in pool.results(until(stop, options.first, count)):
            tally.add(result)
            tally.seconds = time.monotonic() - started
            if result.failure is not None and options.keep is not None:
                _keep(result, tally, options)
            if time.monotonic() - shown > _PROGRESS_S:
                shown = time.monotonic()
                print(f"{tally.inputs:,} inputs, {len(tally.failures)} failures", file=sys.stderr)
    print("\n".join(tally.lines()))
    return 1 if tally.failures else 0


def until(stop: float, first: int, count: int) -> Iterator[int]:
    """Indices from `first` on, until there are `count` or it is `stop` on the monotonic clock."""
    for index in itertools.islice(itertools.count(first), count):
        if time.monotonic() >= stop:
            return
        yield index


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, help="how many (1000, or no limit with --seconds)")
    parser.add_argument("--seconds", type=float, help="how long at most")
    parser.add_argument("--seed", type=int, default=1, help="another number, other inputs")
    parser.add_argument("--first", type=int, default=0, help="index of the first input")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to put what breaks")
    parser.add_argument(
        "--seeds", type=Path, metavar="DIR", action="append", default=[CORPUS], help="more captures"
    )
    return parser


def _keep(result: Result, tally: Tally, options: argparse.Namespace) -> None:
    """Save one failure, made smaller, unless there are enough of its kind."""
    failure = result.failure
    assert failure is not None
    same = [r for r in tally.failures if r.failure and r.failure.signature == failure.signature]
    if len(same) > _KEPT:
        return
    made = make(seeds.collect(options.seeds), options.seed, result.index)
    if failure.signature not in ("hang", "died", "memory"):
        with tempfile.TemporaryDirectory() as place:
            made = minimise(made, failure.signature, Path(place))
    name = re.sub(r"[^\w.]+", "-", failure.signature)[:60].strip("-")
    directory = options.keep / f"{name}-{options.seed}-{result.index}"
    directory.mkdir(parents=True, exist_ok=True)
    pipeline.place(made, directory)
    about = f"--seed {options.seed} --first {result.index}, {made.seed}: {', '.join(made.steps)}"
    (directory / "failure.txt").write_text(f"{about}\n\n{failure.text}", "utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
