"""Faults beside those that look the same: what tells one from the other is on the wire."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, UNTOLD, Expected, degraded, failed
from tests.lab.latency import METRO, METRO_BOTH
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
    redirecting,
)

_SERVER = (4, 4)
_FIREWALL = (2, 2)
_PLAIN = "http://{host}"
#: The key share of X25519MLKEM768: its group and its length (draft-ietf-tls-ecdhe-mlkem).
_KEM_SHARE = "11ec04c0"
_ALPN_LARGE = "-alpn h2,$(seq -s, 1000 1270)"
_S_CLIENT = "openssl s_client -connect {server4}:443 -servername {host}"
_SMALL_HELLO = f"{_S_CLIENT} -groups P-256 </dev/null"
#: As large as go's, without what is new in it.
_LARGE_OLD_HELLO = f"{_S_CLIENT} -groups P-256 {_ALPN_LARGE} </dev/null"
_OTHER_NAME_LARGE = f"{_LARGE_OLD_HELLO}".replace("{host}", "www.{mirror_host}")

SCENARIOS = (
    Scenario(
        name="hello-schemes-reset",
        breaks="the firewall resets hellos that offer go 1.27's new signature schemes",
        expect=failed("tls.client_hello_rejected", "middlebox", _FIREWALL),
        resembles=("tls.sni_blocked", "tls.client_hello_dropped", "tcp.reset_by_server"),
        forgers=(Forger(node="firewall", trigger="schemes"),),
        wires=METRO,
        background=_LARGE_OLD_HELLO,
        tries=2,
    ),
    Scenario(
        name="hello-schemes-reset-go124",
        breaks="nothing for go 1.24: the firewall resets hellos with go 1.27's signature schemes",
        expect=HEALTHY,
        resembles=("tls.client_hello_rejected",),
        forgers=(Forger(node="firewall", trigger="schemes"),),
        go="1.24",
        wires=METRO,
    ),
    Scenario(
        name="hello-key-share-swallowed",
        breaks="the firewall swallows flows whose hello has a post-quantum key share",
        expect=failed(
            ("tls.client_hello_dropped", "tls.client_hello_rejected"),
            ("middlebox", "path", "transit"),
            (1, 2),
            vague=True,
        ),
        resembles=("tls.sni_blocked", "tls.handshake_timeout", "tcp.blackhole"),
        wires=METRO | {"gateway-firewall": (Impair(block_bytes=_KEM_SHARE), Impair())},
        background=_SMALL_HELLO,
        seconds=12,
    ),
    Scenario(
        name="hello-key-share-go122",
        breaks="nothing for go 1.22: the firewall swallows hellos with a post-quantum key share",
        expect=HEALTHY,
        resembles=("tls.client_hello_dropped",),
        wires=METRO | {"gateway-firewall": (Impair(block_bytes=_KEM_SHARE), Impair())},
        go="1.22",
    ),
    Scenario(
        name="hello-hated-by-server",
        breaks="the server itself resets hellos over 1400 bytes, and takes smaller ones",
        expect=failed("tls.client_hello_rejected", "server", _SERVER),
        resembles=("tls.sni_blocked", "tls.client_hello_dropped", "tcp.reset_injected"),
        server=Faulty(hello="reset-large"),
        wires=METRO,
        background=_SMALL_HELLO,
        tries=2,
    ),
    Scenario(
        name="hello-hated-by-server-go122",
        breaks="nothing for go 1.22: the server resets hellos over 1400 bytes",
        expect=HEALTHY,
        resembles=("tls.client_hello_rejected", "tcp.reset_by_server"),
        server=Faulty(hello="reset-large"),
        go="1.22",
        wires=METRO,
    ),
    Scenario(
        name="hello-named-and-large",
        breaks="the firewall resets by SNI; a hello as large with another name passes",
        expect=failed("tls.sni_blocked", "middlebox", _FIREWALL),
        resembles=("tls.client_hello_rejected", "path.mtu_blackhole", "tcp.reset_by_server"),
        forgers=(Forger(node="firewall", trigger="sni", how="client", ttl=255),),
        wires=METRO,
        background=_OTHER_NAME_LARGE,
        tries=2,
    ),
    Scenario(
        name="refused-by-box-not-server",
        breaks="the firewall resets SYNs to port 443; the server answers on port 80",
        expect=failed("tcp.reset_injected", "middlebox", _FIREWALL),
        resembles=("tcp.refused", "tcp.reset_by_server"),
        rules={"firewall": "ip daddr {server4} tcp dport 443 reject with tcp reset"},
        wires=METRO,
        background="curl -s -m 3 http://{server4}/",
        tries=2,
    ),
    Scenario(
        name="refused-by-server-open-elsewhere",
        breaks="the server's port 443 is closed; the server answers on port 80",
        expect=failed("tcp.refused", "server", _SERVER),
        resembles=("tcp.reset_injected",),
        server=Nginx(tls=None),
        wires=METRO,
        background="curl -s -m 3 http://{server4}/",
        tries=2,
    ),
    Scenario(
        name="proxy-works-server-502",
        breaks="the proxy connects; the server behind it answers 502 inside TLS",
        expect=failed("http.server_error", "upstream"),
        bare=UNTOLD,
        resembles=("proxy.bad_gateway",),
        proxy=Proxy(),
        server=Faulty(acts=(Act(do="status", status=502, body="bad gateway\n"),)),
        wires=METRO,
    ),
    Scenario(
        name="proxy-works-server-expired",
        breaks="the proxy connects; the server's certificate behind it has expired",
        expect=failed("tls.expired", "server"),
        resembles=("proxy.bad_gateway", "tls.intercepted"),
        proxy=Proxy(),
        server=Nginx(tls="TLSv1.2", certificate="expired"),
        wires=METRO,
    ),
    Scenario(
        name="proxy-slow-connect",
        breaks="the proxy takes 1.5 s to connect for each CONNECT",
        expect=degraded("http.slow_response", ("upstream", "proxy")),
        resembles=("proxy.bad_gateway", "proxy.no_answer", "tls.slow_handshake"),
        proxy=Proxy(delay_s=1.5),
        seconds=5,
    ),
    Scenario(
        name="race-lost-by-ipv4",
        breaks="nothing: IPv6 answers after 340 ms, so go has begun IPv4 too and drops it",
        # Whether a far server deserves a word is a matter of taste.
        expect=Expected(("healthy", "degraded"), ("", "path.high_latency")),
        resembles=("path.ipv6_broken", "tcp.refused", "tcp.syn_timeout", "tcp.reset_injected"),
        family="46",
        wires={"transit-server": both(Impair(delay_ms=170))},
    ),
    Scenario(
        name="redirect-healthy-plain",
        breaks="nothing: each zip is fetched from a storage host, readable",
        expect=HEALTHY,
        resembles=("http.captive_portal", "http.not_found"),
        server=redirecting("http://{mirror_host}", tls=None),
        mirror=Nginx(tls=None),
        goproxy=_PLAIN,
        wires=METRO_BOTH,
    ),
    Scenario(
        name="name-refused-aaaa",
        breaks="nothing: AAAA is refused, A is answered, and go connects",
        expect=HEALTHY,
        resembles=("dns.refused", "dns.half_answered"),
        dns=Dns(replies={"AAAA": Reply(mode="refused")}),
        wires=METRO,
    ),
    Scenario(
        name="name-not-answered-by-portal",
        breaks="the resolver answers every name with the server; the module is not there",
        expect=failed("http.not_found", "server", _SERVER),
        resembles=("dns.bogus_address", "http.captive_portal", "dns.nxdomain"),
        goproxy="http://{host}/nothing",
        dns=Dns(replies={"*": Reply(copies=2)}),
        wires=METRO,
    ),
    Scenario(
        name="window-closed-by-server",
        breaks="the server's daemon never reads: its small buffer is full before the hello is in",
        expect=failed(("tcp.zero_window", "tls.handshake_timeout"), "server", _SERVER),
        resembles=("client.slow", "path.mtu_blackhole", "tls.client_hello_dropped"),
        server=Faulty(hello="deaf"),
        wires=METRO,
        seconds=12,
    ),
    Scenario(
        name="closes-early-not-path",
        breaks="the server ends each zip a tenth through, while the path stays alive",
        expect=failed("http.truncated_body", "server", _SERVER),
        resembles=("tcp.blackhole", "http.stalled_body", "tcp.reset_by_server"),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="truncate", share=0.1),)),
        goproxy=_PLAIN,
        modules=Modules(count=1, size_kb=400),
        wires=METRO,
    ),
)
