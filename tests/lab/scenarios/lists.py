"""Several hosts in one download: proxy lists, redirects to storage, the checksum database."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, UNTOLD, Expected, degraded, failed
from tests.lab.latency import FAR, METRO, METRO_BOTH
from tests.lab.model import Act, Dns, Faulty, Impair, Modules, Nginx, Reply, Scenario, both

_SERVER = (4, 4)
_PLAIN = "http://{host}"
_BIG = Modules(count=1, size_kb=400)
_TO_MIRROR = "ip daddr {mirror4} tcp dport 443"
_ON_THE_WAY = ("path", "transit", "middlebox")


def _redirect(scheme: str, tls: str | None) -> Faulty:
    """Send each zip to the storage host, as proxy.golang.org does."""
    target = {"Location": f"{scheme}://{{mirror_host}}$path"}
    return Faulty(tls=tls, acts=(Act(suffix=".zip", do="status", status=302, headers=target),))


def _status(status: int, suffix: str = "", tls: str | None = None) -> Faulty:
    act = Act(suffix=suffix, do="status", status=status, body=f"error {status}\n")
    return Faulty(tls=tls, acts=(act,))


_TLS_REDIRECT = _redirect("https", "TLSv1.3")
_MIRROR_NAMES = ("{mirror_host}",)

SCENARIOS = (
    Scenario(
        name="redirect-healthy",
        breaks="nothing: each zip is fetched from a storage host",
        resembles=("http.captive_portal",),
        expect=HEALTHY,
        server=_TLS_REDIRECT,
        mirror=Nginx(),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="redirect-nxdomain",
        breaks="the storage host's name does not exist",
        expect=failed("dns.nxdomain", "resolver", (2, 2)),
        server=_TLS_REDIRECT,
        mirror=Nginx(),
        dns=Dns(replies={"*": Reply(mode="nxdomain")}, targets=_MIRROR_NAMES),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="redirect-refused",
        breaks="the storage host's port is closed",
        expect=failed("tcp.refused", "server", _SERVER),
        server=_TLS_REDIRECT,
        mirror=Nginx(tls=None),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="redirect-syn-dropped",
        breaks="the firewall drops SYNs to the storage host only",
        expect=failed("tcp.syn_timeout", _ON_THE_WAY, (2, 2), vague=True),
        server=_TLS_REDIRECT,
        mirror=Nginx(),
        rules={"firewall": f"{_TO_MIRROR} drop"},
        wires=METRO_BOTH,
        seconds=31,
    ),
    Scenario(
        name="redirect-expired",
        breaks="the storage host's certificate has expired",
        expect=failed("tls.expired", "server", _SERVER),
        server=_TLS_REDIRECT,
        mirror=Nginx(tls="TLSv1.2", certificate="expired"),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="redirect-forbidden-plain",
        breaks="the storage host answers 403, readable",
        resembles=("proxy.denied", "http.captive_portal"),
        expect=failed("http.unauthorized", "server", _SERVER),
        server=_redirect("http", None),
        mirror=_status(403),
        goproxy=_PLAIN,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="redirect-reset-by-storage",
        breaks="the storage host resets each zip half-way",
        resembles=("tcp.reset_injected",),
        expect=failed("tcp.reset_by_server", "server", _SERVER),
        server=_TLS_REDIRECT,
        mirror=Faulty(acts=(Act(suffix=".zip", do="reset"),)),
        modules=_BIG,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="list-comma-refused",
        breaks="the first proxy's port is closed; the comma blocks the second",
        expect=failed(("tcp.refused", "config.fallback_blocked"), ("server", "client")),
        bare=failed("tcp.refused", "server", _SERVER),
        server=Nginx(tls=None),
        mirror=Nginx(),
        goproxy="https://{host},https://{mirror_host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="list-pipe-refused",
        breaks="the first proxy's port is closed, the pipe lets go try the second: it works",
        expect=HEALTHY,
        server=Nginx(tls=None),
        mirror=Nginx(),
        goproxy="https://{host}|https://{mirror_host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="list-pipe-503-plain",
        breaks="the first proxy answers 503, the pipe lets go try the second: it works",
        resembles=("config.fallback_blocked",),
        expect=HEALTHY,
        server=_status(503),
        mirror=Nginx(tls=None),
        goproxy="http://{host}|http://{mirror_host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="list-pipe-slow-dead",
        breaks="the first proxy is a black hole; the pipe costs 30 s for each file",
        expect=degraded("tcp.syn_timeout", ("path", "transit", "middlebox"), (2, 2), vague=True),
        server=Nginx(),
        mirror=Nginx(),
        goproxy="https://{host}|https://{mirror_host}",
        rules={"firewall": "ip daddr {server4} tcp dport 443 drop"},
        modules=Modules(count=1, size_kb=20),
        wires=METRO_BOTH,
        seconds=95,
    ),
    Scenario(
        name="list-both-not-found",
        breaks="neither proxy of the list has the module",
        resembles=("config.fallback_blocked",),
        expect=failed("http.not_found", "server", _SERVER),
        mirror=Nginx(tls=None),
        goproxy="http://{host}/a,http://{mirror_host}/b",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="list-404-then-direct",
        breaks="the proxy has no such module, and direct finds no such host",
        resembles=("config.proxy_off",),
        expect=failed(("http.not_found", "dns.nxdomain"), ("server", "resolver")),
        goproxy="http://{host}/a,direct",
        wires=METRO,
    ),
    Scenario(
        name="list-500-in-the-middle",
        breaks="info and mod arrive, each zip gets 500",
        expect=failed("http.server_error", "server", _SERVER),
        server=_status(500, ".zip"),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="list-502-in-the-middle-tls12",
        breaks="info and mod arrive, each zip gets 502 inside TLS 1.2",
        expect=failed("http.server_error", "upstream"),
        bare=UNTOLD,
        server=_status(502, ".zip", "TLSv1.2"),
        wires=METRO,
    ),
    Scenario(
        name="list-first-byte-3s",
        breaks="each .mod's first byte takes 3 s, over plain HTTP",
        expect=degraded("http.slow_response", ("upstream", "server")),
        server=Faulty(tls=None, acts=(Act(suffix=".mod", do="late", seconds=3),)),
        goproxy=_PLAIN,
        wires=METRO,
        seconds=8,
    ),
    Scenario(
        name="list-first-byte-8s-tls12",
        breaks="a zip's first byte takes 8 s, inside TLS 1.2",
        expect=degraded("http.slow_response", ("upstream", "server")),
        server=Faulty(tls="TLSv1.2", acts=(Act(suffix=".zip", do="late", seconds=8),)),
        modules=Modules(count=1, size_kb=50),
        wires=FAR,
        seconds=10,
    ),
    Scenario(
        name="list-pause-in-body",
        breaks="a zip pauses for 6 s half-way, then goes on",
        resembles=("tcp.blackhole",),
        expect=degraded(("http.stalled_body", "http.slow_response"), ("server", "upstream")),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="pause", seconds=6),)),
        goproxy=_PLAIN,
        modules=_BIG,
        wires=METRO,
        seconds=8,
    ),
    Scenario(
        name="list-pause-in-body-tls",
        breaks="a zip pauses for 5 s half-way inside TLS, then goes on",
        expect=degraded(("http.stalled_body", "http.slow_response"), ("server", "upstream")),
        server=Faulty(acts=(Act(suffix=".zip", do="pause", seconds=5),)),
        modules=_BIG,
        wires=METRO,
        seconds=7,
    ),
    Scenario(
        name="list-sumdb-no-such-host",
        breaks="the checksum database's name does not exist; the proxy does not mirror it",
        expect=failed("dns.nxdomain", "resolver", (2, 2)),
        env={"GOSUMDB": "sum.golang.org"},
        wires=METRO,
    ),
    Scenario(
        name="list-sumdb-500-plain",
        breaks="the proxy answers 500 where it should mirror the checksum database",
        resembles=("go.checksum_mismatch",),
        expect=failed("http.server_error", "server", _SERVER),
        server=_status(500, "/supported"),
        goproxy=_PLAIN,
        env={"GOSUMDB": "sum.golang.org"},
        wires=METRO,
    ),
    Scenario(
        name="list-ipv6-refused-ipv4-works",
        breaks="nothing of weight: IPv6 to the server is refused at once, IPv4 works",
        expect=Expected(("healthy", "degraded"), ("", "path.ipv6_broken")),
        family="46",
        input_rules={"server": "meta nfproto ipv6 tcp dport 443 reject with tcp reset"},
        wires=METRO,
    ),
    Scenario(
        name="list-ipv6-dropped-ipv4-refused",
        breaks="IPv6 vanishes at the transit router, IPv4 is refused by the server",
        expect=failed(
            ("tcp.refused", "tcp.syn_timeout", "path.ipv6_broken"),
            ("server", "path", "transit", "middlebox"),
        ),
        family="46",
        server=Nginx(tls=None),
        rules={"transit": "meta nfproto ipv6 tcp dport 443 drop"},
        wires=METRO,
        seconds=31,
    ),
    Scenario(
        name="list-healthy-ipv6-unreachable",
        breaks="nothing of weight: the gateway has no IPv6 route and says so, IPv4 works",
        expect=Expected(("healthy", "degraded"), ("", "path.ipv6_broken")),
        family="46",
        rules={"gateway": "meta nfproto ipv6 reject with icmpv6 type no-route"},
        wires=METRO,
    ),
    Scenario(
        name="list-steady-2mbit",
        breaks="nothing that a capture can blame for sure: an access line of 2 Mbit/s",
        expect=Expected(("healthy", "degraded"), ("", "path.throttled", "path.bufferbloat"), None),
        modules=Modules(count=2, size_kb=1500),
        wires={"client-gateway": both(Impair(delay_ms=8, rate_mbit=2, queue_kb=40))},
        seconds=14,
    ),
    Scenario(
        name="list-server-paced",
        breaks="the server sends each answer at 150 kB/s on purpose",
        expect=Expected(("healthy", "degraded"), ("", "path.throttled", "http.slow_response")),
        server=Nginx(limit_rate="150k"),
        modules=Modules(count=1, size_kb=1500),
        wires=METRO,
        seconds=12,
    ),
)
