"""Handshakes that fail: certificates, versions, alerts, silence, and boxes that interfere."""

from __future__ import annotations

from tests.lab.expectation import degraded, failed
from tests.lab.latency import METRO
from tests.lab.model import Faulty, Forger, Impair, Nginx, Scenario

_SERVER = (4, 4)
_HIDDEN = failed("tls.certificate_rejected", "server", _SERVER)
_TLS12 = "TLSv1.2"
#: Another client on the same machine proves that the server and the way to it are well.
_OTHER_NAME = "openssl s_client -connect {server4}:443 -servername www.{mirror_host} </dev/null"
#: The same with a ClientHello as large as go's, so that its size is not the reason.
_OTHER_NAME_LARGE = _OTHER_NAME.replace(" </dev/null", " -alpn h2,$(seq -s, 1000 1270) </dev/null")
_SMALL_HELLO = "openssl s_client -groups P-256 -connect {server4}:443 -servername {host} </dev/null"


def _certificate(kind: str, tls: str = _TLS12) -> Nginx:
    return Nginx(tls=tls, certificate=kind)


SCENARIOS = (
    Scenario(
        name="tls-sni-reset",
        breaks="the firewall resets connections whose ClientHello names the server",
        resembles=("tls.client_hello_dropped", "tls.client_hello_rejected"),
        expect=failed("tls.sni_blocked", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni"),),
        wires=METRO,
        background=_OTHER_NAME_LARGE,
        tries=2,
    ),
    Scenario(
        name="tls-sni-reset-small-hello",
        breaks="the firewall resets by SNI; an older go's ClientHello is small",
        expect=failed("tls.sni_blocked", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="sni"),),
        go="1.22",
        wires=METRO,
    ),
    Scenario(
        name="tls-sni-reset-transit",
        breaks="a transit box with an initial TTL of 128 resets by SNI",
        expect=failed("tls.sni_blocked", "middlebox", (3, 3)),
        # With no other hello to compare, its size may as well be the reason.
        bare=failed(("tls.sni_blocked", "tls.client_hello_rejected"), "middlebox", (3, 3)),
        forgers=(Forger(node="transit", trigger="sni", ttl=128),),
        wires=METRO,
    ),
    Scenario(
        name="tls-sni-reset-mimic",
        breaks="the firewall resets by SNI and copies the server's TTL",
        expect=failed("tls.sni_blocked", "middlebox", (2, 2), vague=True),
        forgers=(Forger(node="firewall", trigger="sni", ttl=0),),
        wires=METRO,
        background=_OTHER_NAME_LARGE,
        tries=2,
    ),
    Scenario(
        name="tls-sni-silent",
        breaks="the firewall swallows flows whose ClientHello names the server; others pass",
        resembles=("path.mtu_blackhole", "tls.handshake_timeout"),
        expect=failed(
            ("tls.sni_blocked", "tls.client_hello_dropped"), ("middlebox", "path"), (1, 2), True
        ),
        wires=METRO | {"gateway-firewall": (Impair(block_sni="{host}"), Impair())},
        background=_OTHER_NAME,
        seconds=12,
    ),
    Scenario(
        name="tls-hello-dropped",
        breaks="the firewall drops large segments towards the server, so the ClientHello dies",
        resembles=("tls.sni_blocked", "tls.handshake_timeout"),
        expect=failed(
            "tls.client_hello_dropped", ("middlebox", "path", "transit"), (2, 2), vague=True
        ),
        rules={"firewall": "ip daddr {server4} tcp dport 443 meta length > 1400 drop"},
        wires=METRO,
        seconds=12,
    ),
    Scenario(
        name="tls-hello-dropped-offload",
        breaks="the same; the capture shows the ClientHello before the adapter cuts it",
        resembles=("tls.sni_blocked", "tls.handshake_timeout"),
        expect=failed(
            "tls.client_hello_dropped", ("middlebox", "path", "transit"), (2, 2), vague=True
        ),
        rules={"firewall": "ip daddr {server4} tcp dport 443 meta length > 1400 drop"},
        wires=METRO,
        seconds=12,
        offload=True,
    ),
    Scenario(
        name="tls-hello-rejected",
        breaks="the firewall resets connections whose ClientHello is larger than 1400 bytes",
        resembles=("tls.sni_blocked",),
        expect=failed("tls.client_hello_rejected", "middlebox", (2, 2)),
        forgers=(Forger(node="firewall", trigger="hello"),),
        wires=METRO,
        background=_SMALL_HELLO,
        tries=2,
    ),
    Scenario(
        name="tls-chain-incomplete",
        breaks="the server does not send its intermediate",
        resembles=("tls.untrusted_issuer",),
        expect=failed("tls.chain_incomplete", "server", _SERVER),
        server=_certificate("missing_intermediate"),
        wires=METRO,
    ),
    Scenario(
        name="tls-chain-incomplete-tls13",
        breaks="the server does not send its intermediate, hidden by TLS 1.3",
        expect=failed("tls.chain_incomplete", "server", _SERVER),
        bare=_HIDDEN,
        server=_certificate("missing_intermediate", "TLSv1.3"),
        wires=METRO,
    ),
    Scenario(
        name="tls-expired",
        breaks="the server's certificate ended two days ago",
        resembles=(
            "tls.handshake_failure",
            "tls.not_yet_valid",
            "tls.certificate_rejected",
            "tls.client_certificate_required",
        ),
        expect=failed("tls.expired", "server", _SERVER),
        server=_certificate("expired"),
        wires=METRO,
    ),
    Scenario(
        name="tls-expired-tls13",
        breaks="the server's certificate ended two days ago, hidden by TLS 1.3",
        expect=failed("tls.expired", "server", _SERVER),
        bare=_HIDDEN,
        server=_certificate("expired", "TLSv1.3"),
        wires=METRO,
    ),
    Scenario(
        name="tls-not-yet-valid",
        breaks="the server's certificate begins in three days",
        resembles=("tls.expired",),
        # Without a second clock nobody can say whose is wrong.
        expect=failed("tls.not_yet_valid", ("client", "server")),
        server=_certificate("not_yet_valid"),
        wires=METRO,
    ),
    Scenario(
        name="tls-name-mismatch",
        breaks="the server's certificate is for another name",
        resembles=("tls.unrecognized_name",),
        expect=failed("tls.name_mismatch", "server", _SERVER),
        server=_certificate("wrong_name"),
        wires=METRO,
    ),
    Scenario(
        name="tls-name-mismatch-tls13",
        breaks="the server's certificate is for another name, hidden by TLS 1.3",
        expect=failed("tls.name_mismatch", "server", _SERVER),
        bare=_HIDDEN,
        server=_certificate("wrong_name", "TLSv1.3"),
    ),
    Scenario(
        name="tls-untrusted-issuer",
        breaks="the chain is complete, its root is not trusted",
        resembles=(
            "tls.intercepted",
            "tls.chain_incomplete",
            "tls.self_signed",
            "tls.name_mismatch",
        ),
        expect=failed("tls.untrusted_issuer", "server", _SERVER),
        server=_certificate("untrusted_root"),
        wires=METRO,
    ),
    Scenario(
        name="tls-self-signed",
        breaks="the server's certificate is its own issuer",
        resembles=("tls.untrusted_issuer",),
        expect=failed("tls.self_signed", "server", _SERVER),
        server=_certificate("self_signed"),
        wires=METRO,
    ),
    Scenario(
        name="tls-self-signed-ipv6",
        breaks="the server's certificate is its own issuer, over IPv6",
        expect=failed("tls.self_signed", "server", _SERVER),
        server=_certificate("self_signed"),
        family="6",
    ),
    Scenario(
        name="tls-intercepted",
        breaks="the firewall opens TLS with a certificate of the inspection CA",
        resembles=("tls.chain_incomplete", "tls.self_signed"),
        expect=failed("tls.intercepted", "middlebox", (2, 2)),
        inspect=True,
        wires=METRO,
    ),
    Scenario(
        name="tls-intercepted-two-names",
        breaks="the firewall mints certificates for two unrelated names",
        expect=failed("tls.intercepted", "middlebox", (2, 2)),
        inspect=True,
        mirror=Nginx(),
        goproxy="https://{host}|https://{mirror_host}",
        wires=METRO,
    ),
    Scenario(
        name="tls-handshake-timeout",
        breaks="the server's kernel takes the ClientHello, its daemon never answers",
        resembles=("path.mtu_blackhole", "tls.sni_blocked", "tls.client_hello_dropped"),
        expect=failed("tls.handshake_timeout", "server", _SERVER),
        server=Faulty(hello="silent"),
        wires=METRO,
        seconds=12,
    ),
    Scenario(
        name="tls-slow-handshake",
        breaks="the server takes 3 s for its turn of the handshake",
        resembles=("tls.handshake_timeout", "http.slow_response"),
        expect=degraded("tls.slow_handshake", "server", _SERVER),
        server=Faulty(hello="late:3"),
        wires=METRO,
        seconds=5,
    ),
    Scenario(
        name="tls-version-mismatch",
        breaks="the server speaks nothing newer than TLS 1.1",
        resembles=("tls.handshake_failure",),
        expect=failed("tls.version_mismatch", ("server", "client"), None),
        server=Nginx(tls="TLSv1.1", ciphers="ALL:@SECLEVEL=0"),
        wires=METRO,
    ),
    Scenario(
        name="tls-handshake-failure",
        breaks="the server knows only a cipher suite that go does not offer",
        resembles=("tls.client_hello_rejected", "tls.version_mismatch", "tls.not_tls"),
        expect=failed("tls.handshake_failure", "server", _SERVER),
        server=Nginx(tls=_TLS12, ciphers="ECDHE-ECDSA-AES256-SHA384"),
        wires=METRO,
    ),
    Scenario(
        name="tls-internal-error",
        breaks="the server answers with alert internal_error",
        resembles=("tls.version_mismatch", "tls.unrecognized_name", "tls.not_tls"),
        expect=failed("tls.handshake_failure", "server", _SERVER),
        server=Faulty(hello="alert:80"),
        wires=METRO,
    ),
    Scenario(
        name="tls-unrecognized-name",
        breaks="the server knows no site of that name: alert unrecognized_name",
        resembles=("tls.handshake_failure", "tls.name_mismatch"),
        expect=failed("tls.unrecognized_name", "server", _SERVER),
        server=Faulty(hello="alert:112"),
        wires=METRO,
    ),
    Scenario(
        name="tls-client-certificate",
        breaks="the server wants a certificate of the client",
        resembles=("tls.certificate_rejected",),
        expect=failed("tls.client_certificate_required", "server", _SERVER),
        server=Faulty(tls=_TLS12, client_certificate=True),
        wires=METRO,
    ),
    Scenario(
        name="tls-not-tls",
        breaks="plain HTTP answers on port 443",
        expect=failed("tls.not_tls", ("server", "middlebox"), _SERVER),
        server=Faulty(hello="plaintext"),
        wires=METRO,
    ),
)
