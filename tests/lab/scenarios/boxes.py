"""Boxes and servers that end connections in other ways than the textbook's."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, degraded, failed
from tests.lab.latency import FAR, METRO
from tests.lab.model import (
    Act,
    Faulty,
    Forger,
    Impair,
    Modules,
    Nginx,
    Scenario,
    both,
)
from tests.lab.shape import chain

_BIG = Modules(count=1, size_kb=400)
_ON_THE_WAY = ("path", "transit", "middlebox")
_HELLO = ("tls.sni_blocked", "tls.client_hello_rejected")
_SIX = chain(6)
_TINY_RTT = {"transit-server": both(Impair(delay_ms=0.1))}
_LONG_RTT = {"transit-server": both(Impair(delay_ms=145))}

SCENARIOS = (
    Scenario(
        name="box-sni-fin",
        breaks="the firewall ends connections that name the server with a FIN to the client",
        expect=failed(_HELLO, "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni", how="fin", copies=1, bursts=1),),
        wires=METRO,
    ),
    Scenario(
        name="box-sni-reset-client-only",
        breaks="the firewall sends one reset to the client alone, by SNI",
        expect=failed(_HELLO, "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni", how="client", copies=1, bursts=1),),
        wires=METRO,
    ),
    Scenario(
        name="box-sni-reset-many",
        breaks="the firewall sends six resets per segment to the client, by SNI",
        expect=failed(_HELLO, "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni", how="client", copies=6, bursts=4),),
        wires=FAR,
    ),
    Scenario(
        name="box-sni-reset-lan-rtt",
        breaks="a box two hops away resets by SNI; the whole path is half a millisecond",
        expect=failed(_HELLO, "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni"),),
        wires=_TINY_RTT,
    ),
    Scenario(
        name="box-sni-reset-late",
        breaks="a transit box resets by SNI; the server is near, so its answer races the reset",
        expect=failed(
            ("tls.sni_blocked", "tls.client_hello_rejected", "tcp.reset_injected"),
            "middlebox",
            (5, 5),
        ),
        shape=_SIX,
        forgers=(Forger(node="hop5", trigger="sni", how="both", copies=3, bursts=6),),
        wires={"gateway-firewall": both(Impair(delay_ms=25))},
    ),
    Scenario(
        name="box-body-reset-race",
        breaks="one injected reset races the data of a fast download",
        expect=failed("tcp.reset_injected", "middlebox", (3, 3)),
        forgers=(Forger(node="transit", trigger="body", after_kb=200, copies=3, bursts=8),),
        modules=Modules(count=1, size_kb=2000),
        wires=_LONG_RTT,
    ),
    Scenario(
        name="box-body-reset-http1-plain",
        breaks="the firewall resets a plain download after 30 kB, TTL of its own, once",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=30, copies=1, bursts=12),),
        goproxy="http://{host}",
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="box-hello-server-reset",
        breaks="the server itself resets every ClientHello",
        resembles=("tcp.reset_injected", "tls.sni_blocked"),
        expect=failed(
            ("tcp.reset_by_server", "tls.client_hello_rejected"), ("server", "middlebox"), (4, 4)
        ),
        server=Faulty(hello="reset"),
        wires=METRO,
    ),
    Scenario(
        name="box-hello-server-close",
        breaks="the server itself closes after every ClientHello",
        expect=failed(
            ("tls.client_hello_rejected", "tls.handshake_failure"), ("server", "middlebox"), (4, 4)
        ),
        server=Faulty(hello="close"),
        wires=METRO,
    ),
    Scenario(
        name="box-close-after-accept",
        breaks="the server's load balancer has no backend: it closes what it accepts",
        expect=failed(
            (
                "tcp.reset_by_server",
                "tls.client_hello_rejected",
                "tls.handshake_failure",
                "tls.not_tls",
            ),
            "server",
            (4, 4),
        ),
        server=Faulty(hello="close-at-once"),
        wires=METRO,
    ),
    Scenario(
        name="box-reset-after-accept",
        breaks="the server resets what it accepts, before it reads a byte",
        resembles=("tcp.reset_injected",),
        expect=failed(("tcp.reset_by_server", "tls.client_hello_rejected"), "server", (4, 4)),
        server=Faulty(hello="reset-at-once"),
        wires=FAR,
    ),
    Scenario(
        name="box-hello-silent-go124",
        breaks="the server's kernel takes go 1.24's ClientHello, its daemon never answers",
        expect=failed("tls.handshake_timeout", "server", (4, 4)),
        server=Faulty(hello="silent"),
        go="1.24",
        wires=FAR,
        seconds=12,
    ),
    Scenario(
        name="box-mtu-hello-only",
        breaks="a tunnel at the gateway swallows what is over 1300 bytes outwards",
        expect=failed(
            ("tls.client_hello_dropped", "path.mtu_blackhole"),
            ("middlebox", "path", "transit", "gateway"),
            (1, 2),
            vague=True,
        ),
        wires=METRO | {"gateway-firewall": (Impair(mtu=1300), Impair())},
        seconds=12,
    ),
    Scenario(
        name="box-mtu-inwards-tls12",
        breaks="packets over 1350 bytes from the server vanish beside it, TLS 1.2",
        expect=failed("path.mtu_blackhole", (*_ON_THE_WAY, "server"), (3, 4), vague=True),
        server=Nginx(tls="TLSv1.2"),
        wires={"transit-server": (Impair(delay_ms=9), Impair(delay_ms=9, mtu=1350))},
        modules=_BIG,
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="box-mtu-inwards-plain",
        breaks="packets over 1400 bytes from the server vanish at the gateway, plain HTTP",
        expect=failed("path.mtu_blackhole", (*_ON_THE_WAY, "gateway"), (1, 2), vague=True),
        goproxy="http://{host}",
        wires=METRO | {"gateway-firewall": (Impair(), Impair(mtu=1400))},
        modules=_BIG,
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="box-slow-handshake-8s",
        breaks="the server takes 7 s for its turn of the handshake",
        resembles=("tls.handshake_timeout",),
        expect=degraded("tls.slow_handshake", "server", (4, 4)),
        server=Faulty(hello="late:7"),
        wires=METRO,
        seconds=9,
    ),
    Scenario(
        name="box-slow-and-expired",
        breaks="the server answers a hello after 2 s with an expired certificate",
        expect=failed("tls.expired", "server", (4, 4)),
        server=Faulty(tls="TLSv1.2", certificate="expired", hello="late:2"),
        wires=METRO,
        seconds=6,
    ),
    Scenario(
        name="box-loss-and-refused",
        breaks="5 % of packets are lost on the way, and the port is closed",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=Nginx(tls=None),
        wires=METRO | {"firewall-transit": both(Impair(loss=0.05))},
        seconds=4,
    ),
    Scenario(
        name="box-fin-in-body-h2",
        breaks="the server ends each zip's TLS connection a third through, TLS 1.2",
        expect=failed(("http.truncated_body", "http.stream_reset"), "server", (4, 4)),
        bare=Expected(("failed", "healthy", "inconclusive"), ("http.truncated_body", "")),
        server=Faulty(tls="TLSv1.2", acts=(Act(suffix=".zip", do="truncate", share=0.3),)),
        modules=_BIG,
        wires=FAR,
    ),
    Scenario(
        name="box-tls12-client-certificate",
        breaks="the server wants a certificate of the client, TLS 1.3",
        expect=failed("tls.client_certificate_required", "server", (4, 4)),
        bare=failed(
            (
                "tls.client_certificate_required",
                "tls.certificate_rejected",
                "tls.handshake_failure",
                "tcp.reset_by_server",
            ),
            "server",
            (4, 4),
        ),
        server=Faulty(client_certificate=True),
        wires=METRO,
    ),
    Scenario(
        name="box-healthy-short-rtt",
        breaks="nothing: a server 0.2 ms away",
        expect=HEALTHY,
        wires=_TINY_RTT,
    ),
    Scenario(
        name="box-healthy-300ms",
        breaks="nothing: a steady 290 ms, two small modules",
        # Nobody can move a continent; whether it is worth a word is a matter of taste.
        expect=Expected(("healthy", "degraded"), ("", "path.high_latency")),
        wires=_LONG_RTT,
        seconds=5,
    ),
    Scenario(
        name="box-healthy-150ms-go122",
        breaks="nothing: a steady 150 ms with go 1.22",
        expect=HEALTHY,
        go="1.22",
        wires={"transit-server": both(Impair(delay_ms=75))},
    ),
    Scenario(
        name="box-latency-400ms",
        breaks="a detour adds 400 ms on the link behind the firewall; many connections",
        expect=degraded("path.high_latency", _ON_THE_WAY, (2, 3), vague=True),
        server=Nginx(http2=False, keep_alive=False),
        wires={"firewall-transit": both(Impair(delay_ms=200))},
        modules=Modules(count=6, size_kb=30),
        seconds=12,
    ),
)
