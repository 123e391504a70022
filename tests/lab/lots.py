"""What can be drawn by lot: a fault, given a network that works."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.lab.expectation import HEALTHY, UNTOLD, Expected, degraded, failed
from tests.lab.model import (
    Act,
    Dns,
    Faulty,
    Forger,
    Impair,
    Modules,
    Nginx,
    Proxy,
    Reply,
    Scenario,
    both,
)
from tests.lab.shape import Shape

#: Braces are doubled because rules may name addresses.
_WEB = "tcp dport {{ 80, 443 }}"
_ON_THE_WAY = ("path", "transit", "middlebox", "gateway")
_CERTIFICATES = {
    "expired": "tls.expired",
    "self_signed": "tls.self_signed",
    "wrong_name": "tls.name_mismatch",
    "untrusted_root": "tls.untrusted_issuer",
    "missing_intermediate": "tls.chain_incomplete",
}
_STATUSES = {
    403: ("http.unauthorized", "server"),
    401: ("http.unauthorized", "server"),
    404: ("http.not_found", "server"),
    410: ("http.not_found", "server"),
    429: ("http.rate_limited", "server"),
    500: ("http.server_error", "server"),
    502: ("http.server_error", "upstream"),
    503: ("http.server_error", "upstream"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """What the dice are thrown on: the network that is broken, and the dice."""

    rng: random.Random
    shape: Shape
    base: Scenario

    @property
    def end(self) -> tuple[int, int]:
        """Return the server's place."""
        return (self.shape.distance("server"),) * 2

    def router(self) -> tuple[str, tuple[int, int]]:
        """Choose a router on the way and return its place."""
        node = self.rng.choice(self.shape.way("server")[1:-1])
        return node, (self.shape.distance(node),) * 2

    def link(self, impair: Impair, inwards_only: bool = False) -> tuple[Scenario, tuple[int, int]]:
        """Add an impairment to a link on the way that has none."""
        way = self.shape.way("server")
        names = [f"{a}-{b}" for a, b in pairwise(way)]
        free = [name for name in names if name not in self.base.wires] or names
        name = self.rng.choice(free)
        near = names.index(name)
        duplex = (Impair(), impair) if inwards_only else both(impair)
        return replace(self.base, wires={**self.base.wires, name: duplex}), (near, near + 1)


Fault = Callable[[Table], Scenario]


def _healthy(table: Table) -> Scenario:
    impair = Impair(
        loss=table.rng.choice((0.0, 0.0, 0.001)),
        duplicate=table.rng.choice((0.0, 0.005)),
        jitter_ms=table.rng.choice((0.0, 0.0, 3.0)),
    )
    return table.link(impair)[0]


def _dns(mode: str, cause: str) -> Fault:
    def build(table: Table) -> Scenario:
        place = (table.shape.distance("resolver"),) * 2
        dns = Dns(replies={"*": Reply(mode=mode)})
        return replace(
            table.base, dns=dns, expect=failed(cause, "resolver", place), goproxy="https://{host}"
        )

    return build


def _dns_slow(table: Table) -> Scenario:
    place = (table.shape.distance("resolver"),) * 2
    dns = Dns(replies={"*": Reply(delay_s=table.rng.choice((1.5, 2.5, 4.0)))})
    return replace(table.base, dns=dns, expect=degraded("dns.slow", "resolver", place))


def _refused(table: Table) -> Scenario:
    return replace(
        table.base,
        server=Nginx(tls=None),
        goproxy="https://{host}",
        expect=failed("tcp.refused", "server", table.end),
    )


def _dropped(table: Table) -> Scenario:
    node, place = table.router()
    expect = failed("tcp.syn_timeout", (*_ON_THE_WAY, "server"), place, vague=True)
    rules = {node: f"{_WEB} drop"}
    return replace(
        table.base,
        rules=rules,
        expect=expect,
        family="4",
        modules=Modules(count=1),
        seconds=32,
    )


def _prohibited(table: Table) -> Scenario:
    node, place = table.router()
    kind = table.rng.choice(("admin-prohibited", "no-route"))
    rules = {node: f"{_WEB} reject with icmpx type {kind}"}
    roles = ("middlebox", "transit", "gateway")
    return replace(table.base, rules=rules, expect=failed("tcp.unreachable", roles, place))


def _injected(table: Table) -> Scenario:
    node, place = table.router()
    ttl = table.rng.choice((64, 64, 128, 255))
    forger = Forger(
        node=node,
        trigger="body",
        after_kb=table.rng.choice((30, 120)),
        ttl=ttl,
        how=table.rng.choice(("both", "client")),
    )
    return replace(
        table.base,
        forgers=(forger,),
        modules=Modules(count=1, size_kb=800),
        expect=failed("tcp.reset_injected", "middlebox", place),
    )


def _sni(table: Table) -> Scenario:
    node, place = table.router()
    how = table.rng.choice(("both", "client", "fin"))
    forger = Forger(node=node, trigger="sni", ttl=table.rng.choice((64, 128, 255)), how=how)
    causes = ("tls.sni_blocked", "tls.client_hello_rejected", "tcp.reset_injected")
    return replace(
        table.base,
        forgers=(forger,),
        goproxy="https://{host}",
        expect=failed(causes, "middlebox", place),
    )


def _certificate(table: Table) -> Scenario:
    kind = table.rng.choice(tuple(_CERTIFICATES))
    server = table.base.server
    assert isinstance(server, Nginx)
    hidden = failed("tls.certificate_rejected", "server", table.end)
    return replace(
        table.base,
        server=replace(server, certificate=kind),
        goproxy="https://{host}",
        expect=failed(_CERTIFICATES[kind], "server", table.end),
        bare=hidden if server.tls == "TLSv1.3" else None,
    )


def _alert(table: Table) -> Scenario:
    number = table.rng.choice((40, 80, 112))
    cause = "tls.unrecognized_name" if number == 112 else "tls.handshake_failure"
    return replace(
        table.base,
        server=Faulty(hello=f"alert:{number}"),
        goproxy="https://{host}",
        expect=failed(cause, "server", table.end),
    )


def _silent_hello(table: Table) -> Scenario:
    return replace(
        table.base,
        server=Faulty(hello="silent"),
        goproxy="https://{host}",
        expect=failed("tls.handshake_timeout", "server", table.end),
        seconds=12,
    )


def _status(table: Table) -> Scenario:
    status = table.rng.choice(tuple(_STATUSES))
    cause, role = _STATUSES[status]
    suffix = table.rng.choice(("", ".zip", ".mod"))
    act = Act(suffix=suffix, do="status", status=status, body="no\n")
    tls = table.rng.choice((None, None, "TLSv1.3"))
    place = table.end if role == "server" else None
    return replace(
        table.base,
        server=Faulty(tls=tls, acts=(act,)),
        goproxy="https://{host}" if tls else "http://{host}",
        expect=failed(cause, role, place),
        bare=UNTOLD if tls else None,
    )


def _broken_body(table: Table) -> Scenario:
    what = table.rng.choice(("truncate", "reset"))
    act = Act(suffix=".zip", do=what, share=table.rng.choice((0.2, 0.6)))
    tls = table.rng.choice((None, "TLSv1.2", "TLSv1.3"))
    cause = {"truncate": "http.truncated_body", "reset": "tcp.reset_by_server"}[what]
    vague = Expected(("failed", "healthy", "inconclusive"), (cause, ""))
    return replace(
        table.base,
        server=Faulty(tls=tls, acts=(act,)),
        goproxy="https://{host}" if tls else "http://{host}",
        modules=Modules(count=2, size_kb=300),
        expect=failed(cause, "server", table.end),
        bare=vague if tls and what == "truncate" else None,
    )


def _proxy(table: Table) -> Scenario:
    mode = table.rng.choice(("407", "403", "502", "ok"))
    place = (table.shape.distance("proxy"),) * 2
    expect = {
        "407": failed("proxy.auth_required", "proxy", place),
        "403": failed("proxy.denied", "proxy", place),
        "502": failed("proxy.bad_gateway", "upstream"),
        "ok": HEALTHY,
    }[mode]
    family = "4" if table.base.family == "46" else table.base.family
    # Other programs would find the proxy in the environment and ask it for what it lacks.
    base = replace(table.base, goproxy="https://{host}", family=family, background="")
    return replace(base, proxy=Proxy(mode=mode), expect=expect)


def _loss(table: Table) -> Scenario:
    scenario, place = table.link(Impair(loss=0.06))
    expect = degraded("path.loss", (*_ON_THE_WAY, "client", "server"), place, vague=True)
    return replace(scenario, expect=expect, modules=Modules(count=2, size_kb=900), seconds=15)


def _mtu(table: Table) -> Scenario:
    scenario, place = table.link(Impair(mtu=1380), inwards_only=True)
    expect = failed("path.mtu_blackhole", (*_ON_THE_WAY, "server"), place, vague=True)
    return replace(
        scenario, expect=expect, modules=Modules(count=1, size_kb=200), timeout_s=14, seconds=15
    )


FAULTS: dict[str, Fault] = {
    "healthy": _healthy,
    "dns-nxdomain": _dns("nxdomain", "dns.nxdomain"),
    "dns-servfail": _dns("servfail", "dns.servfail"),
    "dns-refused": _dns("refused", "dns.refused"),
    "dns-empty": _dns("empty", "dns.no_address"),
    "dns-slow": _dns_slow,
    "refused": _refused,
    "dropped": _dropped,
    "prohibited": _prohibited,
    "injected": _injected,
    "sni": _sni,
    "certificate": _certificate,
    "alert": _alert,
    "silent-hello": _silent_hello,
    "status": _status,
    "broken-body": _broken_body,
    "proxy": _proxy,
    "loss": _loss,
    "mtu": _mtu,
}
