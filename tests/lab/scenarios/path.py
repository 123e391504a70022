"""Links that lose, delay, reorder, queue, throttle or swallow."""

from __future__ import annotations

from tests.lab.expectation import degraded, failed
from tests.lab.latency import METRO
from tests.lab.model import Impair, Modules, Nginx, Scenario, both

_ON_THE_WAY = ("path", "transit", "middlebox")
_NEAR = ("path", "gateway", "transit", "middlebox")
_MEDIUM = Modules(count=2, size_kb=700)
_LARGE = Modules(count=1, size_kb=3000)

_SHUFFLE = Impair(rate_mbit=20, queue_kb=200, reorder=0.05, reorder_ms=100)

SCENARIOS = (
    Scenario(
        name="path-loss",
        breaks="the link behind the firewall loses 6 % both ways",
        resembles=("path.reordering", "capture.incomplete"),
        expect=degraded("path.loss", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": both(Impair(loss=0.06))},
        modules=_MEDIUM,
        seconds=15,
        exclusive=True,
    ),
    Scenario(
        name="path-loss-inwards",
        breaks="the link between gateway and firewall loses 8 % of what comes in",
        expect=degraded("path.loss", _NEAR, (1, 2), vague=True),
        wires=METRO | {"gateway-firewall": (Impair(), Impair(loss=0.08))},
        modules=_MEDIUM,
        seconds=15,
        exclusive=True,
    ),
    Scenario(
        name="path-high-latency",
        breaks="the link to the server is a satellite: 600 ms there and back",
        resembles=(
            "tcp.syn_timeout",
            "path.jitter",
            "path.bufferbloat",
            "tls.slow_handshake",
            "http.slow_response",
        ),
        expect=degraded("path.high_latency", _ON_THE_WAY, (3, 4), vague=True),
        wires={"transit-server": both(Impair(delay_ms=300))},
        seconds=8,
    ),
    Scenario(
        name="path-jitter",
        breaks="delay behind the firewall wanders by 250 ms without load",
        resembles=("path.bufferbloat",),
        expect=degraded("path.jitter", _ON_THE_WAY, (2, 3), vague=True),
        server=Nginx(http2=False),
        wires=METRO | {"firewall-transit": both(Impair(jitter_ms=250))},
        modules=Modules(count=8, size_kb=12),
        seconds=10,
        exclusive=True,
    ),
    Scenario(
        name="path-bufferbloat",
        breaks="a queue of 600 kB before the 5 Mbit/s link into the gateway",
        resembles=("path.high_latency", "path.jitter"),
        expect=degraded("path.bufferbloat", _NEAR, (1, 2), vague=True),
        wires=METRO
        | {
            "gateway-firewall": (
                Impair(rate_mbit=5, queue_kb=600),
                Impair(rate_mbit=5, queue_kb=600),
            )
        },
        modules=_LARGE,
        seconds=8,
        exclusive=True,
    ),
    Scenario(
        name="path-policed",
        breaks="a policer behind the firewall drops what exceeds 2 Mbit/s",
        resembles=("tcp.receive_window_limited",),
        expect=degraded("path.throttled", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": (Impair(), Impair(police_mbit=2, burst_kb=20))},
        modules=Modules(count=1, size_kb=1500),
        seconds=10,
        exclusive=True,
    ),
    Scenario(
        name="path-shaped",
        breaks="a shaper with a short queue behind the firewall holds 1.5 Mbit/s",
        expect=degraded("path.throttled", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": (Impair(), Impair(rate_mbit=1.5, queue_kb=12))},
        modules=Modules(count=1, size_kb=1500),
        seconds=11,
        exclusive=True,
    ),
    Scenario(
        name="path-mtu-handshake",
        breaks="packets over 1400 bytes from the server vanish behind the firewall",
        resembles=("tls.sni_blocked", "tls.client_hello_dropped", "tls.handshake_timeout"),
        expect=failed("path.mtu_blackhole", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": (Impair(), Impair(mtu=1400))},
        seconds=12,
    ),
    Scenario(
        name="path-mtu-body",
        breaks="packets over 1480 bytes from the server vanish: handshakes pass, zips do not",
        expect=failed("path.mtu_blackhole", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": (Impair(), Impair(mtu=1480))},
        modules=Modules(count=1, size_kb=100),
        timeout_s=12,
        seconds=13,
    ),
    Scenario(
        name="path-mtu-both-ways",
        breaks="a tunnel behind the firewall swallows packets over 1420 bytes both ways",
        # The large ClientHello is the first victim, and the tunnel the reason.
        expect=failed(
            ("path.mtu_blackhole", "tls.client_hello_dropped"), _ON_THE_WAY, (2, 3), vague=True
        ),
        wires=METRO | {"firewall-transit": both(Impair(mtu=1420))},
        seconds=12,
    ),
    Scenario(
        name="path-mtu-ipv6",
        breaks="IPv6 packets over 1400 bytes from the server vanish behind the firewall",
        expect=failed("path.mtu_blackhole", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": (Impair(), Impair(mtu=1400))},
        family="6",
        seconds=12,
    ),
    Scenario(
        name="path-outage",
        breaks="the link behind the firewall is down for 3 s in the middle of a body",
        resembles=("http.stalled_body", "http.slow_response"),
        expect=degraded("path.loss", _ON_THE_WAY, (2, 3)),
        wires=METRO | {"firewall-transit": both(Impair(outage=(500, 3.0)))},
        modules=Modules(count=1, size_kb=900),
        seconds=8,
    ),
    Scenario(
        name="path-outage-at-connect",
        breaks="what comes through the link behind the firewall is lost for 2.6 s at the start",
        resembles=("tcp.syn_timeout", "tls.slow_handshake"),
        expect=degraded("path.loss", _ON_THE_WAY, (2, 3)),
        wires=METRO | {"firewall-transit": (Impair(), Impair(outage=(-1, 2.6)))},
        seconds=5,
    ),
    Scenario(
        name="path-outage-ipv6-plain",
        breaks="the client's link is down for 3 s in the middle of a plain body, over IPv6",
        resembles=("http.stalled_body", "http.slow_response"),
        expect=degraded("path.loss", ("path", "gateway", "client"), (0, 1)),
        family="6",
        server=Nginx(tls=None),
        goproxy="http://{host}",
        wires=METRO | {"client-gateway": both(Impair(outage=(500, 3.0)))},
        modules=Modules(count=1, size_kb=900),
        seconds=8,
    ),
    Scenario(
        name="path-ipv6-broken",
        breaks="the firewall drops IPv6; every connection falls back after 300 ms",
        expect=degraded("path.ipv6_broken", _ON_THE_WAY, (2, 2), vague=True),
        server=Nginx(http2=False, keep_alive=False),
        wires=METRO,
        rules={"firewall": "meta nfproto ipv6 drop"},
        modules=Modules(count=8, size_kb=12),
        family="46",
        seconds=4,
    ),
    Scenario(
        name="path-reordering",
        breaks="the link behind the firewall holds every twentieth packet back by 100 ms",
        resembles=("path.loss",),
        expect=degraded("path.reordering", _ON_THE_WAY, (2, 3), vague=True),
        wires=METRO
        | {
            "firewall-transit": (
                Impair(),
                Impair(rate_mbit=20, queue_kb=200, reorder=0.05, reorder_ms=100),
            )
        },
        modules=Modules(count=1, size_kb=1500),
        seconds=6,
        exclusive=True,
    ),
)
