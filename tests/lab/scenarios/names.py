"""Resolvers in other places and other moods: stubs, late lies, answers nobody may believe."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, degraded, failed
from tests.lab.latency import FAR, METRO, METRO_BOTH
from tests.lab.model import Dns, Forger, Impair, Reply, Scenario, both

_STUB = "127.0.0.53"
_PUBLIC = "mirror"
_SILENT = {"*": Reply(mode="silent")}
_UNHEARD = ("dns.no_response", "dns.forged")

SCENARIOS = (
    Scenario(
        name="stub-healthy",
        breaks="nothing: a stub on the client asks the resolver",
        expect=HEALTHY,
        dns=Dns(stub=_STUB),
        wires=METRO,
    ),
    Scenario(
        name="stub-nxdomain",
        breaks="the resolver behind the stub denies the name",
        expect=failed("dns.nxdomain", "resolver"),
        dns=Dns(stub=_STUB, replies={"*": Reply(mode="nxdomain")}),
        wires=METRO,
    ),
    Scenario(
        name="stub-servfail-upstream",
        breaks="the resolver behind the stub answers SERVFAIL",
        expect=failed("dns.servfail", "resolver"),
        dns=Dns(stub=_STUB, replies={"*": Reply(mode="servfail")}),
    ),
    Scenario(
        name="stub-upstream-silent",
        breaks="the resolver behind the stub is silent; the stub is patient",
        expect=failed("dns.no_response", ("resolver", "path"), (2, 2), vague=True),
        dns=Dns(stub=_STUB, replies=_SILENT),
        seconds=11,
    ),
    Scenario(
        name="stub-upstream-silent-servfail",
        breaks="the resolver behind the stub is silent; the stub says SERVFAIL after 4 s",
        # What the stub says follows from what it never heard.
        expect=failed(("dns.no_response", "dns.servfail"), ("resolver", "path")),
        dns=Dns(stub=_STUB, replies=_SILENT, stub_patience_s=4),
        seconds=11,
    ),
    Scenario(
        name="stub-slow",
        breaks="the resolver behind the stub takes 2 s",
        expect=degraded("dns.slow", "resolver", (2, 2), vague=True),
        dns=Dns(stub=_STUB, replies={"*": Reply(delay_s=2.0)}),
        wires=METRO,
        seconds=4,
    ),
    Scenario(
        name="stub-down",
        breaks="nothing listens on the client's stub address",
        expect=failed("dns.unreachable", ("resolver", "client"), (0, 0)),
        dns=Dns(node="client", running=False),
        seconds=4,
    ),
    Scenario(
        name="name-other-id",
        breaks="the resolver answers with other query ids",
        expect=failed(_UNHEARD, ("resolver", "middlebox", "path"), vague=True),
        dns=Dns(replies={"*": Reply(mode="other_id")}),
        seconds=11,
    ),
    Scenario(
        name="name-other-source",
        breaks="a bad NAT on the gateway makes answers come from another address",
        expect=failed(
            (*_UNHEARD, "dns.unreachable"), ("resolver", "middlebox", "path", "gateway"), None
        ),
        rules={"gateway": "udp sport 53 ip saddr set {gateway4}"},
        seconds=11,
    ),
    Scenario(
        name="name-forged-late",
        breaks="a forger in no hurry answers 40 ms after the true answer",
        # go takes the first answer, which is the true one: the download works.
        expect=HEALTHY,
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="firewall", trigger="dns", address="{resolver4}", delay_s=0.06),),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="name-forged-far",
        breaks="a transit router with TTL 128 answers before a resolver 120 ms away",
        expect=failed("dns.forged", "middlebox", (3, 3)),
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="transit", trigger="dns", ttl=128, address="{gateway4}"),),
        wires=FAR | {"transit-mirror": both(Impair(delay_ms=60))},
    ),
    Scenario(
        name="name-forged-black-hole",
        breaks="the firewall forges an address at which nobody answers",
        expect=failed("dns.forged", "middlebox", (2, 2)),
        dns=Dns(node=_PUBLIC),
        forgers=(Forger(node="firewall", trigger="dns", address="{transit4}"),),
        rules={"firewall": "ip daddr {transit4} tcp dport 443 drop"},
        wires=METRO_BOTH,
        seconds=31,
    ),
    Scenario(
        name="name-split-horizon",
        breaks="nothing: the resolver gives a private address, and the server there is right",
        resembles=("dns.forged", "dns.bogus_address"),
        expect=HEALTHY,
        dns=Dns(addresses=("{server4}",)),
        wires=METRO,
    ),
    Scenario(
        name="name-slow-aaaa",
        breaks="AAAA answers take 3 s, A answers none",
        expect=degraded(("dns.slow", "dns.half_answered"), ("resolver", "middlebox"), (2, 2)),
        dns=Dns(replies={"AAAA": Reply(delay_s=3.0)}),
        wires=METRO,
        seconds=5,
    ),
    Scenario(
        name="name-a-bit-slow",
        breaks="nothing worth a word: the resolver is 80 ms away",
        resembles=("dns.slow",),
        expect=HEALTHY,
        dns=Dns(replies={"*": Reply(delay_s=0.08)}),
        wires=METRO,
    ),
    Scenario(
        name="name-servfail-aaaa",
        breaks="nothing: AAAA gets SERVFAIL, A is answered, and go connects",
        resembles=("dns.servfail", "dns.half_answered"),
        expect=HEALTHY,
        dns=Dns(replies={"AAAA": Reply(mode="servfail")}),
        wires=METRO,
    ),
    Scenario(
        name="name-refused-a-only",
        breaks="A is refused, AAAA is empty: nothing to connect to",
        expect=failed(("dns.refused", "dns.no_address", "dns.servfail"), "resolver", (2, 2)),
        dns=Dns(replies={"A": Reply(mode="refused"), "AAAA": Reply(mode="empty")}),
    ),
    Scenario(
        name="name-dropped-by-gateway",
        breaks="the gateway drops DNS and answers pings",
        expect=failed(
            "dns.no_response", ("resolver", "path", "gateway", "middlebox"), (1, 2), vague=True
        ),
        rules={"gateway": "udp dport 53 drop"},
        seconds=11,
    ),
    Scenario(
        name="name-stopped-host",
        breaks="the resolver's host rejects DNS with its own port-unreachable",
        expect=failed("dns.unreachable", "resolver", (2, 2)),
        input_rules={"resolver": "udp dport 53 reject"},
        seconds=11,
    ),
    Scenario(
        name="name-nxdomain-go119",
        breaks="the resolver denies the name to the go of Debian 12 (cgo resolver possible)",
        expect=failed("dns.nxdomain", "resolver", (2, 2)),
        dns=Dns(replies={"*": Reply(mode="nxdomain")}),
        go="1.19",
    ),
)
