"""Connections that never come to be, are cut, or fall silent."""

from __future__ import annotations

from tests.lab.expectation import failed
from tests.lab.latency import METRO
from tests.lab.model import Act, Faulty, Forger, Impair, Modules, Nginx, Proxy, Scenario, both

_BIG = Modules(count=1, size_kb=400)
_TO_SERVER = "ip daddr {server4} tcp dport 443"
_SILENT_ROLES = ("path", "middlebox", "transit")

SCENARIOS = (
    Scenario(
        name="tcp-syn-dropped-firewall",
        breaks="the firewall drops SYNs to the server",
        expect=failed("tcp.syn_timeout", _SILENT_ROLES, (2, 2), vague=True),
        rules={"firewall": f"{_TO_SERVER} drop"},
        seconds=31,
    ),
    Scenario(
        name="tcp-syn-dropped-transit",
        breaks="a transit router drops SYNs to the server",
        expect=failed("tcp.syn_timeout", _SILENT_ROLES, (3, 3), vague=True),
        rules={"transit": f"{_TO_SERVER} drop"},
        wires=METRO,
        seconds=31,
    ),
    Scenario(
        name="tcp-host-down",
        breaks="the server's host takes no packet at all",
        expect=failed("tcp.syn_timeout", ("path", "server", "transit"), (4, 4), vague=True),
        input_rules={"server": "drop"},
        seconds=31,
    ),
    Scenario(
        name="tcp-refused",
        breaks="nothing listens on the server's port 443",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=Nginx(tls=None),
        wires=METRO,
    ),
    Scenario(
        name="tcp-refused-ipv6",
        breaks="nothing listens on the server's port 443, over IPv6",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=Nginx(tls=None),
        wires=METRO,
        family="6",
    ),
    Scenario(
        name="tcp-refused-proxy",
        breaks="the proxy's port is closed",
        expect=failed("tcp.refused", "proxy", (2, 2)),
        # Without CONNECT nothing but the session says that the port is a proxy's.
        bare=failed("tcp.refused", ("proxy", "server"), (2, 2)),
        proxy=Proxy(),
        env={"HTTPS_PROXY": "http://proxy.{search}:3129"},
    ),
    Scenario(
        name="tcp-prohibited-firewall",
        breaks="the firewall prohibits the connection and says so",
        resembles=("tcp.refused",),
        expect=failed("tcp.unreachable", "middlebox", (2, 2)),
        rules={"firewall": f"{_TO_SERVER} reject with icmp type admin-prohibited"},
    ),
    Scenario(
        name="tcp-prohibited-firewall-ipv6",
        breaks="the firewall prohibits the IPv6 connection and says so",
        expect=failed("tcp.unreachable", "middlebox", (2, 2)),
        rules={
            "firewall": "ip6 daddr {server6} tcp dport 443 reject with icmpv6 type admin-prohibited"
        },
        family="6",
    ),
    Scenario(
        name="tcp-host-unreachable-transit",
        breaks="the last router cannot reach the server's host",
        expect=failed("tcp.unreachable", "transit", (3, 3)),
        rules={"transit": f"{_TO_SERVER} reject with icmp type host-unreachable"},
        wires={"firewall-transit": both(Impair(delay_ms=6))},
    ),
    Scenario(
        name="tcp-rejected-firewall",
        breaks="the firewall answers SYNs to the server with a reset of its own",
        # A lone reset from hop 2 may also be a server at hop 2: both words are fair.
        expect=failed(("tcp.reset_injected", "tcp.refused"), ("middlebox", "server"), (2, 2)),
        rules={"firewall": f"{_TO_SERVER} reject with tcp reset"},
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-injected-firewall",
        breaks="the firewall resets the download after 60 kB",
        resembles=("tcp.reset_by_server",),
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-injected-plain",
        breaks="the firewall resets a plain HTTP download; its packets start with TTL 128",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=90, ttl=128),),
        goproxy="http://{host}",
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-injected-transit",
        breaks="a transit box resets the download after 60 kB",
        resembles=("tcp.reset_by_server",),
        expect=failed("tcp.reset_injected", "middlebox", (3, 3)),
        forgers=(Forger(node="transit", trigger="body", after_kb=60),),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-injected-mimic",
        breaks="the firewall resets the download with the server's own TTL",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2), vague=True),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60, ttl=0),),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-injected-ipv6",
        breaks="the firewall resets the IPv6 download after 60 kB",
        expect=failed("tcp.reset_injected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
        modules=_BIG,
        wires=METRO,
        family="6",
    ),
    Scenario(
        name="tcp-reset-by-server",
        breaks="the server resets every zip half-way",
        resembles=("tcp.refused", "tcp.reset_injected", "http.stream_reset"),
        expect=failed("tcp.reset_by_server", "server", (4, 4)),
        server=Faulty(acts=(Act(suffix=".zip", do="reset"),)),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-reset-by-server-plain",
        breaks="the server resets every zip half-way, over plain HTTP",
        resembles=("tcp.reset_injected", "http.truncated_body"),
        expect=failed("tcp.reset_by_server", "server", (4, 4)),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="reset", share=0.3),)),
        goproxy="http://{host}",
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="tcp-blackhole-requests",
        breaks="the link behind the firewall falls silent both ways once requests flow",
        expect=failed("tcp.blackhole", _SILENT_ROLES, (2, 3), vague=True),
        wires=METRO | {"firewall-transit": both(Impair(silent_after_kb=2.2, only="tcp/443"))},
        modules=Modules(count=4, size_kb=24),
        timeout_s=12,
        seconds=13,
    ),
    Scenario(
        name="tcp-blackhole-body",
        breaks="the link behind the firewall falls silent both ways in the middle of a body",
        resembles=("http.stalled_body",),
        expect=failed("tcp.blackhole", _SILENT_ROLES, (2, 3), vague=True),
        wires=METRO
        | {
            "firewall-transit": (
                Impair(silent_after_kb=2.6, only="tcp/443"),
                Impair(silent_after_kb=90, only="tcp/443"),
            )
        },
        modules=_BIG,
        timeout_s=14,
        seconds=15,
    ),
)
