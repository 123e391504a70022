"""What two faults must be told, from what each of them alone did to the download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.lab.expectation import words
from tests.lab.runner import Result


@dataclass(frozen=True, slots=True)
class Together:
    """A run with two faults, and the runs in the same network with one of them each."""

    both: Result
    first: Result
    second: Result

    @property
    def decisive(self) -> Result | None:
        """The single fault to name; None where neither decides alone.

        It is the one that alone fails the download. Where none does and both together only delay
        it, it is the one that delays it longer.
        """
        fails = [alone for alone in (self.first, self.second) if alone.status]
        if len(fails) == 1:
            return fails[0]
        if fails or self.both.status:
            return None
        return max((self.first, self.second), key=lambda alone: alone.took_s)

    def mismatches(self) -> list[str]:
        """Say how the declared truth contradicts what the single faults did."""
        decisive, declared = self.decisive, words(self.both.scenario.expect.cause)
        wanted = words(decisive.scenario.expect.cause) if decisive else declared
        if set(declared) <= set(wanted):
            return []
        return [f"singles: the truth is {' or '.join(wanted)}, declared is {' or '.join(declared)}"]


def together(results: Iterable[Result]) -> Iterator[Together]:
    """Join the runs with two faults to those of their parts; what has not run is left out."""
    by_name = {(r.scenario.name, r.seed): r for r in results if r.status is not None}
    for result in by_name.values():
        if result.scenario.parts is None:
            continue
        first, second = (by_name.get((part, result.seed)) for part in result.scenario.parts)
        if first is not None and second is not None:
            yield Together(result, first, second)
