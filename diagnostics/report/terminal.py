"""A verdict in, one screen of text out: what broke, where, how one knows, the cost, the fix."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from diagnostics import contract
from diagnostics.report import picture, progress
from diagnostics.report.escape import printable
from diagnostics.report.filters import common_filter, frame_list, joined
from diagnostics.report.related import background_line, related_lines
from diagnostics.report.style import LABEL, Style, detect
from diagnostics.verdict import (
    CaptureSummary,
    Evidence,
    Finding,
    Fix,
    Hop,
    Outcome,
    TimeSpent,
    Verdict,
)

MAX_EVIDENCE = 3
MAX_FIXES = 3
"""More do not fit the screen; --json has them all."""

COLORS = {
    Outcome.FAILED: "red",
    Outcome.DEGRADED: "yellow",
    Outcome.HEALTHY: "green",
    Outcome.INCONCLUSIVE: "magenta",
}
TITLES = {
    Outcome.FAILED: "the download failed",
    Outcome.DEGRADED: "the download arrived late",
    Outcome.HEALTHY: "nothing is wrong",
    Outcome.INCONCLUSIVE: "this capture cannot tell",
}


def for_stdout(verdict: Verdict) -> str:
    """The verdict as standard output can show it."""
    return render(verdict, detect(sys.stdout, os.environ))


def diagnose_and_print(path: Path) -> None:
    """Diagnose a capture or the directory of a recording, and print the verdict."""
    from diagnostics.engine import diagnose
    from diagnostics.source import facts_of

    with progress.shown(os.environ) as watch:
        verdict = diagnose(facts_of(str(path), watch=watch))
    click.echo(for_stdout(verdict))


def render(verdict: Verdict, style: Style) -> str:
    """Lay a verdict out for one screen."""
    root = verdict.root_cause
    lines = list(_headline(verdict, style))
    hop = root.hop if root else None
    drawing = picture.draw(verdict.path, hop, replace(style, width=style.width - 2))
    lines += ["", *("  " + line for line in drawing), *([""] if drawing else [])]
    if root is not None:
        lines += _cause(root, verdict.time, style)
    elif verdict.time.total_s > 0:
        lines += style.labelled("Time", _time(verdict.time))
    lines += related_lines(verdict, style)
    for note in verdict.notes:
        lines += style.labelled("Note", printable(note))
    lines += background_line(verdict, style)
    lines += style.labelled("Capture", _capture(verdict.capture))
    return "\n".join(line.rstrip() for line in lines)


def _headline(verdict: Verdict, style: Style) -> Iterator[str]:
    outcome, root = verdict.outcome, verdict.root_cause
    word = style.paint(outcome.value.upper(), COLORS[outcome], bold=True)
    if root is None:
        yield f"{word}  {_title(verdict)}"
        text = verdict.reason or ""
    else:
        yield f"{word}  {style.paint(root.cause, bold=True)}: {contract.title(root.cause)}"
        text = root.summary
    if text:
        yield ""
        yield from style.wrap(printable(text))


def _title(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.INCONCLUSIVE and len(verdict.capture.files) > 1:
        return "these captures cannot tell"
    return TITLES[verdict.outcome]


def _cause(root: Finding, time: TimeSpent, style: Style) -> Iterator[str]:
    yield from style.labelled("Hop", hop_text(root.hop, root.confidence))
    yield from _evidence(root.evidence, style)
    yield from style.labelled("Cost", _cost(root, time))
    yield from _fixes(root.fix, style)


def hop_text(hop: Hop, confidence: float) -> str:
    """Say in words where the fault is and how sure that is."""
    who = f"{hop.role} {printable(hop.address)}" if hop.address else hop.role.value
    if hop.name:
        who += f" ({printable(hop.name)})"
    return f"{who}, {_distance(hop)}; {confidence:.0%} sure"


def _distance(hop: Hop) -> str:
    if hop.distance is None:
        return "distance unknown"
    low, high = hop.distance
    if low == high:
        return f"{low} hop{'s' * (low != 1)} away" if low else "this machine"
    if high == low + 1:
        return f"the link between hop {low} and {high}"
    return f"somewhere between hop {low} and {high}"


def _evidence(pieces: Sequence[Evidence], style: Style) -> Iterator[str]:
    label, pieces = "Evidence", joined(pieces)
    for piece in pieces[:MAX_EVIDENCE]:
        where = f" ({frame_list(piece.frames)})" if piece.frames else ""
        yield from style.labelled(label, printable(piece.text) + where)
        label = ""
    left = len(pieces) - MAX_EVIDENCE
    if left > 0:
        yield from style.labelled("", f"and {left} more in --json")
    shown = common_filter(pieces[:MAX_EVIDENCE])
    if shown:
        # Never wrapped: it is there to be pasted.
        yield f"{'Wireshark':{LABEL}}{shown}"


def _cost(root: Finding, time: TimeSpent) -> str:
    cost = f"{seconds(root.impact_s)} of {seconds(time.total_s)}"
    return f"{cost}: {_parts(time)}" if _parts(time) else cost


def _time(time: TimeSpent) -> str:
    return f"{seconds(time.total_s)}: {_parts(time)}" if _parts(time) else seconds(time.total_s)


def _parts(time: TimeSpent) -> str:
    """The breakdown, largest part first; what rounds to nothing is left out."""
    parts = {
        "DNS": time.dns_s,
        "connecting": time.connect_s,
        "TLS": time.tls_s,
        "waiting": time.wait_s,
        "transfer": time.transfer_s,
        "stalled": time.stall_s,
        "client": time.client_s,
    }
    visible = [(name, part) for name, part in parts.items() if part >= 0.0005]
    visible.sort(key=lambda item: -item[1])
    return ", ".join(f"{name} {seconds(part)}" for name, part in visible)


def seconds(value: float) -> str:
    """A time for people: 0.012 s, 1.25 s, 12.4 s, 134 s."""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} s"


def _fixes(fixes: Sequence[Fix], style: Style) -> Iterator[str]:
    label = "Fix"
    for fix in fixes[:MAX_FIXES]:
        yield from style.labelled(label, printable(fix.text))
        if fix.command:
            command = style.paint(printable(fix.command), "cyan")
            yield f"{'':{LABEL}}  $ {command}"
        label = ""


def _capture(capture: CaptureSummary) -> str:
    lost = f", {capture.dropped:,} lost while recording" if capture.dropped else ""
    names = ", ".join(printable(name) for name in capture.files) or "-"
    return f"{names}: {capture.packets:,} packet{'s' * (capture.packets != 1)}{lost}"
