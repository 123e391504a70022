"""Downloads beside other traffic, and performance that is or is not a fault."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, degraded, failed
from tests.lab.latency import FAR, METRO, METRO_BOTH
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

_BIG = Modules(count=1, size_kb=400)
_ON_THE_WAY = ("path", "transit", "middlebox")
_NEAR = (*_ON_THE_WAY, "gateway")
_DEAD_TLS = "for i in 1 2; do curl -sk -m 2 https://{mirror4}/x; sleep 0.1; done"
_CURL_FINE = "curl -sk -m 5 https://{mirror4}/ https://{mirror4}/a https://{mirror4}/b"
_DEAD_NAMES = "for n in a b c; do dig +tries=1 +time=1 $n.{search} @{resolver4}; done"
_DEAD_RESOLVER = (
    "dig +tries=2 +time=1 www.{search} @{mirror4}; dig +tries=1 +time=1 x.test @{mirror4}"
)
_PING = "ping -c 8 -i 0.2 {server4} & ping -c 2 -W 1 -i 0.2 {mirror4}"
_KNOCK = "for i in 1 2 3; do timeout 1 bash -c '</dev/tcp/{mirror4}/443'; sleep 0.1; done"
_NTP = "for i in 1 2 3; do timeout 0.3 bash -c 'echo time >/dev/udp/{mirror4}/123'; sleep 0.2; done"
_EXPIRED = "for i in 1 2 3; do curl -s -m 3 https://{mirror_host}/x; sleep 0.2; done"
_CURL_404 = "for i in 1 2 3; do curl -s -m 3 http://{mirror_host}/v1/none; sleep 0.2; done"

SCENARIOS = (
    Scenario(
        name="beside-curl-refused",
        breaks="nothing of the download: curl meets a closed TLS port elsewhere",
        resembles=("tcp.refused",),
        expect=HEALTHY,
        mirror=Nginx(tls=None),
        background=_DEAD_TLS,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-curl-fine",
        breaks="nothing: curl fetches from another TLS server with its own hello",
        expect=HEALTHY,
        mirror=Nginx(),
        background=_CURL_FINE,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-curl-expired",
        breaks="nothing of the download: curl meets an expired certificate elsewhere",
        resembles=("tls.expired",),
        expect=HEALTHY,
        mirror=Nginx(tls="TLSv1.2", certificate="expired"),
        background=_EXPIRED,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-curl-404",
        breaks="nothing of the download: another program gets 404 over plain HTTP",
        expect=HEALTHY,
        mirror=Nginx(),
        background=_CURL_404,
        goproxy="http://{host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-dead-names",
        breaks="nothing of the download: other names do not exist",
        resembles=("dns.nxdomain",),
        expect=HEALTHY,
        background=_DEAD_NAMES,
        wires=METRO,
    ),
    Scenario(
        name="beside-dead-resolver",
        breaks="nothing of the download: another program asks a resolver that is not there",
        resembles=("dns.no_response",),
        expect=HEALTHY,
        mirror=Nginx(),
        background=_DEAD_RESOLVER,
        modules=Modules(count=30, size_kb=50),
        server=Nginx(http2=False),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-pings-ntp",
        breaks="nothing: pings, one host silent, and time requests to a closed port",
        resembles=("tcp.syn_timeout", "tcp.unreachable"),
        expect=HEALTHY,
        mirror=Nginx(),
        background=f"{_PING} & {_NTP}",
        input_rules={"mirror": "icmp type echo-request drop"},
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-plain-503-background",
        breaks="nothing of the download: another program's server answers 503",
        expect=HEALTHY,
        mirror=Faulty(tls=None, acts=(Act(do="status", status=503, body="x"),)),
        background=_CURL_404,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-expired-while-others-fail",
        breaks="an expired certificate, while other programs fail in their own ways",
        expect=failed("tls.expired", "server", (4, 4)),
        server=Nginx(tls="TLSv1.2", certificate="expired"),
        mirror=Nginx(tls=None),
        background=f"{_DEAD_NAMES} & {_KNOCK}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-refused-while-curl-works",
        breaks="the module server's port is closed; curl works elsewhere",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=Nginx(tls=None),
        mirror=Nginx(),
        background=_CURL_FINE,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-nxdomain-while-curl-works",
        breaks="the module server's name does not exist; curl works elsewhere",
        expect=failed("dns.nxdomain", "resolver", (2, 2)),
        dns=Dns(replies={"*": Reply(mode="nxdomain")}),
        mirror=Nginx(),
        background=_CURL_FINE,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="beside-sni-reset-curl-works",
        breaks="a box resets the server's name; curl with another name to it works",
        expect=failed("tls.sni_blocked", "middlebox", (3, 3)),
        bare=failed(("tls.sni_blocked", "tls.client_hello_rejected"), "middlebox", (3, 3)),
        forgers=(Forger(node="transit", trigger="sni", copies=1, bursts=2),),
        background="curl -sk -m 3 --resolve www.other.test:443:{server4} https://www.other.test/",
        wires=METRO,
    ),
    Scenario(
        name="beside-proxy-works-direct-fails",
        breaks="nothing: the proxy works; another program's direct attempt is refused",
        expect=HEALTHY,
        proxy=Proxy(),
        background=_KNOCK,
        mirror=Nginx(tls=None),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="pace-healthy-long",
        breaks="nothing: 8 MB at 8 Mbit/s with a queue of its own size",
        resembles=("path.bufferbloat", "path.throttled", "http.slow_response", "http.stalled_body"),
        expect=HEALTHY,
        modules=Modules(count=2, size_kb=4000),
        wires={"transit-server": both(Impair(delay_ms=12, rate_mbit=8, queue_kb=50))},
        seconds=10,
        exclusive=True,
    ),
    Scenario(
        name="pace-healthy-fast",
        breaks="nothing: 40 MB over a path of 1 ms",
        expect=HEALTHY,
        modules=Modules(count=4, size_kb=10000),
        wires={},
        seconds=5,
        exclusive=True,
    ),
    Scenario(
        name="pace-healthy-150ms-large",
        breaks="nothing: 6 MB from 150 ms away",
        resembles=("tcp.receive_window_limited",),
        expect=HEALTHY,
        modules=Modules(count=2, size_kb=3000),
        wires={"transit-server": both(Impair(delay_ms=75))},
        seconds=6,
        exclusive=True,
    ),
    Scenario(
        name="pace-healthy-lan-http1",
        breaks="nothing: 60 modules over HTTP/1.1 on a LAN",
        expect=HEALTHY,
        server=Nginx(http2=False),
        modules=Modules(count=60, size_kb=20),
        seconds=4,
    ),
    Scenario(
        name="pace-healthy-jitter-little",
        breaks="nothing worth a word: the delay wanders by 6 ms, as over the air",
        resembles=("path.jitter",),
        expect=HEALTHY,
        wires=METRO | {"client-gateway": both(Impair(delay_ms=1, jitter_ms=6))},
        modules=Modules(count=6, size_kb=60),
        exclusive=True,
    ),
    Scenario(
        name="pace-healthy-loss-little",
        breaks="nothing worth a word: 0.1 % lost beside the client, 2 MB",
        resembles=("path.loss",),
        expect=HEALTHY,
        wires=METRO | {"client-gateway": both(Impair(loss=0.001))},
        modules=Modules(count=2, size_kb=1000),
        exclusive=True,
    ),
    Scenario(
        name="pace-loss-near",
        breaks="the client's own radio link loses 5 % both ways",
        expect=degraded("path.loss", (*_NEAR, "client"), (0, 1), vague=True),
        wires=METRO | {"client-gateway": both(Impair(loss=0.05))},
        modules=Modules(count=2, size_kb=900),
        seconds=15,
        exclusive=True,
    ),
    Scenario(
        name="pace-loss-outwards",
        breaks="the link before the server loses 12 % of what the client sends",
        # Lost acknowledgements cost little; lost requests a time-out each.
        expect=Expected(("degraded", "healthy"), ("path.loss", ""), (*_NEAR, "server")),
        wires={"transit-server": (Impair(delay_ms=9, loss=0.12), Impair(delay_ms=9))},
        server=Nginx(http2=False),
        modules=Modules(count=10, size_kb=30),
        seconds=6,
        exclusive=True,
    ),
    Scenario(
        name="pace-loss-far",
        breaks="3 % are lost on a path of 120 ms",
        expect=degraded("path.loss", _NEAR, (2, 3), vague=True),
        wires=FAR | {"firewall-transit": both(Impair(loss=0.03))},
        modules=Modules(count=1, size_kb=1500),
        seconds=15,
        exclusive=True,
    ),
    Scenario(
        name="pace-policed-5mbit",
        breaks="a policer holds 5 Mbit/s and drops the rest, beside the server",
        expect=degraded(
            ("path.throttled", "path.loss"), (*_ON_THE_WAY, "server"), (3, 4), vague=True
        ),
        wires={"transit-server": (Impair(delay_ms=20), Impair(delay_ms=20, police_mbit=5))},
        modules=Modules(count=1, size_kb=4000),
        seconds=12,
        exclusive=True,
    ),
    Scenario(
        name="pace-bufferbloat-2mbit",
        breaks="a modem of 2 Mbit/s with a queue of 500 kB at the client",
        expect=degraded("path.bufferbloat", (*_NEAR, "client"), (0, 1), vague=True),
        wires=METRO | {"client-gateway": both(Impair(rate_mbit=2, queue_kb=500))},
        modules=Modules(count=1, size_kb=1800),
        seconds=10,
        exclusive=True,
    ),
    Scenario(
        name="pace-jitter-120ms",
        breaks="the delay wanders by 120 ms beside the client, without load",
        expect=degraded("path.jitter", (*_NEAR, "client"), (0, 1), vague=True),
        server=Nginx(http2=False, keep_alive=False),
        wires=METRO | {"client-gateway": both(Impair(jitter_ms=120))},
        modules=Modules(count=10, size_kb=10),
        seconds=10,
        exclusive=True,
    ),
)
