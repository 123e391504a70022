"""How the nodes of a lab hang together: a tree that begins at the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """Each node and its neighbour on the way to the client, the nearest first."""

    parents: Mapping[str, str]
    #: Every address is from 10.0.0.0/8, the servers' too.
    private: bool = False

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Return each cable: the nearer node and the farther."""
        return tuple((parent, node) for node, parent in self.parents.items())

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return every node, the client first."""
        return ("client", *self.parents)

    @property
    def routers(self) -> tuple[str, ...]:
        """Return the nodes that forward."""
        return tuple(dict.fromkeys(p for p in self.parents.values() if p != "client"))

    def way(self, node: str) -> tuple[str, ...]:
        """Return the nodes from the client to a node, both included."""
        steps = [node]
        while steps[-1] != "client":
            steps.append(self.parents[steps[-1]])
        return tuple(reversed(steps))

    def distance(self, node: str) -> int:
        """Return the hops from the client to a node."""
        return len(self.way(node)) - 1

    def next_hop(self, node: str, target: str) -> str:
        """Return the neighbour through which a node reaches another."""
        way = self.way(target)
        return way[way.index(node) + 1] if node in way[:-1] else self.parents[node]

    def default_via(self, node: str) -> str:
        """Return where a node sends what it has no route for: outwards, as far as that goes."""
        outwards = self.next_hop(node, "server")
        if outwards in self.parents and self.parents[outwards] == node and outwards != "server":
            return outwards
        if node == "client":
            return next(child for child, parent in self.parents.items() if parent == "client")
        return self.parents[node]

    def is_outside(self, node: str) -> bool:
        """Whether the link behind a node leads through public addresses."""
        return not self.private and "firewall" in self.way(node)


def chain(routers: int, resolver: int = 2, proxy: int = 2, private: bool = False) -> Shape:
    """Return a row of routers with the server and the mirror behind the last.

    The first three routers are the gateway, the firewall and the transit router. Resolver and
    proxy stand at the distance that is asked for.
    """
    names = ["gateway", "firewall", "transit", *(f"hop{n}" for n in range(4, 30))][:routers]
    parents = dict(zip(names, ["client", *names], strict=False))
    ends = ["client", *names]
    parents |= {"resolver": ends[resolver - 1], "proxy": ends[proxy - 1]}
    parents |= {"server": ends[-1], "mirror": ends[-1]}
    return Shape(parents, private)


STANDARD = Shape(
    {
        "gateway": "client",
        "resolver": "gateway",
        "proxy": "gateway",
        "firewall": "gateway",
        "transit": "firewall",
        "server": "transit",
        "mirror": "transit",
    }
)
