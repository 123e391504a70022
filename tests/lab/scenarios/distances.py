"""The same faults in other networks: nearer, farther, all private, other initial TTLs."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, degraded, failed
from tests.lab.latency import FAR, METRO
from tests.lab.model import (
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
from tests.lab.shape import chain

_BESIDE = chain(0, resolver=1, proxy=1)
_NEAR = chain(1, resolver=1, proxy=1)
_PRIVATE = chain(2, resolver=1, proxy=2, private=True)
_LONG = chain(11, resolver=4, proxy=3)
_TO_SERVER = "ip daddr {server4} tcp dport 443"
_BIG = Modules(count=1, size_kb=400)
_SLOW_LINK = {"transit-hop4": both(Impair(delay_ms=20)), "hop11-server": both(Impair(delay_ms=15))}
_CLOSED = Nginx(tls=None)

SCENARIOS = (
    Scenario(
        name="near-healthy-same-link",
        breaks="nothing: server and resolver on the client's own link",
        expect=HEALTHY,
        shape=_BESIDE,
        dns=Dns(node="server"),
    ),
    Scenario(
        name="near-refused-same-link",
        breaks="port 443 of a server on the client's own link is closed",
        expect=failed("tcp.refused", "server", (1, 1)),
        shape=_BESIDE,
        server=_CLOSED,
    ),
    Scenario(
        name="near-reset-by-server-same-link",
        breaks="a server on the client's own link resets after the ClientHello",
        resembles=("tls.sni_blocked",),
        expect=failed(("tcp.reset_by_server", "tls.client_hello_rejected"), "server", (1, 1)),
        shape=_BESIDE,
        server=Faulty(hello="reset"),
    ),
    Scenario(
        name="near-expired-private",
        breaks="an expired certificate on a 10.x server three hops away",
        expect=failed("tls.expired", "server", (3, 3)),
        shape=_PRIVATE,
        server=Nginx(tls="TLSv1.2", certificate="expired"),
    ),
    Scenario(
        name="near-healthy-private",
        breaks="nothing: every address is from 10/8, the server's too",
        resembles=("dns.bogus_address",),
        expect=HEALTHY,
        shape=_PRIVATE,
    ),
    Scenario(
        name="near-refused-private",
        breaks="a closed port on a 10.x server; the name is right",
        resembles=("dns.bogus_address",),
        expect=failed("tcp.refused", "server", (3, 3)),
        # A private address is no proof of a lie where everything is private.
        shape=_PRIVATE,
        server=_CLOSED,
    ),
    Scenario(
        name="near-syn-dropped-private",
        breaks="the gateway drops SYNs to a 10.x server",
        expect=failed("tcp.syn_timeout", ("path", "gateway", "middlebox"), (1, 1), vague=True),
        shape=_PRIVATE,
        rules={"gateway": f"{_TO_SERVER} drop"},
        seconds=31,
    ),
    Scenario(
        name="near-not-found-private",
        breaks="a 10.x server has no such module",
        expect=failed("http.not_found", "server", (3, 3)),
        shape=_PRIVATE,
        goproxy="http://{host}/nothing",
    ),
    Scenario(
        name="near-self-signed-private",
        breaks="a 10.x server shows a self-signed certificate",
        expect=failed("tls.self_signed", "server", (3, 3)),
        shape=_PRIVATE,
        server=Nginx(tls="TLSv1.2", certificate="self_signed"),
    ),
    Scenario(
        name="near-proxy-denied-same-link",
        breaks="a proxy on the client's own link denies the host",
        expect=failed("proxy.denied", "proxy", (1, 1)),
        shape=_NEAR,
        proxy=Proxy(mode="403"),
    ),
    Scenario(
        name="near-servfail-same-link",
        breaks="a resolver on the client's own link answers SERVFAIL",
        expect=failed("dns.servfail", "resolver", (1, 1)),
        shape=_NEAR,
        dns=Dns(replies={"*": Reply(mode="servfail")}),
    ),
    Scenario(
        name="near-servfail-gateway",
        breaks="the home router is the resolver and answers SERVFAIL",
        expect=failed("dns.servfail", ("resolver", "gateway"), (1, 1)),
        dns=Dns(node="gateway", replies={"*": Reply(mode="servfail")}),
    ),
    Scenario(
        name="far-healthy-12-hops",
        breaks="nothing: a server twelve hops away, resolver at four",
        expect=HEALTHY,
        shape=_LONG,
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-refused-12-hops",
        breaks="the port of a server twelve hops away is closed",
        expect=failed("tcp.refused", "server", (12, 12)),
        shape=_LONG,
        server=_CLOSED,
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-reset-hop7",
        breaks="a box at hop 7 of 12 resets the download after 60 kB",
        expect=failed("tcp.reset_injected", "middlebox", (7, 7)),
        shape=_LONG,
        forgers=(Forger(node="hop7", trigger="body", after_kb=60),),
        modules=_BIG,
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-reset-hop9-ttl255",
        breaks="a box at hop 9 of 12 with initial TTL 255 resets by SNI",
        expect=failed("tls.sni_blocked", "middlebox", (9, 9)),
        bare=failed(("tls.sni_blocked", "tls.client_hello_rejected"), "middlebox", (9, 9)),
        shape=_LONG,
        forgers=(Forger(node="hop9", trigger="sni", ttl=255),),
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-prohibited-hop6",
        breaks="a router at hop 6 prohibits the connection and says so",
        expect=failed("tcp.unreachable", ("middlebox", "transit"), (6, 6)),
        shape=_LONG,
        rules={"hop6": f"{_TO_SERVER} reject with icmp type admin-prohibited"},
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-net-unreachable-hop10",
        breaks="a router at hop 10 has no route",
        expect=failed("tcp.unreachable", "transit", (10, 10)),
        shape=_LONG,
        rules={"hop10": f"{_TO_SERVER} reject with icmp type net-unreachable"},
        wires=_SLOW_LINK,
    ),
    Scenario(
        name="far-untrusted-ttl128",
        breaks="a Windows-like server (TTL 128) shows a chain nobody trusts",
        resembles=("tls.intercepted",),
        expect=failed("tls.untrusted_issuer", "server", (4, 4)),
        server=Nginx(tls="TLSv1.2", certificate="untrusted_root"),
        ttls={"server": 128},
        wires=METRO,
    ),
    Scenario(
        name="far-refused-ttl255",
        breaks="a server with initial TTL 255 has its port closed",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=_CLOSED,
        ttls={"server": 255, "resolver": 255},
        wires=METRO,
    ),
    Scenario(
        name="far-healthy-ttls",
        breaks="nothing: client 128, server 255, resolver 128 as initial TTLs",
        resembles=("tcp.reset_injected",),
        expect=HEALTHY,
        ttls={"client": 128, "server": 255, "resolver": 128},
        wires=FAR,
    ),
    Scenario(
        name="far-reset-client-ttl128",
        breaks="the firewall resets the body towards a Windows-like client; server TTL 128",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
        ttls={"client": 128, "server": 128},
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="far-ttl-rewritten",
        breaks="nothing: the firewall rewrites the TTL of what comes in, and it works",
        resembles=("tcp.reset_injected",),
        expect=HEALTHY,
        rules={"firewall": "ip saddr {server4} ip ttl set 40"},
        wires=METRO,
    ),
    Scenario(
        name="far-dns-slow-hop4",
        breaks="a resolver four hops away takes 1.8 s",
        expect=degraded("dns.slow", "resolver", (4, 4)),
        shape=_LONG,
        dns=Dns(replies={"*": Reply(delay_s=1.8)}),
        wires=_SLOW_LINK,
    ),
)
