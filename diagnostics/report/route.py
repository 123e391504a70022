"""The verdict's path and its faulty hop in, the one row of nodes to draw out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from captures.lazyclass import dataclass
from diagnostics.verdict import Hop, PathHop, Role

BEYOND = 256
"""Stands for an unknown distance: further than any TTL reaches."""

ENDS = (Role.SERVER, Role.PROXY, Role.RESOLVER)
"""Roles of hosts that a path leads to, the most telling one first."""


@dataclass(frozen=True, slots=True)
class Node:
    """One host or router on the row."""

    role: Role
    distance: int | None
    address: str | None = None
    rtt_ms: float | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What lies between two neighbours on the row."""

    gap: bool
    """Hops that are not known stand between them."""
    broken: bool = False
    unsure: bool = False
    """The fault is on this link or on one of its neighbours."""


def row(path: Sequence[PathHop], hop: Hop | None) -> tuple[list[Node], list[Link]]:
    """The nodes from the client to the host that matters, and the links between them."""
    nodes = _nodes(path, hop)
    if hop is not None:
        nodes = _with_fault(nodes, hop)
    links = [Link(gap=_far(b) - _far(a) != 1) for a, b in pairwise(nodes)]
    if hop is not None and not any(node.broken for node in nodes):
        links = _broken_links(nodes, links, hop)
    return nodes, links


def _nodes(path: Sequence[PathHop], hop: Hop | None) -> list[Node]:
    end = _end(path, hop)
    near: dict[int, Node] = {0: Node(Role.CLIENT, 0)}
    limit = BEYOND if end is None else _far(end)
    for known in path:
        if known.role in ENDS or known.distance is None or known.distance >= limit:
            continue
        if known.distance not in near or (hop is not None and known.address == hop.address):
            near[known.distance] = _node(known)
    nodes = [near[distance] for distance in sorted(near)]
    return nodes if end is None else [*nodes, end]


def _end(path: Sequence[PathHop], hop: Hop | None) -> Node | None:
    """The host at the far end: the faulty one, else the server, the proxy, the resolver."""
    wanted = [hop.role] if hop is not None and hop.role in ENDS else []
    for role in [*wanted, *ENDS]:
        hosts = [known for known in path if known.role is role]
        same = [known for known in hosts if hop is not None and known.address == hop.address]
        if hosts:
            return _node((same or hosts)[0])
    return None


def _node(known: PathHop) -> Node:
    rtt_ms = known.rtt_ms.median if known.rtt_ms else None
    return Node(known.role, known.distance, known.address, rtt_ms)


def _far(node: Node) -> int:
    return BEYOND if node.distance is None else node.distance


def _with_fault(nodes: list[Node], hop: Hop) -> list[Node]:
    """Mark the faulty node, adding it where the path does not have it yet."""
    if hop.role is Role.PATH or (hop.distance and hop.distance[0] != hop.distance[1]):
        return nodes
    for index, node in enumerate(nodes):
        if node.role is hop.role and hop.address in (None, node.address):
            return _replaced(nodes, index, replace(node, broken=True))
    distance = hop.distance[0] if hop.distance and hop.role is not Role.UPSTREAM else None
    for index, node in enumerate(nodes):
        if distance is not None and node.distance == distance:
            named = replace(node, role=hop.role, address=hop.address or node.address, broken=True)
            return _replaced(nodes, index, named)
    fault = Node(hop.role, distance, hop.address, broken=True)
    index = _place(nodes, hop.role, distance)
    return [*nodes[:index], fault, *nodes[index:]]


def _place(nodes: Sequence[Node], role: Role, distance: int | None) -> int:
    """Where a node goes that the path lacks: by its distance, else behind or before the end."""
    if distance is not None:
        return sum(_far(node) < distance for node in nodes)
    behind = role is Role.UPSTREAM or role in ENDS or len(nodes) == 1
    return len(nodes) if behind else len(nodes) - 1


def _replaced(nodes: Sequence[Node], index: int, node: Node) -> list[Node]:
    return [*nodes[:index], node, *nodes[index + 1 :]]


def _broken_links(nodes: Sequence[Node], links: list[Link], hop: Hop) -> list[Link]:
    """Mark the links that the fault's interval covers; without one, all of them."""
    low, high = hop.distance or (0, BEYOND)
    hit = [max(low, _far(a)) < min(max(high, low + 1), _far(b)) for a, b in pairwise(nodes)]
    if not any(hit):
        # Beyond every host that is known: on the way there at the latest.
        hit[-1:] = [True] * bool(hit)
    unsure = sum(hit) > 1 or hop.distance is None
    return [
        replace(link, broken=True, unsure=unsure) if struck else link
        for link, struck in zip(links, hit, strict=True)
    ]
