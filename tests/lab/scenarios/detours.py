"""Fetches that take another way: directly and through git, past a proxy, by a second host."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, UNTOLD, Expected, degraded, failed
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
    redirecting,
)

_SERVER = (4, 4)
_RESOLVER = (2, 2)
_ONE = Modules(count=1, size_kb=20)
_MIRROR_NAMES = ("{mirror_host}",)
_NXDOMAIN = {"*": Reply(mode="nxdomain")}
#: The checksum database is asked at a host of its own.
_SUMDB = {"GOSUMDB": "sum.golang.org https://{mirror_host}"}
#: The main module needs one at the server's own name, which only its host can place.
_VANITY = {"alt.mod": "module example.com/app\n\ngo 1.18\n\nrequire {host}/lib v1.2.3\n"}
_DIRECT = {
    "GOFLAGS": "-mod=mod -modcacherw -x -modfile=../home/alt.mod",
    "GOPROXY": "direct",
}
#: go runs git in a directory below GOPATH.
_WITH_GIT = _DIRECT | {"GIT_SSL_CAINFO": "../../../../../../../pki/trusted.pem"}
_BASIC = {"WWW-Authenticate": 'Basic realm="git"'}
_META = '<html><head><meta name="go-import" content="{host}/lib git {repository}"></head></html>'
_REPOSITORY = _META.replace("{repository}", "https://{mirror_host}/lib.git")


def _page(status: int, body: str) -> Faulty:
    """Answer go-get=1 with a page."""
    html = {"Content-Type": "text/html"}
    return Faulty(
        acts=(Act(suffix="?go-get=1", do="status", status=status, body=body, headers=html),)
    )


SCENARIOS = (
    Scenario(
        name="direct-no-go-import",
        breaks="direct: the module's host answers go-get=1 with 404",
        expect=failed("http.not_found", "server", _SERVER),
        bare=UNTOLD,
        server=_page(404, "<html>nothing here</html>"),
        env=_DIRECT,
        home=_VANITY,
        wires=METRO,
    ),
    Scenario(
        name="direct-git-host-unknown",
        breaks="direct: the name of the repository's host does not exist, and only git asks for it",
        expect=failed("dns.nxdomain", "resolver", _RESOLVER),
        # Nothing on the wire says that git works for go.
        bare=UNTOLD,
        server=_page(200, _REPOSITORY),
        mirror=Nginx(),
        dns=Dns(replies=_NXDOMAIN, targets=_MIRROR_NAMES),
        env=_DIRECT,
        home=_VANITY,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="direct-git-host-refuses",
        breaks="direct: the repository's host has its port closed",
        expect=failed("tcp.refused", "server", _SERVER),
        bare=UNTOLD,
        server=_page(200, _REPOSITORY),
        mirror=Nginx(tls=None),
        env=_DIRECT,
        home=_VANITY,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="direct-git-host-expired",
        breaks="direct: the repository's host shows git an expired certificate",
        expect=failed("tls.expired", "server", _SERVER),
        bare=UNTOLD,
        server=_page(200, _REPOSITORY),
        mirror=Nginx(tls="TLSv1.2", certificate="expired"),
        env=_WITH_GIT,
        home=_VANITY,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="direct-git-private",
        breaks="direct: the repository's host wants credentials of git",
        expect=failed("http.unauthorized", "server", _SERVER),
        bare=UNTOLD,
        server=_page(200, _REPOSITORY),
        mirror=Faulty(acts=(Act(do="status", status=401, headers=_BASIC),)),
        env=_WITH_GIT,
        home=_VANITY,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="direct-git-host-silent",
        breaks="direct: the repository's host takes git's ClientHello and never answers",
        expect=failed("tls.handshake_timeout", "server", _SERVER),
        bare=UNTOLD,
        resembles=("http.stalled_body", "http.slow_response"),
        server=_page(200, _REPOSITORY),
        mirror=Faulty(hello="silent"),
        env=_WITH_GIT,
        home=_VANITY,
        wires=METRO_BOTH,
        timeout_s=13,
        seconds=15,
    ),
    Scenario(
        name="direct-git-forbidden",
        breaks="direct: GOVCS forbids git",
        expect=failed("config.proxy_off", "client", (0, 0)),
        bare=UNTOLD,
        server=_page(200, _REPOSITORY),
        env=_DIRECT | {"GOVCS": "*:off"},
        home=_VANITY,
        wires=METRO,
    ),
    Scenario(
        name="sumdb-refused",
        breaks="the checksum database's port is closed, right after the proxy has served all",
        expect=failed("tcp.refused", "server", _SERVER),
        mirror=Nginx(tls=None),
        env=_SUMDB,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="sumdb-chain-incomplete",
        breaks="the checksum database does not send its intermediate",
        expect=failed("tls.chain_incomplete", "server", _SERVER),
        mirror=Nginx(tls="TLSv1.2", certificate="missing_intermediate"),
        env=_SUMDB,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="proxy-silent-private",
        breaks="the proxy has a private address and never answers; other names are public",
        expect=failed("proxy.no_answer", "proxy", (2, 2)),
        resembles=("dns.bogus_address",),
        proxy=Proxy(mode="silent"),
        mirror=Nginx(),
        env={"NO_PROXY": "{host}"},
        goproxy="http://{host}/nothing,https://{mirror_host}",
        wires=METRO_BOTH,
        timeout_s=14,
        seconds=15,
    ),
    Scenario(
        name="proxy-name-unknown",
        breaks="the name in HTTPS_PROXY does not exist",
        expect=failed("dns.nxdomain", "resolver", _RESOLVER),
        env={"HTTPS_PROXY": "http://webcache.{search}:3128"},
    ),
    Scenario(
        name="proxy-late-first-byte",
        breaks="each .mod's first byte takes 3 s behind the proxy, which hands tickets on late",
        expect=degraded("http.slow_response", ("upstream", "server")),
        resembles=("http.stalled_body", "tls.slow_handshake"),
        proxy=Proxy(),
        server=Faulty(acts=(Act(suffix=".mod", do="late", seconds=3),)),
        modules=_ONE,
        wires=METRO,
        seconds=6,
    ),
    Scenario(
        name="dns-tcp-reset-by-gateway",
        breaks="answers are truncated, and the gateway resets DNS over TCP",
        expect=failed("dns.tcp_blocked", ("middlebox", "gateway"), (1, 1)),
        dns=Dns(replies={"*": Reply(mode="truncate")}),
        rules={"gateway": "tcp dport 53 reject with tcp reset"},
    ),
    Scenario(
        name="dns-forged-gateway-ipv6",
        breaks="the gateway answers for a far IPv6 resolver, with an address of no use",
        expect=failed("dns.forged", "middlebox", (1, 1)),
        family="6",
        dns=Dns(node="server"),
        forgers=(Forger(node="gateway", trigger="dns", address="{resolver6}"),),
        wires=METRO,
    ),
    Scenario(
        name="storage-sni-reset-transit",
        breaks="a transit box resets by the storage host's name; the proxy's passes",
        expect=failed("tls.sni_blocked", "middlebox", (3, 3)),
        resembles=("tls.client_hello_rejected", "tcp.reset_by_server"),
        goproxy="https://{mirror_host}",
        mirror=redirecting("https://{host}"),
        forgers=(Forger(node="transit", trigger="sni"),),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="storage-by-address",
        breaks="zips are redirected to a bare address, for which no certificate is",
        expect=failed("tls.name_mismatch", "server", _SERVER),
        bare=failed(("tls.certificate_rejected", "tls.name_mismatch"), "server", _SERVER),
        server=redirecting("https://{mirror4}"),
        mirror=Nginx(),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="storage-half-answered",
        breaks="the storage host's AAAA is never answered",
        expect=degraded("dns.half_answered", ("resolver", "middlebox"), _RESOLVER),
        server=redirecting("https://{mirror_host}"),
        mirror=Nginx(),
        dns=Dns(replies={"AAAA": Reply(mode="silent")}, targets=_MIRROR_NAMES),
        modules=_ONE,
        wires=METRO_BOTH,
        seconds=14,
    ),
    Scenario(
        name="list-gone-tls-pipe",
        breaks="nothing: the first proxy says 410 inside TLS, the second has everything",
        expect=HEALTHY,
        resembles=("http.not_found",),
        server=Faulty(acts=(Act(do="status", status=410, body="gone\n"),)),
        mirror=Nginx(),
        goproxy="https://{host}|https://{mirror_host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="addresses-one-refuses",
        breaks="nothing of weight: one of the name's two addresses refuses",
        expect=HEALTHY,
        resembles=("tcp.reset_injected",),
        mirror=Nginx(tls=None),
        dns=Dns(addresses=("{server4}", "{mirror4}")),
        wires=METRO_BOTH,
    ),
    Scenario(
        name="hello-dropped-ipv6-server-link",
        breaks="over 1300 bytes outwards vanish before the server, IPv6",
        expect=failed(
            ("tls.client_hello_dropped", "path.mtu_blackhole"),
            ("middlebox", "path", "transit"),
            (3, 4),
            vague=True,
        ),
        family="6",
        wires={"transit-server": (Impair(delay_ms=9, mtu=1300), Impair(delay_ms=9))},
        seconds=12,
    ),
    Scenario(
        name="goaway-tls12-ipv6",
        breaks="the server ends every HTTP/2 connection with GOAWAY, TLS 1.2, IPv6",
        expect=failed("http.stream_reset", "server", _SERVER),
        bare=Expected(("failed", "healthy", "inconclusive"), ("http.stream_reset", "")),
        family="6",
        server=Faulty(tls="TLSv1.2", http2="goaway"),
        wires=FAR,
    ),
)
