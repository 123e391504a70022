"""Scenarios drawn by lot: a fault out of many in a network that nobody chose."""

from __future__ import annotations

import random

from tests.lab.expectation import HEALTHY
from tests.lab.lots import FAULTS, Table
from tests.lab.model import Camera, Impair, Modules, Nginx, Scenario, both
from tests.lab.shape import Shape, chain

_BESIDE = (
    "",
    "",
    "for n in a b c; do dig +tries=1 +time=1 $n.{search}; done",
    "for i in 1 2; do timeout 1 bash -c '</dev/tcp/{mirror4}/8123'; sleep 0.1; done",
    "ping -c 5 -i 0.1 {server4}",
    "curl -sk -m 3 https://{mirror4}/x; curl -s -m 3 http://{mirror4}/y",
)


def throw(seed: int, only: str = "") -> Scenario:
    """Return one scenario; the same seed gives the same."""
    rng = random.Random(f"dice {seed}")
    names = [name for name in FAULTS if name.startswith(only)]
    name = rng.choice(names)
    private = rng.random() < 0.3
    routers = rng.randint(1, 11)
    near = min(routers + 1, 4)
    # A proxy on the client's own link would have no way out.
    shape = chain(routers, rng.randint(1, near), rng.randint(2, near), private)
    table = Table(rng, shape, _network(rng, shape, f"dice-{seed}-{name}"))
    return FAULTS[name](table)


def _network(rng: random.Random, shape: Shape, name: str) -> Scenario:
    way = shape.way("server")
    delay_ms = rng.choice((0.05, 1, 4, 9, 25, 60, 75))
    far = f"{way[-2]}-{way[-1]}"
    tls = rng.choice(("TLSv1.2", "TLSv1.3"))
    return Scenario(
        name=name,
        breaks=f"drawn by lot: {name}",
        expect=HEALTHY,
        shape=shape,
        server=Nginx(tls=tls, http2=rng.random() < 0.7),
        mirror=Nginx(tls=None),
        goproxy=rng.choice(("http://{host}", "https://{host}", "https://{host}")),
        wires={far: both(Impair(delay_ms=delay_ms))},
        ttls={node: rng.choice((64, 64, 128, 255)) for node in ("server", "resolver", "client")},
        family=rng.choice(("4", "4", "6", "46")),
        go=rng.choice(("current", "current", "1.24", "1.22", "1.19")),
        modules=Modules(count=rng.randint(1, 12), size_kb=rng.choice((5, 30, 150))),
        background=rng.choice(_BESIDE),
        camera=Camera(every_interface=rng.random() < 0.2),
    )
