"""The downloads whose truth is compared: each kind of trouble, before and behind the middle."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.expectation import HEALTHY
from tests.lab.model import Duplex, Impair, Modules, Nginx, Scenario, both

_NEAR, _FAR = "gateway-firewall", "transit-server"
#: What badhop concludes is not asked here.
_ANY = HEALTHY


def _course(name: str, breaks: str, near: Duplex, far: Duplex, **more: object) -> Scenario:
    wires = {_NEAR: near, _FAR: far}
    return Scenario(name=name, breaks=breaks, expect=_ANY, wires=wires, **more)  # type: ignore[arg-type]


def _delay(ms: float, **more: float) -> Impair:
    return replace(Impair(delay_ms=ms), **more)  # type: ignore[arg-type]


_BULK = Modules(count=2, size_kb=700)
_SMALL = Modules(count=12, size_kb=6)
_PAGES = Nginx(http2=False)
_CONNECTIONS = Nginx(http2=False, keep_alive=False)

COURSES = (
    _course(
        "loss-everywhere",
        "both wires lose 3 % both ways",
        both(_delay(3, loss=0.03)),
        both(_delay(12, loss=0.03)),
        modules=_BULK,
    ),
    _course(
        "loss-far",
        "the wire at the server loses 6 %",
        both(_delay(2)),
        both(_delay(15, loss=0.06)),
        modules=_BULK,
    ),
    _course(
        "loss-near",
        "the wire at the client loses 6 %",
        both(_delay(10, loss=0.06)),
        both(_delay(10)),
        modules=_BULK,
    ),
    _course(
        "loss-long",
        "150 ms there and back, 4 % lost",
        both(_delay(15, loss=0.02)),
        both(_delay(60, loss=0.02)),
        modules=Modules(count=1, size_kb=500),
    ),
    _course(
        "loss-ipv6",
        "IPv6, both wires lose 4 %",
        both(_delay(4, loss=0.04)),
        both(_delay(8, loss=0.04)),
        modules=_BULK,
        family="6",
    ),
    _course(
        "small-answers",
        "short requests and answers on kept connections, 8 % lost",
        both(_delay(4, loss=0.08)),
        both(_delay(10, loss=0.08)),
        modules=_SMALL,
        server=_PAGES,
    ),
    _course(
        "many-connections",
        "a connection for each request, 8 % lost",
        both(_delay(4, loss=0.08)),
        both(_delay(10, loss=0.08)),
        modules=_SMALL,
        server=_CONNECTIONS,
    ),
    _course(
        "loss-heavy",
        "15 % lost on the way back, 10 % there",
        (_delay(5, loss=0.1), _delay(5, loss=0.05)),
        (_delay(12), _delay(12, loss=0.1)),
        modules=Modules(count=3, size_kb=60),
    ),
    _course(
        "delay-spikes",
        "delay wanders by 400 ms",
        both(_delay(2)),
        both(_delay(8, jitter_ms=400)),
        modules=Modules(count=8, size_kb=40),
        server=_PAGES,
    ),
    _course(
        "reordered-a-little",
        "every twentieth packet comes 6 ms late",
        (_delay(2), _delay(2, reorder=0.05, reorder_ms=6)),
        both(_delay(12)),
        modules=_BULK,
    ),
    _course(
        "reordered-far",
        "every twentieth packet comes 80 ms late",
        both(_delay(2)),
        (_delay(12), _delay(12, rate_mbit=20, queue_kb=200, reorder=0.05, reorder_ms=80)),
        modules=_BULK,
    ),
    _course(
        "policed",
        "a policer drops what exceeds 3 Mbit/s",
        both(_delay(2)),
        (_delay(15), _delay(15, police_mbit=3, burst_kb=20)),
        modules=Modules(count=1, size_kb=700),
    ),
    _course(
        "short-queue",
        "a queue of 15 kB before 3 Mbit/s into the client",
        (_delay(5), _delay(5, rate_mbit=3, queue_kb=15)),
        both(_delay(10)),
        modules=Modules(count=1, size_kb=700),
    ),
    _course(
        "duplicated",
        "every tenth packet arrives twice, 2 % are lost",
        (_delay(3), _delay(3, duplicate=0.1, loss=0.02)),
        both(_delay(12)),
        modules=_BULK,
    ),
)
