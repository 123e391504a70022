"""Results of the lab as a page: how often each scenario got its cause and its hop right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.lab.expectation import HEALTHY, Expected, Words
from tests.lab.model import Scenario
from tests.lab.runner import Result

HEAD = """\
# Accuracy in the lab

Every scenario of `tests/lab` was run in {seeds} networks drawn by seed: real go, servers, resolvers
and packets, one thing broken on purpose. Each run is judged twice, with the session that
`badhop capture` recorded and from the packets alone; it is right when outcome, cause, role and
distance are. Where a scenario allows several answers (the packets cannot tell), each counts.

Written by `python -m tests.lab run --all{options} --table docs/accuracy.md` (root, Linux).

"""


def page(results: Iterable[Result]) -> str:
    """The page of these results: totals, the layers, then a row for each scenario."""
    every = sorted(results, key=lambda r: (_layer(r.scenario), r.scenario.name, r.seed))
    ran = [r for r in every if not r.skipped]
    seeds = sorted({r.seed for r in every})
    options = "".join(f" --seed {seed}" for seed in seeds)
    lines = [HEAD.format(seeds=len(seeds), options=options)]
    lines += _totals(ran)
    lines += ["", "## Scenarios", "", "| scenario | expected | right | what was wrong |"]
    lines += ["| --- | --- | --- | --- |"]
    for name in dict.fromkeys(r.scenario.name for r in every):
        lines.append(_row([r for r in every if r.scenario.name == name]))
    return "\n".join(lines) + "\n"


def _totals(ran: Sequence[Result]) -> list[str]:
    lines = ["| layer | runs | right |", "| --- | --- | --- |"]
    for layer in sorted({_layer(r.scenario) for r in ran}):
        mine = [r for r in ran if _layer(r.scenario) == layer]
        lines.append(f"| {layer} | {len(mine)} | {sum(r.passed for r in mine)} |")
    healthy = [r for r in ran if r.scenario.expect == HEALTHY]
    alarms = sum(bool(r.verdict.get("root_cause")) for r in healthy)
    lines.append(f"| all | {len(ran)} | {sum(r.passed for r in ran)} |")
    return [*lines, "", f"False alarms: {alarms} in {len(healthy)} healthy runs."]


def _layer(scenario: Scenario) -> str:
    """The layer of the expected cause; "healthy" where there is none."""
    cause = _text(scenario.expect.cause)
    return cause.partition(".")[0] if cause else "healthy"


def _row(runs: Sequence[Result]) -> str:
    scenario = runs[0].scenario
    ran = [r for r in runs if not r.skipped]
    right = f"{sum(r.passed for r in ran)}/{len(ran)}" if ran else "skipped"
    wrong = "; ".join(f"seed {r.seed}: {', '.join(r.mismatches)}" for r in ran if not r.passed)
    return f"| {scenario.name} | {_expected(scenario.expect)} | {right} | {wrong} |"


def _expected(expected: Expected) -> str:
    words = [_text(expected.outcome), _text(expected.cause), _text(expected.role or "")]
    if expected.distance is not None:
        low, high = expected.distance
        words.append(f"hop {low}" if low == high else f"hop {low} to {high}")
    return ", ".join(word for word in words if word)


def _text(words: Words) -> str:
    return words if isinstance(words, str) else " or ".join(word or "none" for word in words)
