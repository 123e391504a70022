"""A row of nodes in, the lines that draw it out: `client ── gateway ─✗─ firewall … server`."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.report.escape import printable
from diagnostics.report.route import Link, Node, row
from diagnostics.report.style import Style
from diagnostics.verdict import Hop, PathHop


def draw(path: Sequence[PathHop], hop: Hop | None, style: Style) -> list[str]:
    """Draw the path with the faulty hop marked: roles, addresses, distances and round trips."""
    nodes, links = row(path, hop)
    if len(nodes) < 2:
        return []
    while _width(nodes, links, style) > style.width and len(nodes) > 3:
        shorter = _without_one(nodes, links)
        if shorter is None:
            break
        nodes, links = shorter
    rows = _rows(nodes, style)
    if _width(nodes, links, style) > style.width:
        rows = rows[:1]
    return _lines(rows, nodes, links, style)


def _rows(nodes: Sequence[Node], style: Style) -> list[list[str]]:
    return [
        _labels(nodes, style),
        [printable(node.address or "") for node in nodes],
        [_measures(node) for node in nodes],
    ]


def _labels(nodes: Sequence[Node], style: Style) -> list[str]:
    return [f"{style.cross} {n.role}" if n.broken else n.role.value for n in nodes]


def _measures(node: Node) -> str:
    """Its distance, which the drawing leaves open where there are gaps, and its round trip."""
    distance = f"hop {node.distance}" if node.distance else ""
    time = "" if node.rtt_ms is None else f"{node.rtt_ms:.3g} ms"
    return ", ".join(filter(None, (distance, time)))


def _joints(links: Sequence[Link], style: Style) -> list[str]:
    return [f" {_joint(link, style)} " for link in links]


def _joint(link: Link, style: Style) -> str:
    if link.broken:
        mark = "?" if link.unsure else style.cross
        mark = f"{style.gap}{mark}{style.gap}" if link.gap else mark
        return f"{style.line}{mark}{style.line}"
    return style.gap if link.gap else style.line * 2


def _stretched(joint: str, link: Link, padding: int, style: Style) -> str:
    """Let the line run on to where the next column begins."""
    if link.gap and not link.broken:
        return (" " + style.line * (padding - 1) if padding > 1 else " " * padding) + joint
    return joint[0] + style.line * padding + joint[1:]


def _columns(nodes: Sequence[Node], style: Style) -> list[int]:
    return [max(map(len, cells)) for cells in zip(*_rows(nodes, style), strict=True)]


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
            joint = _stretched(joints[index], links[index], widths[index] - len(label), style)
            top += style.paint(joint, "red" if links[index].broken else None)
    lines = [top]
    for cells in rows[1:]:
        text = "".join(
            cell.ljust(width + len(joint))
            for cell, width, joint in zip(cells, widths, [*joints, ""], strict=True)
        ).rstrip()
        lines += [text] if text else []
    return lines
