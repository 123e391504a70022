"""Tunnels with smaller packets, spare resolvers, servers that die on the way."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, degraded, failed
from tests.lab.latency import METRO, METRO_BOTH
from tests.lab.model import Dns, Impair, Modules, Nginx, Reply, Scenario, both
from tests.lab.shape import chain

_BIG = Modules(count=2, size_kb=300)
_ON_THE_WAY = ("path", "transit", "middlebox", "gateway")
_TUNNEL = {"firewall-transit": 1400}
_NO_ICMP = "icmp type destination-unreachable drop"
_NO_ICMP6 = "icmpv6 type packet-too-big drop"

SCENARIOS = (
    Scenario(
        name="tunnel-healthy-pmtu",
        breaks="nothing: a tunnel of 1400 bytes says so by ICMP, and both ends adapt",
        resembles=("dns.unreachable", "tcp.unreachable", "path.mtu_blackhole"),
        expect=HEALTHY,
        link_mtus=_TUNNEL,
        modules=_BIG,
        wires={"transit-server": both(Impair(delay_ms=12))},
    ),
    Scenario(
        name="tunnel-healthy-pmtu-ipv6",
        breaks="nothing: a tunnel of 1380 bytes says so by ICMPv6",
        resembles=("tcp.unreachable", "path.mtu_blackhole"),
        expect=HEALTHY,
        link_mtus={"firewall-transit": 1380},
        modules=_BIG,
        family="6",
        wires=METRO,
    ),
    Scenario(
        name="tunnel-healthy-clamped",
        breaks="nothing: a tunnel of 1400 bytes whose router clamps the segment size",
        resembles=("path.mtu_blackhole",),
        expect=HEALTHY,
        link_mtus=_TUNNEL,
        rules={"firewall": "tcp flags syn tcp option maxseg size set 1340"},
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tunnel-icmp-filtered-at-server",
        breaks="a tunnel of 1400 bytes; the server's side drops the ICMP that says so",
        expect=failed("path.mtu_blackhole", (*_ON_THE_WAY, "server"), (2, 3), vague=True),
        link_mtus=_TUNNEL,
        input_rules={"server": _NO_ICMP},
        modules=_BIG,
        wires=METRO,
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="tunnel-icmp-filtered-at-client",
        breaks="a tunnel of 1400 bytes; no ICMP passes the gateway, so the ClientHello dies",
        expect=failed(
            ("path.mtu_blackhole", "tls.client_hello_dropped"), _ON_THE_WAY, (2, 3), vague=True
        ),
        link_mtus=_TUNNEL,
        rules={"gateway": _NO_ICMP},
        modules=_BIG,
        wires={"transit-server": both(Impair(delay_ms=12))},
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="tunnel-icmp-filtered-ipv6",
        breaks="a tunnel of 1340 bytes over IPv6; the server drops packet-too-big",
        expect=failed("path.mtu_blackhole", (*_ON_THE_WAY, "server"), (2, 3), vague=True),
        link_mtus={"firewall-transit": 1340},
        input_rules={"server": _NO_ICMP6},
        modules=_BIG,
        family="6",
        wires=METRO,
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="tunnel-far-hop8-filtered",
        breaks="a tunnel of 1300 bytes at hop 8 of 10, plain HTTP; the server hears no ICMP",
        expect=failed("path.mtu_blackhole", (*_ON_THE_WAY, "server"), (7, 8), vague=True),
        shape=chain(9),
        link_mtus={"hop7-hop8": 1300},
        input_rules={"server": _NO_ICMP},
        goproxy="http://{host}",
        modules=_BIG,
        wires={"hop9-server": both(Impair(delay_ms=12))},
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="spare-resolver-first-silent",
        breaks="the first of two resolvers takes queries and never answers; the second does",
        expect=degraded(
            ("dns.no_response", "dns.slow", "dns.lossy"), ("resolver", "path"), None, vague=True
        ),
        dns=Dns(before=("{mirror4}",)),
        mirror=Nginx(),
        input_rules={"mirror": "udp dport 53 drop"},
        wires=METRO_BOTH,
        seconds=8,
    ),
    Scenario(
        name="spare-resolver-first-refuses",
        breaks="nothing of weight: the first of two resolvers is closed, the second answers",
        expect=Expected(("healthy", "degraded"), ("", "dns.unreachable")),
        dns=Dns(before=("{mirror4}",)),
        mirror=Nginx(),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="spare-resolver-both-fail",
        breaks="the first of two resolvers is silent, the second answers SERVFAIL",
        expect=failed(("dns.servfail", "dns.no_response"), ("resolver", "path")),
        dns=Dns(before=("{mirror4}",), replies={"*": Reply(mode="servfail")}),
        mirror=Nginx(),
        input_rules={"mirror": "udp dport 53 drop"},
        wires=METRO_BOTH,
        seconds=14,
    ),
    Scenario(
        name="server-vanishes-in-body",
        breaks="the firewall drops everything to and from the server from 200 kB on",
        expect=failed("tcp.blackhole", _ON_THE_WAY, (1, 2), vague=True),
        wires=METRO
        | {
            "gateway-firewall": (
                Impair(silent_after_kb=2.5, only="tcp/80"),
                Impair(silent_after_kb=200, only="tcp/80"),
            )
        },
        goproxy="http://{host}",
        modules=Modules(count=1, size_kb=900),
        timeout_s=20,
        seconds=21,
    ),
    Scenario(
        name="server-refuses-second-half",
        breaks="the server's firewall rejects new connections after the third, with resets",
        # go opens few connections over HTTP/2, many over HTTP/1.1.
        expect=failed(("tcp.refused", "tcp.reset_injected"), ("server", "middlebox"), (4, 4)),
        server=Nginx(http2=False, keep_alive=False),
        input_rules={
            "server": "tcp dport 443 tcp flags syn / syn,ack limit rate over 3/minute burst 3 "
            "packets reject with tcp reset"
        },
        modules=Modules(count=8, size_kb=10),
        wires=METRO,
    ),
)
