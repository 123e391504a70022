"""A row of nodes in, the lines that draw it out: `client ── gateway ─✗─ firewall … server`."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.report.escape import printable
from diagnostics.report.route import Link, Node, row
from diagnostics.report.style import Style
from diagnostics.verdict import Hop, PathHop


def draw(path: Sequence[PathHop], hop: Hop | None, style: Style) -> list[str]:
    """Draw the path with the faulty hop marked: roles, below them addresses and round trips."""
    nodes, links = row(path, hop)
    if len(nodes) < 2:
        return []
    while _width(nodes, links, style) > style.width and len(nodes) > 3:
        shorter = _without_one(nodes, links)
        if shorter is None:
            break
        nodes, links = shorter
    rows = [_labels(nodes, style), [printable(n.address or "") for n in nodes], _times(nodes)]
    if _width(nodes, links, style) > style.width:
        rows = rows[:1]
    return _lines(rows, nodes, links, style)


def _labels(nodes: Sequence[Node], style: Style) -> list[str]:
    return [f"{style.cross} {n.role}" if n.broken else n.role.value for n in nodes]


def _times(nodes: Sequence[Node]) -> list[str]:
    return ["" if n.rtt_ms is None else f"{n.rtt_ms:.3g} ms" for n in nodes]


def _joints(links: Sequence[Link], style: Style) -> list[str]:
    return [f" {_joint(link, style)} " for link in links]


def _joint(link: Link, style: Style) -> str:
    if link.broken:
        mark = "?" if link.unsure else style.cross
        mark = f"{style.gap}{mark}{style.gap}" if link.gap else mark
        return f"{style.line}{mark}{style.line}"
    return style.gap if link.gap else style.line * 2


def _columns(nodes: Sequence[Node], style: Style) -> list[int]:
    rows = (_labels(nodes, style), [printable(n.address or "") for n in nodes], _times(nodes))
    return [max(map(len, cells)) for cells in zip(*rows, strict=True)]


def _width(nodes: Sequence[Node], links: Sequence[Link], style: Style) -> int:
    return sum(_columns(nodes, style)) + sum(map(len, _joints(links, style)))


def _without_one(
    nodes: Sequence[Node], links: Sequence[Link]
) -> tuple[list[Node], list[Link]] | None:
    """Leave out the middle-most node that neither is broken nor bounds a broken link."""
    middle = len(nodes) / 2
    for index in sorted(range(1, len(nodes) - 1), key=lambda i: abs(i - middle)):
        before, after = links[index - 1], links[index]
        if nodes[index].broken or before.broken or after.broken:
            continue
        kept = [*nodes[:index], *nodes[index + 1 :]]
        return kept, [*links[: index - 1], Link(gap=True), *links[index + 1 :]]
    return None


def _lines(
    rows: Sequence[Sequence[str]], nodes: Sequence[Node], links: Sequence[Link], style: Style
) -> list[str]:
    """Put the cells of each row below each other, the links between those of the first."""
    joints = _joints(links, style)
    widths = _columns(nodes, style) if len(rows) > 1 else [len(cell) for cell in rows[0]]
    top = ""
    for index, (node, label) in enumerate(zip(nodes, rows[0], strict=True)):
        top += style.paint(label, "red" if node.broken else None, bold=node.broken)
        if index < len(joints):
            # The line runs on to where the next column begins.
            fill = " " if links[index].gap else style.line
            padding = widths[index] - len(label)
            joint = joints[index][0] + fill * padding + joints[index][1:]
            top += style.paint(joint, "red" if links[index].broken else None)
    lines = [top]
    for cells in rows[1:]:
        text = "".join(
            cell.ljust(width + len(joint))
            for cell, width, joint in zip(cells, widths, [*joints, ""], strict=True)
        ).rstrip()
        lines += [text] if text else []
    return lines
