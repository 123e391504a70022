"""Judgements of altered recordings as a page: how often the truth was told, and how surely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.lab.altered import ALTERATIONS, Judgement
from tests.lab.grades import Grade

HEAD = """\
# Accuracy on altered captures

People send captures that began late, were cut short, thinned out or converted. Recordings of the
lab ({recordings} of them) were altered so and judged, from the packets alone and, where badhop had
recorded them, with the session. A verdict on less may say less; it must never say what is false.

- **right**: outcome, cause, role and distance, as on the whole recording.
- **less specific**: true, but a wider cause or hop.
- **inconclusive**: says that the capture cannot tell, and which capture would.
- **missed**: healthy, where the part that took too long is no longer, or not yet, in the capture.
- **wrong**: a false outcome, cause or hop; so is a failure that is really there, but another
  program's, or a consequence, where what failed the download is no longer in the capture.

Written by `python -m tests.lab altered DIR --table docs/accuracy-altered.md`, where DIR comes from
`python -m tests.lab record --all -o DIR` (root, Linux).

"""
BINS = (0.9, 0.8, 0.7, 0.0)
"""Lower ends of the confidence bins."""


def page(judgements: Iterable[Judgement]) -> str:
    """The page of these judgements: by alteration, by confidence, and every wrong one."""
    every = list(judgements)
    lines = [HEAD.format(recordings=len({j.recording for j in every}))]
    for title, mine in (
        ("From the packets alone", [j for j in every if not j.with_session]),
        ("With the session", [j for j in every if j.with_session]),
    ):
        if mine:
            lines += [f"## {title}", "", *_by_alteration(mine), ""]
    lines += ["## How sure, how right", "", *_by_confidence(every), ""]
    wrong = [j for j in every if j.grade is Grade.WRONG]
    lines += ["## Wrong", "", *(f"- {j.line()}" for j in wrong)]
    return "\n".join(lines if wrong else [*lines, "None."]) + "\n"


def _by_alteration(judgements: Sequence[Judgement]) -> list[str]:
    lines = [f"| alteration | {' | '.join(Grade)} |", f"| --- {'| --- ' * len(Grade)}|"]
    for name in (*ALTERATIONS, "all"):
        counts = Counter(j.grade for j in judgements if name in (j.alteration, "all"))
        if counts:
            lines.append(f"| {name} | {' | '.join(str(counts[g]) for g in Grade)} |")
    return lines


def _by_confidence(judgements: Sequence[Judgement]) -> list[str]:
    """Verdicts that name a root cause: which share of them is true, by their confidence."""
    lines = ["| confidence | verdicts | right | less specific | wrong | true |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    upper = 1.01
    for lower in BINS:
        mine = [j for j in judgements if j.confidence is not None and lower <= j.confidence < upper]
        label = f"{lower:.1f} to {min(upper, 1.0):.1f}" if lower else f"below {upper:.1f}"
        upper = lower
        if not mine:
            continue
        counts = Counter(j.grade for j in mine)
        true = (counts[Grade.RIGHT] + counts[Grade.LESS_SPECIFIC]) / len(mine)
        lines.append(
            f"| {label} | {len(mine)} | {counts[Grade.RIGHT]} | {counts[Grade.LESS_SPECIFIC]} "
            f"| {counts[Grade.WRONG]} | {true:.1%} |"
        )
    return lines
