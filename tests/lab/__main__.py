"""Run the lab by hand: list scenarios, run them against badhop, record or alter them."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path

import click

from tests.lab import alteredpage, netns
from tests.lab.accuracy import page
from tests.lab.altered import ALTERATIONS, judge_all, recordings_below
from tests.lab.grades import Grade
from tests.lab.locating import CASES, run_case
from tests.lab.model import Scenario
from tests.lab.pair_scenarios import PAIRS
from tests.lab.pairs import make_pair_sample
from tests.lab.runner import PARALLEL, Result, judge, run_all, save
from tests.lab.sampling import TooLarge, make_sample
from tests.lab.scenarios import catalogue
from tests.lab.singles import together


@click.group()
def main() -> None:
    """Real networks out of namespaces, each broken in one known way."""
    # Cleaning up needs an exception, which SIGTERM does not raise by itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    netns.reap()


@main.command("list")
def list_scenarios() -> None:
    """Show every scenario and what must be said about it."""
    for scenario in catalogue().values():
        expect = scenario.expect
        mark = " (needs the session)" if scenario.needs_session else ""
        click.echo(
            f"{scenario.name}: {expect.outcome} {expect.cause or '-'} {expect.role or '-'} "
            f"{expect.distance or '-'}{mark}\n    {scenario.breaks}"
        )


@main.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Run every scenario.")
@click.option("--seed", "seeds", multiple=True, type=int, default=(1,), show_default=True)
@click.option("--keep", is_flag=True, help="Keep the files of each run below /tmp/badhop-lab.")
@click.option("--parallel", default=PARALLEL, show_default=True)
@click.option("--table", type=click.Path(path_type=Path), help="Write the results as a page.")
def run(
    names: tuple[str, ...],
    everything: bool,
    seeds: tuple[int, ...],
    keep: bool,
    parallel: int,
    table: Path | None,
) -> None:
    """Let badhop record and diagnose scenarios; exit 1 when a verdict is wrong."""
    pairs = [(scenario, number) for scenario in _chosen(names, everything) for number in seeds]
    results = []
    try:
        for result in run_all(pairs, partial(judge, keep=keep), parallel):
            click.echo(result.line())
            results.append(result)
    finally:
        # An interrupted run of many has something to say too.
        if table is not None and results:
            table.write_text(page(results))
    undecided = [(t, wrong) for t in together(results) for wrong in t.mismatches()]
    for found, wrong in undecided:
        click.echo(f"FAIL {found.both.scenario.name} seed {found.both.seed}: {wrong}")
    sys.exit(bool(undecided) or not all(result.passed for result in results))


@main.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Record every scenario.")
@click.option("--seed", default=1, show_default=True)
@click.option("--parallel", default=PARALLEL, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def record(
    names: tuple[str, ...], everything: bool, seed: int, parallel: int, output: Path
) -> None:
    """Record scenarios without badhop into OUTPUT/NAME/."""
    broken = 0
    pairs = [(scenario, seed) for scenario in _chosen(names, everything)]
    for result in run_all(pairs, partial(_save_below, output), parallel):
        state = "; ".join(result.mismatches) or result.skipped or "recorded"
        click.echo(f"{result.scenario.name} ({result.seconds:.1f} s): {state}")
        broken += not result.passed
    sys.exit(broken > 0)


@main.command()
@click.argument(
    "directories", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)
@click.option(
    "--how",
    "alterations",
    multiple=True,
    type=click.Choice(tuple(ALTERATIONS)),
    help="Only this alteration; may be given several times.",
)
@click.option("--parallel", default=2, show_default=True)
@click.option("--table", type=click.Path(path_type=Path), help="Write the results as a page.")
def altered(
    directories: tuple[Path, ...], alterations: tuple[str, ...], parallel: int, table: Path | None
) -> None:
    """Judge recordings (of `record`) cut, thinned out or converted; exit 1 when one is wrong."""
    found = []
    for one in judge_all(recordings_below(directories), alterations or ALTERATIONS, parallel):
        found.append(one)
        if one.grade in (Grade.MISSED, Grade.WRONG):
            click.echo(one.line())
    click.echo(", ".join(f"{sum(j.grade is g for j in found)} {g}" for g in Grade))
    if table is not None and found:
        table.write_text(alteredpage.page(found))
    sys.exit(any(j.grade is Grade.WRONG for j in found))


@main.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Record every scenario.")
@click.option("--seed", default=1, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("samples"))
def sample(names: tuple[str, ...], everything: bool, seed: int, output: Path) -> None:
    """Record scenarios into OUTPUT as samples, those that are small enough."""
    for scenario in _chosen(names, everything):
        try:
            click.echo(f"{scenario.name}: {make_sample(scenario, seed, output)}")
        except TooLarge as error:
            click.echo(f"left out: {error}")


@main.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--seed", default=1, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("samples"))
def sample_pair(names: tuple[str, ...], seed: int, output: Path) -> None:
    """Record scenarios at two points at once into OUTPUT as samples."""
    found = {pair.name: pair for pair in PAIRS}
    for name in names:
        if name not in found:
            raise click.UsageError(f"no such pair: {name}; there are {', '.join(found)}")
        try:
            click.echo(f"{name}: {make_pair_sample(found[name], seed, output)}")
        except TooLarge as error:
            click.echo(f"left out: {error}")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--seed", "seeds", multiple=True, type=int, default=(1,), show_default=True)
def locate(names: tuple[str, ...], seeds: tuple[int, ...]) -> None:
    """Let `badhop locate` place the faults of scenarios (all it has truths for, or NAMES)."""
    broken = 0
    for case in CASES:
        for seed in seeds if not names or case.scenario in names else ():
            wrong = run_case(case, seed)
            broken += bool(wrong)
            click.echo(
                f"{'FAIL' if wrong else 'PASS'} {case.scenario} seed {seed} {'; '.join(wrong)}"
            )
    sys.exit(broken > 0)


def _save_below(output: Path, scenario: Scenario, seed: int) -> Result:
    return save(scenario, seed, output / scenario.name)


def _chosen(names: tuple[str, ...], everything: bool) -> list[Scenario]:
    found = catalogue()
    unknown = [name for name in names if name not in found]
    if unknown or not (names or everything):
        raise click.UsageError(f"no such scenario: {unknown}" if unknown else "name scenarios")
    return [s for s in found.values() if everything or s.name in names]


if __name__ == "__main__":
    main()
