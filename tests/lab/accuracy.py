"""Results of the lab as a page: how often cause and hop were right, and what was said instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tests.lab.expectation import HEALTHY, Words, words
from tests.lab.judgements import Judgement, Placing, judgements
from tests.lab.model import Nginx, Scenario
from tests.lab.runner import Result
from tests.lab.singles import Together, together

HEAD = """\
# Accuracy in the lab

{scenarios} scenarios of `tests/lab` were run in {seeds}: {runs} runs of real go, servers, resolvers
and packets, with one or two things broken on purpose, or nothing. Each run is judged twice, with
the session that `badhop capture` recorded and from the packets alone (once, where something else
recorded it): {verdicts} verdicts. A run is right when outcome, cause, role and distance are, when a
second fault is listed, and when no cause is found that the scenario only resembles. Where the
packets cannot tell several answers apart, each counts.

Written by `python -m tests.lab run --all{options} --table docs/accuracy.md` (root, Linux);
`python -m tests.lab list` shows every scenario and its truth.
"""
#: Bounds of the confidence classes, the surest first.
_CLASSES = (0.95, 0.9, 0.8, 0.0)
_WIDTHS = ("0", "1", "2", "3 or more", "unknown")


def page(results: Iterable[Result]) -> str:
    """Return the page of these results: totals, then causes, hops, confidence, pairs, misses."""
    every = sorted(results, key=lambda r: (r.scenario.name, r.seed))
    ran = [r for r in every if not r.skipped]
    judged = list(judgements(ran))
    seeds = sorted({r.seed for r in every})
    head = HEAD.format(
        scenarios=len({r.scenario.name for r in ran}),
        seeds=f"{len(seeds)} networks drawn by seed" if len(seeds) > 1 else "one network",
        runs=len(ran),
        verdicts=len(judged),
        options="".join(f" --seed {seed}" for seed in seeds),
    )
    sections = (
        ("", _totals(ran)),
        ("What was varied", _varied(ran)),
        ("Causes", _causes(judged)),
        ("Taken for something else", _confusions(judged)),
        ("Where several answers are right", _choices(judged)),
        ("Hops", _hops(judged)),
        ("Confidence", _confidence(judged)),
        ("Two faults at once", _pairs(list(together(ran)))),
        ("Wrong runs", _wrong(ran)),
        ("Not run", _skipped(every)),
    )
    lines = [head]
    for title, table in sections:
        if table:
            lines += [*([f"## {title}", ""] if title else []), *table, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return [*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)]


def _totals(ran: Sequence[Result]) -> list[str]:
    groups: dict[str, list[Result]] = {}
    for result in ran:
        groups.setdefault(_layer(result.scenario), []).append(result)
    rows = [_share(name, groups[name]) for name in sorted(groups)]
    healthy = [r for r in ran if r.scenario.expect == HEALTHY]
    alarms = sum(bool(v.get("root_cause")) for r in healthy for v in (r.verdict, r.bare))
    return [
        *_table(("layer", "runs", "right"), [*rows, _share("all", ran)]),
        "",
        f"False alarms: {alarms} in {len(healthy)} healthy runs.",
    ]


def _share(name: str, runs: Sequence[Result]) -> tuple[object, ...]:
    return name, len(runs), sum(r.passed for r in runs)


def _layer(scenario: Scenario) -> str:
    """Return the layer of the expected cause; "healthy" where there is none."""
    layers = {word.partition(".")[0] for word in words(scenario.expect.cause)}
    if layers == {""}:
        return "healthy" if scenario.expect == HEALTHY else "healthy or cannot be told"
    return next(iter(layers)) if len(layers) == 1 else "of several layers"


def _varied(ran: Sequence[Result]) -> list[str]:
    asked: tuple[Callable[[Scenario], str], ...] = (
        lambda s: f"go {s.go}",
        lambda s: " and ".join(f"IPv{digit}" for digit in s.family),
        _encryption,
        lambda s: "through a proxy" if s.proxy else "direct",
        lambda s: "recorded by badhop" if s.has_session else f"recorded at the {s.camera.node}",
    )
    rows = []
    for question in asked:
        groups: dict[str, list[Result]] = {}
        for result in ran:
            groups.setdefault(question(result.scenario), []).append(result)
        rows += [_share(name, groups[name]) for name in sorted(groups)]
    return _table(("", "runs", "right"), rows)


def _encryption(scenario: Scenario) -> str:
    if scenario.goproxy.startswith("http:") or scenario.server.tls is None:
        return "plain HTTP, or no TLS server"
    is_h2 = isinstance(scenario.server, Nginx) and scenario.server.http2
    return f"{scenario.server.tls.replace('v', ' ')}, {'h2' if is_h2 else 'HTTP/1.1'}"


def _causes(judged: Sequence[Judgement]) -> list[str]:
    """One row for each cause: verdicts that should name it, and verdicts that do."""
    named: dict[str, list[Judgement]] = {}
    for judgement in judged:
        if judgement.cause or words(judgement.expected.cause) == ("",):
            named.setdefault(judgement.cause, []).append(judgement)
    sole: Counter[str] = Counter()
    for judgement in judged:
        if len(words(judgement.expected.cause)) == 1:
            sole[words(judgement.expected.cause)[0]] += 1
    rows = [
        (cause or "none", sole[cause], len(named.get(cause, ())), _precise(named.get(cause, ())))
        for cause in sorted({*named, *sole})
    ]
    return _table(("cause", "only right answer", "named", "rightly"), rows)


def _precise(named: Sequence[Judgement]) -> int:
    return sum(j.cause in words(j.expected.cause) for j in named)


def _confusions(judged: Sequence[Judgement]) -> list[str]:
    """The confusion matrix without its diagonal."""
    cells = Counter(
        (_either(j.expected.cause), j.cause or "none")
        for j in judged
        if j.cause not in words(j.expected.cause)
    )
    if not cells:
        return ["No verdict names a cause other than the expected one."]
    rows = [(wanted, got, count) for (wanted, got), count in sorted(cells.items())]
    return _table(("expected", "found", "verdicts"), rows)


def _choices(judged: Sequence[Judgement]) -> list[str]:
    """What was said where the truth leaves a choice."""
    rows: dict[str, Counter[str]] = {}
    for judgement in judged:
        wanted = words(judgement.expected.cause)
        if len(wanted) > 1 and judgement.cause in wanted:
            rows.setdefault(_either(wanted), Counter())[judgement.cause or "none"] += 1
    return _table(
        ("right answers", "found"),
        [
            (wanted, ", ".join(f"{cause} {count}" for cause, count in found.most_common()))
            for wanted, found in sorted(rows.items())
        ],
    )


def _hops(judged: Sequence[Judgement]) -> list[str]:
    """By the role that was found: how its place lies to the truth, and how wide it is."""
    placed = [j for j in judged if j.placing is not None]
    rows = []
    for role in sorted({j.role for j in placed}):
        mine = [j for j in placed if j.role == role]
        wrong = sum(
            j.expected.role is not None and role not in words(j.expected.role) for j in mine
        )
        counts = Counter(j.placing for j in mine)
        rows.append((role, len(mine), wrong, *(counts[placing] for placing in Placing)))
    columns = ("role found", "verdicts", "role wrong", *(placing.value for placing in Placing))
    widths = {
        "a node": Counter(_width(j) for j in placed if _is_node(j)),
        "a link": Counter(_width(j) for j in placed if not _is_node(j)),
    }
    return [
        "Place found against the true place:",
        "",
        *_table(columns, rows),
        "",
        "Width of the interval found, in hops (a node's own is 0, a link's 1):",
        "",
        *_table(
            ("fault of", *_WIDTHS),
            [(what, *(counts[width] for width in _WIDTHS)) for what, counts in widths.items()],
        ),
    ]


def _is_node(judgement: Judgement) -> bool:
    truth = judgement.expected.distance
    return truth is not None and truth[0] == truth[1]


def _width(judgement: Judgement) -> str:
    if judgement.interval is None:
        return "unknown"
    low, high = judgement.interval
    return _WIDTHS[min(high - low, 3)]


def _confidence(judged: Sequence[Judgement]) -> list[str]:
    """How often verdicts that are this sure are right, with cause, role and distance."""
    rows, above = [], 2.0
    for bound in _CLASSES:
        mine = [j for j in judged if j.confidence is not None and bound <= j.confidence < above]
        right = sum(j.right for j in mine)
        name = f"{bound} and more" if above > 1 else f"{bound} to {above}" if bound else "less"
        rows.append((name, len(mine), right, f"{right / len(mine):.1%}" if mine else ""))
        above = bound
    return _table(("confidence", "verdicts", "right", "share"), rows)


def _pairs(found: Sequence[Together]) -> list[str]:
    """What each fault did alone, and what was said about both."""
    rows: list[tuple[str, ...]] = []
    for pair in sorted(found, key=lambda t: (t.both.scenario.name, t.both.seed)):
        if rows and rows[-1][0] == pair.both.scenario.name:
            continue  # the other networks are counted above; one row shows the reason
        root = pair.both.verdict.get("root_cause") or {}
        rows.append(
            (
                pair.both.scenario.name,
                *(_alone(single) for single in (pair.first, pair.second)),
                root.get("cause", "none"),
                _either(pair.both.scenario.expect.also),
                "yes" if pair.both.passed and not pair.mismatches() else "no",
            )
        )
    return (
        _table(
            ("scenario", "first alone", "second alone", "named", "must be listed", "right"), rows
        )
        if rows
        else []
    )


def _alone(single: Result) -> str:
    cause = _either(single.scenario.expect.cause)
    what = "nothing to see" if cause == "none" else cause
    return f"{what}: {'fails' if single.status else 'arrives'} after {single.took_s:.1f} s"


def _wrong(ran: Sequence[Result]) -> list[str]:
    wrong = [r for r in ran if not r.passed]
    if not wrong:
        return []
    return _table(
        ("scenario", "seed", "what was wrong"),
        [(r.scenario.name, r.seed, "; ".join(r.mismatches)) for r in wrong],
    )


def _skipped(every: Sequence[Result]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for result in every:
        if result.skipped and result.scenario.name not in reasons.get(result.skipped, ()):
            reasons.setdefault(result.skipped, []).append(result.scenario.name)
    return [f"- {reason}: {', '.join(names)}" for reason, names in sorted(reasons.items())]


def _either(text: Words) -> str:
    return " or ".join(word or "none" for word in words(text))
