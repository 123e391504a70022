"""Faults of the resolver and of the way to it."""

from __future__ import annotations

from tests.lab.expectation import degraded, failed
from tests.lab.latency import METRO, METRO_BOTH
from tests.lab.model import Dns, Forger, Modules, Reply, Scenario

_RESOLVER = (2, 2)
_PUBLIC = "mirror"


def _all(mode: str) -> Dns:
    return Dns(replies={"*": Reply(mode=mode)})


SCENARIOS = (
    Scenario(
        name="dns-nxdomain",
        breaks="the resolver denies the module server's name",
        expect=failed("dns.nxdomain", "resolver", _RESOLVER),
        dns=_all("nxdomain"),
    ),
    Scenario(
        name="dns-nxdomain-search",
        breaks="the name and every name made from the search list are denied",
        expect=failed("dns.nxdomain", "resolver", _RESOLVER),
        dns=Dns(
            replies={"*": Reply(mode="nxdomain")}, search=("{search}", "svc.{search}"), ndots=5
        ),
    ),
    Scenario(
        name="dns-servfail",
        breaks="the resolver answers SERVFAIL",
        resembles=("dns.edns_intolerant",),
        expect=failed("dns.servfail", "resolver", _RESOLVER),
        dns=_all("servfail"),
    ),
    Scenario(
        name="dns-refused",
        breaks="the resolver refuses this client",
        resembles=("dns.edns_intolerant",),
        expect=failed("dns.refused", "resolver", _RESOLVER),
        dns=_all("refused"),
    ),
    Scenario(
        name="dns-no-address",
        breaks="the name exists and has neither A nor AAAA",
        expect=failed("dns.no_address", "resolver", _RESOLVER),
        dns=_all("empty"),
    ),
    Scenario(
        name="dns-silent",
        breaks="the resolver's daemon takes queries for the name and never answers",
        resembles=("dns.lossy",),
        # No packet of the resolver is ever seen, so its distance may stay unknown.
        expect=failed("dns.no_response", "resolver", _RESOLVER, vague=True),
        dns=_all("silent"),
        seconds=11,
    ),
    Scenario(
        name="dns-host-down",
        breaks="the resolver's host takes no packet at all",
        expect=failed("dns.no_response", ("resolver", "path"), _RESOLVER, vague=True),
        input_rules={"resolver": "drop"},
        seconds=11,
    ),
    Scenario(
        name="dns-port-unreachable",
        breaks="no daemon listens on the resolver; its kernel says so",
        expect=failed("dns.unreachable", "resolver", _RESOLVER),
        dns=Dns(running=False),
        seconds=11,
    ),
    Scenario(
        name="dns-prohibited-gateway",
        breaks="the gateway refuses to forward DNS and says so",
        expect=failed("dns.unreachable", "gateway", (1, 1)),
        rules={"gateway": "udp dport 53 reject with icmpx type admin-prohibited"},
        seconds=11,
    ),
    Scenario(
        name="dns-prohibited-firewall",
        breaks="the firewall prohibits DNS to a public resolver",
        expect=failed("dns.unreachable", "middlebox", (2, 2)),
        dns=Dns(node=_PUBLIC),
        rules={"firewall": "udp dport 53 reject with icmpx type admin-prohibited"},
        seconds=11,
    ),
    Scenario(
        name="dns-forged",
        breaks="the firewall answers before the public resolver does",
        expect=failed("dns.forged", "middlebox", (2, 2)),
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="firewall", trigger="dns", address="{resolver4}"),),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="dns-forged-transit",
        breaks="a transit router with an initial TTL of 255 answers before the public resolver",
        expect=failed("dns.forged", "middlebox", (3, 3)),
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="transit", trigger="dns", ttl=255, address="{resolver4}"),),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="dns-forged-mimic",
        breaks="the firewall answers first and copies the resolver's TTL",
        expect=failed("dns.forged", "middlebox", (2, 2), vague=True),
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="firewall", trigger="dns", ttl=62, address="{resolver4}"),),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="dns-bogus-loopback",
        breaks="the resolver's filter list answers 127.0.0.1",
        expect=failed("dns.bogus_address", "resolver", _RESOLVER),
        dns=Dns(addresses=("127.0.0.1",)),
    ),
    Scenario(
        name="dns-bogus-unspecified",
        breaks="the resolver's filter list answers 0.0.0.0 and ::",
        expect=failed("dns.bogus_address", "resolver", _RESOLVER),
        dns=Dns(addresses=("0.0.0.0", "::")),
    ),
    Scenario(
        name="dns-bogus-private",
        breaks="the resolver answers a private address where nothing listens on 443",
        # Nothing on the wire tells a wrong private address from a right one that is down.
        expect=failed(("dns.bogus_address", "tcp.refused"), ("resolver", "server"), _RESOLVER),
        dns=Dns(addresses=("{proxy4}",)),
    ),
    Scenario(
        name="dns-slow",
        breaks="the resolver takes 2.5 s for every answer",
        resembles=("dns.lossy",),
        expect=degraded("dns.slow", "resolver", _RESOLVER),
        dns=Dns(replies={"*": Reply(delay_s=2.5)}),
        wires=METRO,
        seconds=4,
    ),
    Scenario(
        name="dns-search-silent",
        breaks="names made with the search list, asked first (ndots:5), are never answered",
        expect=degraded("dns.no_response", "resolver", _RESOLVER),
        dns=Dns(
            search=("{search}",),
            ndots=5,
            targets=("{host}.{search}",),
            replies={"*": Reply(mode="silent")},
        ),
        modules=Modules(count=1, size_kb=20),
        wires=METRO,
        seconds=13,
    ),
    Scenario(
        name="dns-half-aaaa",
        breaks="A is answered at once, AAAA never",
        expect=degraded("dns.half_answered", ("resolver", "middlebox"), _RESOLVER),
        dns=Dns(replies={"AAAA": Reply(mode="silent")}),
        wires=METRO,
        seconds=11,
    ),
    Scenario(
        name="dns-half-a",
        breaks="AAAA is answered (empty) at once, A never",
        expect=failed(
            ("dns.half_answered", "dns.no_response"), ("resolver", "middlebox"), _RESOLVER
        ),
        dns=Dns(replies={"A": Reply(mode="silent")}),
        seconds=11,
    ),
    Scenario(
        name="dns-lossy",
        breaks="the first query of each type is lost beside the resolver",
        resembles=("dns.no_response", "dns.forged"),
        expect=degraded("dns.lossy", ("path", "resolver"), (1, 2), vague=True),
        dns=Dns(replies={"*": Reply(lose_first=1)}),
        wires=METRO,
        seconds=6,
    ),
    Scenario(
        name="dns-tcp-refused",
        breaks="every answer is truncated and TCP/53 is closed",
        expect=failed("dns.tcp_blocked", ("resolver", "middlebox"), _RESOLVER),
        dns=Dns(replies={"*": Reply(mode="truncate")}, tcp=False),
    ),
    Scenario(
        name="dns-tcp-dropped",
        breaks="every answer is truncated and TCP/53 to the resolver vanishes",
        expect=failed("dns.tcp_blocked", ("resolver", "middlebox", "path"), _RESOLVER, vague=True),
        dns=Dns(replies={"*": Reply(mode="truncate")}),
        input_rules={"resolver": "tcp dport 53 drop"},
        seconds=11,
    ),
    Scenario(
        name="dns-edns",
        breaks="the resolver rejects queries that carry EDNS",
        expect=failed("dns.edns_intolerant", ("resolver", "middlebox"), _RESOLVER),
        dns=_all("formerr"),
    ),
    Scenario(
        name="dns-servfail-ipv6",
        breaks="an IPv6 resolver answers SERVFAIL",
        expect=failed("dns.servfail", "resolver", _RESOLVER),
        dns=_all("servfail"),
        family="6",
    ),
)
