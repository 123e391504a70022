"""Recordings from other places: routers, servers, every interface at once."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, Words, degraded, failed
from tests.lab.latency import FAR, METRO
from tests.lab.model import (
    Camera,
    Dns,
    Faulty,
    Forger,
    Impair,
    Modules,
    Nginx,
    Scenario,
)

_BIG = Modules(count=1, size_kb=400)
_ANY = Camera(every_interface=True)
# A router's own capture has each packet twice, before and after it took one from the TTL: hosts
# are at either distance from it.
_GATEWAY = Camera(node="gateway")
_FIREWALL = Camera(node="firewall")
_SERVER = Camera(node="server")
_UNSURE = Expected(("healthy", "inconclusive"))
_CLOSED = Nginx(tls=None)


def _cut(*how: str, snaplen: int = 0) -> Camera:
    return Camera(snaplen=snaplen, after=how)


def _maybe(cause: str, role: Words, distance: tuple[int, int] | None = None) -> Expected:
    """Either this cause or the admission that the capture does not tell."""
    return Expected(("failed", "inconclusive"), (cause, ""), role, distance)


SCENARIOS = (
    Scenario(
        name="any-healthy",
        breaks="nothing; recorded on every interface with cooked headers",
        expect=HEALTHY,
        camera=_ANY,
        wires=METRO,
    ),
    Scenario(
        name="any-healthy-stub",
        breaks="nothing; cooked headers, a stub resolver on the loopback",
        expect=HEALTHY,
        dns=Dns(stub="127.0.0.53"),
        camera=_ANY,
        wires=METRO,
    ),
    Scenario(
        name="any-gateway-healthy",
        breaks="nothing; recorded on the gateway's interfaces at once: each packet twice",
        resembles=("path.loss", "capture.incomplete"),
        expect=HEALTHY,
        camera=Camera(node="gateway", every_interface=True),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="any-gateway-refused",
        breaks="a closed port; recorded on the gateway's interfaces at once",
        expect=failed("tcp.refused", "server", (3, 3)),
        server=_CLOSED,
        camera=Camera(node="gateway", every_interface=True),
        wires=METRO,
    ),
    Scenario(
        name="any-expired",
        breaks="an expired certificate; cooked headers",
        expect=failed("tls.expired", "server", (4, 4)),
        server=Nginx(tls="TLSv1.2", certificate="expired"),
        camera=_ANY,
        wires=METRO,
    ),
    Scenario(
        name="any-reset-injected",
        breaks="the firewall resets the body; cooked headers",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
        camera=_ANY,
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="gateway-healthy",
        breaks="nothing; recorded at the gateway, both links side by side",
        expect=HEALTHY,
        camera=_GATEWAY,
        wires=METRO,
        modules=_BIG,
    ),
    Scenario(
        name="gateway-self-signed",
        breaks="a self-signed certificate; recorded at the gateway",
        expect=failed("tls.self_signed", "server", (3, 4)),
        server=Nginx(tls="TLSv1.2", certificate="self_signed"),
        camera=_GATEWAY,
        wires=METRO,
    ),
    Scenario(
        name="firewall-healthy",
        breaks="nothing; recorded at the firewall, which sees no name lookup",
        expect=HEALTHY,
        camera=_FIREWALL,
        wires=METRO,
    ),
    Scenario(
        name="firewall-sees-refused",
        breaks="a closed port; recorded at the firewall",
        expect=failed("tcp.refused", "server", (2, 3)),
        server=_CLOSED,
        camera=_FIREWALL,
        wires=METRO,
    ),
    Scenario(
        name="firewall-sees-late-handshake",
        breaks="the server takes 3 s for its turn; recorded at the firewall, block by block",
        expect=degraded("tls.slow_handshake", "server", (2, 3)),
        resembles=("path.loss", "capture.incomplete"),
        server=Faulty(hello="late:3"),
        camera=_FIREWALL,
        wires=METRO,
        seconds=5,
    ),
    Scenario(
        name="firewall-sees-reset-transit",
        breaks="a transit box resets the body; recorded at the firewall",
        expect=failed("tcp.reset_injected", "middlebox", (1, 2)),
        forgers=(Forger(node="transit", trigger="body", after_kb=60),),
        camera=_FIREWALL,
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="server-sees-reset-in-clients-name",
        breaks="the firewall resets the body both ways; recorded at the server",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
        camera=_SERVER,
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="server-sees-large-ones-die",
        breaks="packets over 1400 bytes vanish before the firewall; recorded at the server",
        resembles=("tcp.blackhole", "tls.handshake_timeout"),
        expect=failed("path.mtu_blackhole", ("path", "transit", "middlebox", "gateway")),
        camera=_SERVER,
        wires=METRO | {"gateway-firewall": (Impair(), Impair(mtu=1400))},
        seconds=12,
    ),
    Scenario(
        name="server-sees-healthy",
        breaks="nothing; recorded at the server",
        expect=HEALTHY,
        camera=_SERVER,
        wires=FAR,
    ),
)
