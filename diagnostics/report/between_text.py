"""A verdict about two captures in, one screen of text out: the verdict, then what lies between."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from analyzers.facts.vantage import Change, Comparison, Tie, Transit, Way
from diagnostics.between.bracket import names
from diagnostics.between.verdict import Judged
from diagnostics.report.escape import printable, shorten
from diagnostics.report.style import Style, detect
from diagnostics.report.terminal import render as verdict_text
from diagnostics.tries import plural

MAX_CHANGES = 4
NAME_COLUMNS = 40
TIES = {
    Tie.SAME: "at both points",
    Tie.RENUMBERED: "at both points, with other sequence numbers",
    Tie.TERMINATED: "ended and opened anew by a proxy between",
    Tie.REWRITTEN: "whose TLS ends and begins anew between",
}


def for_stdout(judged: Judged) -> str:
    """The verdict and the comparison as standard output can show them."""
    return render(judged, detect(sys.stdout, os.environ))


def render(judged: Judged, style: Style) -> str:
    """Lay both out."""
    lines = [verdict_text(judged.verdict, style)]
    if judged.comparison.in_common:
        lines += ["", *_between(judged.comparison, style)]
    return "\n".join(line.rstrip() for line in lines)


def _between(comparison: Comparison, style: Style) -> Iterator[str]:
    near, far = (_name(name) for name in names(comparison))
    yield style.paint("Between the two points", bold=True)
    yield from style.labelled(
        "Points", f"{near} (nearer to the client), {far}; {_hops(comparison)}"
    )
    yield from style.labelled("Clocks", _clock(comparison))
    yield from style.labelled("Matched", _matched(comparison))
    for way, label in ((Way.OUT, "Outwards"), (Way.BACK, "Inwards")):
        transits = [t for p in comparison.pairs if (t := getattr(p, way.value)) is not None]
        if transits:
            yield from style.labelled(label, _carried(transits))
    if comparison.dns.exchanges:
        yield from style.labelled("DNS", _dns(comparison))
    if comparison.forged:
        yield from style.labelled("Forged", _forged(comparison))
    yield from _changes(comparison.changes, style)


def _name(name: str) -> str:
    return shorten(printable(name), NAME_COLUMNS)


def _hops(comparison: Comparison) -> str:
    if comparison.same_point:
        return "the same point"
    if comparison.hops is None:
        return "the TTLs do not tell how many routers are between"
    return f"{plural(comparison.hops, 'router')} between" if comparison.hops else "one link"


def _clock(comparison: Comparison) -> str:
    clock = comparison.clock
    assert clock is not None
    side = "ahead" if clock.offset_s >= 0 else "behind"
    text = f"the second is {abs(clock.offset_s):,.6f} s {side}"
    if clock.error_s is not None:
        text += f", give or take {_time(clock.error_s)}"
    if clock.drift:
        text += f", and drifts by {clock.drift * 1e6:+.1f} ppm"
    return f"{text} (from {clock.packets_out} packets outwards and {clock.packets_back} inwards)"


def _matched(comparison: Comparison) -> str:
    ties = Counter(p.tie for p in comparison.pairs)
    parts = [f"{plural(n, 'connection')} {TIES[tie]}" for tie, n in ties.items()]
    if comparison.near_only:
        parts.append(f"{comparison.near_only} at the first point only")
    if comparison.far_only:
        parts.append(f"{comparison.far_only} at the second only")
    return "; ".join(parts) or "no connection"


def _carried(transits: Sequence[Transit]) -> str:
    frames = sum(t.sent_frames for t in transits)
    lost = sum(len(t.lost_frames) for t in transits)
    text = f"{plural(frames, 'segment')}, {lost} lost between"
    if lost and frames:
        text += f" ({lost / frames:.1%})"
    delays = np.concatenate([t.delays_s for t in transits])
    if len(delays):
        low, high = float(delays.min()), float(np.percentile(delays, 95))
        text += f"; the slowest take {_time(high - low)} longer than the quickest (p95)"
    return text


def _time(value_s: float) -> str:
    return f"{value_s * 1e3:.3g} ms" if value_s < 1 else f"{value_s:.3g} s"


def _dns(comparison: Comparison) -> str:
    dns = comparison.dns
    queries, answers = len(dns.queries_lost), len(dns.answers_lost)
    return (
        f"{plural(dns.exchanges, 'question')} at both points, {plural(queries, 'query')} and "
        f"{plural(answers, 'answer')} lost between"
    )


def _forged(comparison: Comparison) -> str:
    kinds = Counter((f.kind, f.way) for f in comparison.forged)
    return "; ".join(
        f"{plural(n, kind)} towards the {'client' if way is Way.BACK else 'server'} that nobody "
        "sent at the other point"
        for (kind, way), n in kinds.items()
    )


def _changes(changes: Sequence[Change], style: Style) -> Iterator[str]:
    kinds = Counter((c.what, c.way) for c in changes)
    label = "Changed"
    for (what, way), count in list(kinds.items())[:MAX_CHANGES]:
        first = next(c for c in changes if c.what == what and c.way is way)
        words = "outwards" if way is Way.OUT else "inwards"
        text = f"{what.replace('_', ' ')} {words}: {first.before} becomes {first.after}"
        if count > 1:
            text += f", and in {count - 1} more"
        yield from style.labelled(label, printable(text))
        label = ""
    if len(kinds) > MAX_CHANGES:
        yield from style.labelled("", f"and {len(kinds) - MAX_CHANGES} more in --json")
