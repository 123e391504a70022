"""Turn a seed into addresses and names, so that no rule can be tuned to them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from tests.lab.shape import STANDARD, Shape

_OUTSIDE = ("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24")
_WORDS = (
    "amber birch cedar delta ember fjord grove harbor iris juniper kestrel lumen maple north "
    "opal prairie quartz river summit tundra umber violet willow yarrow zephyr"
)
_PREFIXES = ("goproxy", "mirror", "mod", "modules", "athens", "pkg", "artifacts", "cache", "go")
_ZONES = ("example", "test", "example.com", "example.net", "example.org", "corp.example")


@dataclass(frozen=True, slots=True)
class Link:
    """One cable: two nodes and the networks between them; `a` is nearer to the client."""

    a: str
    b: str
    net4: IPv4Network
    net6: IPv6Network
    host_a: int
    host_b: int

    @property
    def name(self) -> str:
        """Return the name scenarios use for the link."""
        return f"{self.a}-{self.b}"

    def address(self, node: str, version: int) -> str:
        """Return the node's address on this link."""
        host = self.host_a if node == self.a else self.host_b
        return str(self.net4[host] if version == 4 else self.net6[host])


@dataclass(frozen=True, slots=True)
class Plan:
    """All addresses and names of one run."""

    seed: int
    links: dict[str, Link]
    shape: Shape
    host: str
    mirror_host: str
    search: str
    organisation: str
    module_base: str

    def address(self, node: str, version: int = 4) -> str:
        """Return the address by which others know the node: that of its client side."""
        for link in self.links.values():
            if node in (link.b, "client"):
                return link.address(node, version)
        raise ValueError(f"no node {node} in this shape")

    def names(self) -> dict[str, str]:
        """Return the words that scenarios may use in braces."""
        words = {
            "host": self.host,
            "mirror_host": self.mirror_host,
            "search": self.search,
            "organisation": self.organisation,
        }
        for node in self.shape.nodes:
            words[f"{node}4"] = self.address(node, 4)
            words[f"{node}6"] = self.address(node, 6)
        return words


def make_plan(seed: int, shape: Shape = STANDARD) -> Plan:
    """Draw one network from a seed."""
    rng = random.Random(f"plan {seed}")
    inside4 = _private_networks(rng) if shape.private else _inside_networks(rng)
    outside4 = _outside_networks(rng)
    site6 = 0x20010DB8 << 96 | rng.getrandbits(16) << 80
    links = {}
    for number, (a, b) in enumerate(shape.links):
        name = f"{a}-{b}"
        pool = outside4 if shape.is_outside(a) else inside4
        net6 = IPv6Network((site6 + ((number * 0x101 + rng.randrange(1, 200)) << 64), 64))
        hosts = rng.sample(range(1, 250), 2)
        if not pool:
            pool.append(IPv4Network(f"198.18.{number}.0/24"))
        links[name] = Link(a, b, pool.pop(), net6, hosts[0], hosts[1])
    first, second, third = rng.sample(_WORDS.split(), 3)
    zone = rng.choice(_ZONES)
    return Plan(
        seed=seed,
        links=links,
        shape=shape,
        host=f"{rng.choice(_PREFIXES)}.{first}.{zone}",
        mirror_host=f"{rng.choice(_PREFIXES)}-{rng.randrange(2, 9)}.{second}.{rng.choice(_ZONES)}",
        search=f"{third}.internal",
        organisation=f"{first.title()} {second.title()}",
        module_base=f"{first}.{zone}/{second}",
    )


def _inside_networks(rng: random.Random) -> list[IPv4Network]:
    lan = rng.choice(("10", "172", "192"))
    bases = []
    for number in rng.sample(range(1, 250), 8):
        if lan == "10":
            bases.append(f"10.{rng.randrange(0, 255)}.{number}.0/24")
        elif lan == "172":
            bases.append(f"172.{rng.randrange(16, 32)}.{number}.0/24")
        else:
            bases.append(f"192.168.{number}.0/24")
    return [IPv4Network(base) for base in bases]


def _private_networks(rng: random.Random) -> list[IPv4Network]:
    second = rng.randrange(0, 255)
    return [IPv4Network(f"10.{second}.{n}.0/24") for n in rng.sample(range(250), 30)]


def _outside_networks(rng: random.Random) -> list[IPv4Network]:
    numbers = rng.sample(range(256, 512), 2)
    bench = [IPv4Network((int(IPv4Network("198.18.0.0/15")[0]) + (n << 8), 24)) for n in numbers]
    networks = [*bench, IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.0/24")]
    rng.shuffle(networks)
    return networks
