"""The findings beside the root cause in, one line each out: consequences below their cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from diagnostics.report.escape import printable, shorten
from diagnostics.report.style import LABEL, Style
from diagnostics.verdict import Finding, Verdict

MAX_LINES = 5
"""More do not fit the screen; --json has them all."""


def related_lines(verdict: Verdict, style: Style) -> list[str]:
    """What follows from the root cause, then the other findings with what follows from them."""
    root = verdict.root_cause
    entries = list(_tree(verdict.findings, root.id if root else None))
    lines = []
    for label, (depth, found) in zip(_labels(entries), entries, strict=False):
        text = f"{label:{LABEL}}{'  ' * depth}{_line(found, depth)}"
        lines.append(shorten(text, style.width))
    left = len(entries) - MAX_LINES
    if left > 0:
        lines[MAX_LINES:] = [f"{'':{LABEL}}and {left} more in --json"]
    return lines


def background_line(verdict: Verdict, style: Style) -> list[str]:
    """What failed in other traffic, counted by cause."""
    if not verdict.background:
        return []
    counts = Counter(found.cause for found in verdict.background)
    times = "×" if style.unicode else "x"
    said = ", ".join(f"{n} {times} {c}" if n > 1 else c for c, n in counts.most_common(4))
    left = len(counts) - 4
    text = f"not the download's, not judged: {said}" + (f" and {left} more" if left > 0 else "")
    return style.labelled("Beside", text)


def _tree(findings: Sequence[Finding], root: str | None) -> Iterator[tuple[int, Finding]]:
    """Consequences of the root first, then what nothing explains; each with its own below it."""
    known = {found.id for found in findings}
    children: dict[str | None, list[Finding]] = {}
    for found in findings:
        parent = found.explained_by if found.explained_by in known else None
        if found.id != root:
            children.setdefault(parent, []).append(found)
    seen = {root}

    def walk(parent: str | None, level: int) -> Iterator[tuple[int, Finding]]:
        for found in children.get(parent, ()):
            if found.id not in seen:
                seen.add(found.id)
                yield level, found
                yield from walk(found.id, level + 1)

    if root is not None:
        yield from walk(root, 1)
    yield from walk(None, 0)


def _labels(entries: Sequence[tuple[int, Finding]]) -> Iterator[str]:
    """Name each block once, at its first line."""
    before = None
    for depth, _ in entries:
        block = "Also" if depth == 0 or before == "Also" else "Follows"
        yield block if block != before else ""
        before = block


def _line(found: Finding, depth: int) -> str:
    why = f", explained by {found.explained_by}" if depth and found.explained_by else ""
    return f"{found.id} {found.cause}{why}: {printable(found.summary)}"
