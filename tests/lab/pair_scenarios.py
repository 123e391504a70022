"""Downloads recorded at two points at once: faults between the points, before and behind them."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.expectation import HEALTHY, Expected, Words, degraded, failed
from tests.lab.latency import METRO, METRO_BOTH
from tests.lab.model import Act, Dns, Faulty, Forger, Impair, Modules, Nginx, Proxy, Scenario, both
from tests.lab.pairs import PairScenario, Point

_CLIENT = Point(node="client", peer="gateway")
_LAN = Point(node="gateway", peer="client")
_WAN = Point(node="gateway", peer="firewall")
_FIREWALL = Point(node="firewall", peer="gateway")
_TRANSIT = Point(node="transit", peer="firewall")
_SERVER = Point(node="server", peer="transit")

_BIG = Modules(count=1, size_kb=400)
_MEDIUM = Modules(count=2, size_kb=700)
_ON_THE_WAY: Words = ("path", "transit", "middlebox")
_RESET = frozenset(("reset",))
_PLAIN = Scenario(name="", breaks="", expect=HEALTHY, wires=METRO, modules=_BIG)
_LOSS = replace(
    _PLAIN,
    wires=METRO | {"firewall-transit": both(Impair(loss=0.06))},
    modules=_MEDIUM,
    exclusive=True,
)
_PUBLIC = Dns(node="mirror")


def _pair(
    name: str,
    breaks: str,
    points: tuple[Point, Point],
    expect: Expected,
    where: str | None,
    hops: int | None,
    scenario: Scenario = _PLAIN,
    forged: frozenset[str] = frozenset(),
    changed: frozenset[str] = frozenset(),
    ties: frozenset[str] = frozenset(("same",)),
) -> PairScenario:
    return PairScenario(
        scenario=replace(scenario, name=f"pair-{name}", breaks=breaks, expect=expect),
        near=points[0],
        far=points[1],
        expect=expect,
        where=where,
        hops=hops,
        changed=changed,
        forged=forged,
        ties=ties,
    )


PAIRS = (
    _pair("healthy", "nothing; client and server", (_CLIENT, _SERVER), HEALTHY, None, 3),
    _pair(
        "healthy-snaplen",
        "nothing; 96 bytes in a classic pcap at the client, everything at the server",
        (replace(_CLIENT, snaplen=96, container="pcap"), _SERVER),
        Expected(("healthy", "inconclusive")),
        None,
        3,
    ),
    _pair(
        "healthy-ipv6",
        "nothing; IPv6, both sides of the gateway",
        (_LAN, _WAN),
        HEALTHY,
        None,
        1,
        replace(_PLAIN, family="6"),
    ),
    _pair(
        "healthy-nat",
        "nothing; the gateway hides the client's address and port",
        (_LAN, _WAN),
        HEALTHY,
        None,
        1,
        replace(_PLAIN, nat="gateway"),
        changed=frozenset(("client_address",)),
    ),
    _pair(
        "healthy-mss",
        "nothing that hurts: the firewall clamps the MSS",
        (_CLIENT, _SERVER),
        HEALTHY,
        None,
        3,
        replace(_PLAIN, rules={"firewall": "tcp flags syn tcp option maxseg size set 1200"}),
        changed=frozenset(("mss",)),
    ),
    _pair(
        "healthy-proxy",
        "nothing; CONNECT through a proxy between client and server",
        (_CLIENT, _SERVER),
        HEALTHY,
        None,
        None,
        replace(_PLAIN, proxy=Proxy()),
        ties=frozenset(("terminated",)),
    ),
    _pair(
        "healthy-inspected",
        "nothing: the firewall inspects TLS and the client trusts its CA",
        (_LAN, _TRANSIT),
        HEALTHY,
        None,
        2,
        replace(_PLAIN, inspect=True, trusts=("inspector",), dns=_PUBLIC, wires=METRO_BOTH),
        ties=frozenset(("rewritten",)),
    ),
    _pair(
        "loss-between",
        "the link behind the firewall loses 6 % both ways, between the points",
        (_CLIENT, _SERVER),
        degraded("path.loss", _ON_THE_WAY, (2, 3)),
        "between",
        3,
        _LOSS,
    ),
    _pair(
        "loss-between-nat",
        "the link behind the firewall loses 6 % both ways; the gateway hides the client",
        (_CLIENT, _SERVER),
        degraded("path.loss", _ON_THE_WAY, (2, 3)),
        "between",
        3,
        replace(_LOSS, nat="gateway"),
        changed=frozenset(("client_address",)),
    ),
    _pair(
        "loss-beyond",
        "the link behind the firewall loses 6 % both ways, behind both points",
        (_CLIENT, _FIREWALL),
        degraded("path.loss", _ON_THE_WAY, (2, 3)),
        "beyond",
        1,
        _LOSS,
    ),
    _pair(
        "loss-before",
        "the client's own link loses 6 % both ways, before both points",
        (_WAN, _SERVER),
        Expected("degraded", "path.loss"),
        "before",
        2,
        replace(_LOSS, wires=METRO | {"client-gateway": both(Impair(loss=0.06))}),
    ),
    _pair(
        "reset-between",
        "the firewall resets the body, between the points",
        (_CLIENT, _SERVER),
        failed("tcp.reset_injected", "middlebox", (2, 2)),
        "between",
        3,
        replace(_PLAIN, forgers=(Forger(node="firewall", trigger="body", after_kb=60),)),
        forged=_RESET,
    ),
    _pair(
        "reset-between-mimic",
        "the firewall resets the body with the server's own TTL, for the client only",
        (_CLIENT, _SERVER),
        failed("tcp.reset_injected", "middlebox", (2, 2)),
        "between",
        3,
        replace(
            _PLAIN,
            forgers=(
                # One reset would do, but data that overtakes it makes the client ignore it.
                Forger(node="firewall", trigger="body", after_kb=60, ttl=0, how="client", copies=1),
            ),
        ),
        forged=_RESET,
    ),
    _pair(
        "reset-beyond",
        "a transit box resets the body, behind both points",
        (_CLIENT, _FIREWALL),
        failed("tcp.reset_injected", "middlebox", (3, 3)),
        "beyond",
        1,
        replace(_PLAIN, forgers=(Forger(node="transit", trigger="body", after_kb=60),)),
    ),
    _pair(
        "reset-by-server",
        "the server resets every zip half-way",
        (_CLIENT, _SERVER),
        failed("tcp.reset_by_server", "server", (4, 4)),
        "beyond",
        3,
        replace(
            _PLAIN,
            server=Faulty(tls=None, acts=(Act(suffix=".zip", do="reset"),)),
            goproxy="http://{host}",
        ),
    ),
    _pair(
        "sni-reset",
        "the firewall resets what names the server",
        (_CLIENT, _SERVER),
        failed(("tls.sni_blocked", "tls.client_hello_rejected"), "middlebox", (2, 2)),
        "between",
        3,
        replace(_PLAIN, forgers=(Forger(node="firewall", trigger="sni"),)),
        forged=_RESET,
    ),
    _pair(
        "mtu-between",
        "packets over 1400 bytes from the server vanish behind the firewall, between the points",
        (_CLIENT, _SERVER),
        failed("path.mtu_blackhole", _ON_THE_WAY, (2, 3)),
        "between",
        3,
        replace(_PLAIN, wires=METRO | {"firewall-transit": (Impair(), Impair(mtu=1400))}),
    ),
    _pair(
        "mtu-beyond",
        "packets over 1400 bytes from the server vanish behind both points",
        (_CLIENT, _FIREWALL),
        failed("path.mtu_blackhole", _ON_THE_WAY, (2, 3)),
        "beyond",
        1,
        replace(_PLAIN, wires=METRO | {"firewall-transit": (Impair(), Impair(mtu=1400))}),
    ),
    _pair(
        "silent-between",
        "the link behind the firewall falls silent in the middle of a body",
        (_CLIENT, _SERVER),
        failed("tcp.blackhole", _ON_THE_WAY, (2, 3)),
        "between",
        3,
        replace(
            _PLAIN,
            wires=METRO | {"firewall-transit": both(Impair(silent_after_kb=100))},
            timeout_s=14,
        ),
    ),
    _pair(
        "latency-between",
        "300 ms each way behind the firewall, between the points",
        (_CLIENT, _TRANSIT),
        degraded("path.high_latency", _ON_THE_WAY, (2, 3)),
        "between",
        2,
        replace(_PLAIN, wires={"firewall-transit": both(Impair(delay_ms=300))}),
    ),
    _pair(
        "latency-beyond",
        "300 ms each way before the server, behind both points",
        (_CLIENT, _TRANSIT),
        degraded("path.high_latency", _ON_THE_WAY, (3, 4)),
        "beyond",
        2,
        replace(_PLAIN, wires={"transit-server": both(Impair(delay_ms=300))}),
    ),
    _pair(
        "dns-forged",
        "the firewall answers before the public resolver does, between the points",
        (_CLIENT, _TRANSIT),
        failed("dns.forged", "middlebox", (2, 2)),
        "between",
        2,
        replace(
            _PLAIN,
            dns=_PUBLIC,
            forgers=(Forger(node="firewall", trigger="dns", address="{resolver4}"),),
            wires=METRO_BOTH,
        ),
        forged=frozenset(("answer",)),
        ties=frozenset(),
    ),
    _pair(
        "inspected",
        "the firewall opens TLS with a certificate that the client does not trust",
        (_LAN, _TRANSIT),
        failed("tls.intercepted", "middlebox", (2, 2)),
        "between",
        2,
        replace(_PLAIN, inspect=True, dns=_PUBLIC, wires=METRO_BOTH),
        ties=frozenset(),
    ),
    _pair(
        "not-found",
        "the server has no such module",
        (_CLIENT, _SERVER),
        failed("http.not_found", "server", (4, 4)),
        "beyond",
        3,
        replace(_PLAIN, goproxy="http://{host}/nothing"),
    ),
    _pair(
        "reset-nat",
        "the firewall resets the body with the server's own TTL; a NAT and both points around it",
        (_CLIENT, _SERVER),
        failed("tcp.reset_injected", "middlebox", (2, 2)),
        "between",
        3,
        replace(
            _PLAIN,
            nat="gateway",
            modules=Modules(count=1, size_kb=120),
            server=Nginx(limit_rate="200k"),
            forgers=(
                Forger(node="firewall", trigger="body", after_kb=30, ttl=0, how="client", copies=1),
            ),
        ),
        forged=_RESET,
        changed=frozenset(("client_address",)),
    ),
    _pair(
        "loss-short",
        "the link behind the firewall loses 20 % both ways, between the points",
        (_CLIENT, _SERVER),
        degraded("path.loss", _ON_THE_WAY, (2, 3)),
        "between",
        3,
        replace(
            _LOSS,
            wires=METRO | {"firewall-transit": both(Impair(loss=0.2))},
            modules=Modules(count=2, size_kb=40),
        ),
    ),
)
