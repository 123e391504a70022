"""The same faults at every place of the way, with old and new go, TLS 1.2 and 1.3, IPv4 and IPv6.

Each kind of fault is put at each place over both families; TLS and go change from one to the
next, so that every kind meets each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

from tests.lab.expectation import HEALTHY, Expected, degraded, failed
from tests.lab.latency import METRO
from tests.lab.model import Duplex, Forger, Impair, Modules, Nginx, Proxy, Scenario
from tests.lab.shape import STANDARD

_WAY = STANDARD.way("server")
_ROUTERS = tuple(enumerate(_WAY[1:-1], 1))
_LINKS = tuple(enumerate(f"{near}-{far}" for near, far in pairwise(_WAY)))
_SERVER = (len(_WAY) - 1,) * 2
_TLS_AND_GO = (
    ("TLSv1.3", "current"),
    ("TLSv1.2", "1.22"),
    ("TLSv1.3", "1.22"),
    ("TLSv1.2", "current"),
)
_ON_THE_WAY = ("path", "client", "gateway", "middlebox", "transit", "server")
_BIG = Modules(count=1, size_kb=400)
_CERTIFICATES = {
    "expired": "tls.expired",
    "self_signed": "tls.self_signed",
    "wrong_name": "tls.name_mismatch",
    "untrusted_root": "tls.untrusted_issuer",
    "missing_intermediate": "tls.chain_incomplete",
}


def _everywhere(
    places: Sequence[tuple[int, str]], shift: int
) -> Iterator[tuple[int, str, str, str, str]]:
    """Give each place over both families: distance, name, family, TLS and go."""
    for number, ((distance, place), family) in enumerate(product(places, "46")):
        tls, go = _TLS_AND_GO[(number + number // 2 + shift) % len(_TLS_AND_GO)]
        yield distance, place, family, tls, go


def _at(name: str, breaks: str, expect: Expected, family: str, go: str, **more: Any) -> Scenario:
    usual: dict[str, Any] = {"wires": METRO, "family": family, "go": go, "thorough": True}
    words = f"{breaks}, {' and '.join(f'IPv{digit}' for digit in family)}, go {go}"
    return Scenario(name=f"{name}-ipv{family}", breaks=words, expect=expect, **(usual | more))


def _wires(link: str, outwards: Impair, inwards: Impair) -> dict[str, Duplex]:
    """Add an impairment to a link; the server stays 18 ms away."""
    if link in METRO:
        outwards, inwards = (replace(i, delay_ms=9.0) for i in (outwards, inwards))
    return METRO | {link: (outwards, inwards)}


def _body_resets() -> Iterator[Scenario]:
    for hop, node, family, tls, go in _everywhere(_ROUTERS, 0):
        yield _at(
            f"at-{node}-body-reset",
            f"the {node} resets the download after 60 kB, {tls}",
            failed("tcp.reset_injected", "middlebox", (hop, hop)),
            family,
            go,
            resembles=("tcp.reset_by_server", "http.truncated_body"),
            forgers=(Forger(node=node, trigger="body", after_kb=60),),
            thorough=node != "gateway",
            server=Nginx(tls=tls),
            modules=_BIG,
        )


def _name_resets() -> Iterator[Scenario]:
    for hop, node, family, tls, go in _everywhere(_ROUTERS, 1):
        # A large hello without another one beside it may as well be hated for its size.
        size = () if go == "1.22" else ("tls.client_hello_rejected",)
        yield _at(
            f"at-{node}-name-reset",
            f"the {node} resets connections that name the server, {tls}",
            failed(("tls.sni_blocked", *size), "middlebox", (hop, hop)),
            family,
            go,
            resembles=("tcp.reset_by_server", "tls.handshake_failure"),
            forgers=(Forger(node=node, trigger="sni", ttl=128 if family == "4" else 64),),
            thorough=node != "gateway",
            server=Nginx(tls=tls),
        )


def _prohibitions() -> Iterator[Scenario]:
    for hop, node, family, tls, go in _everywhere(_ROUTERS, 2):
        yield _at(
            f"at-{node}-prohibited",
            f"the {node} prohibits the connection and says so",
            failed("tcp.unreachable", ("gateway", "middlebox", "transit"), (hop, hop)),
            family,
            go,
            resembles=("tcp.refused", "tcp.syn_timeout"),
            rules={node: "tcp dport 443 reject with icmpx type admin-prohibited"},
            thorough=node != "gateway",
            server=Nginx(tls=tls),
        )


def _swallowed_answers() -> Iterator[Scenario]:
    for near, link, family, tls, go in _everywhere(_LINKS, 3):
        yield _at(
            f"at-{link}-mtu-inwards",
            f"packets over 1350 bytes for the client vanish at {link}, {tls}",
            failed("path.mtu_blackhole", _ON_THE_WAY, (near, near + 1), vague=True),
            family,
            go,
            resembles=("tls.handshake_timeout", "tcp.blackhole", "http.stalled_body"),
            wires=_wires(link, Impair(), Impair(mtu=1350)),
            server=Nginx(tls=tls),
            modules=_BIG,
            timeout_s=14,
            seconds=15,
        )


def _swallowed_hellos() -> Iterator[Scenario]:
    for near, link in _LINKS:
        family = "46"[near % 2]
        yield _at(
            f"at-{link}-mtu-outwards",
            f"packets over 1300 bytes from the client vanish at {link}",
            failed(
                ("tls.client_hello_dropped", "path.mtu_blackhole"),
                _ON_THE_WAY,
                (near, near + 1),
                vague=True,
            ),
            family,
            "1.24" if near % 2 else "current",
            resembles=("tls.sni_blocked", "tls.handshake_timeout"),
            wires=_wires(link, Impair(mtu=1300), Impair()),
            seconds=12,
        )


def _losses() -> Iterator[Scenario]:
    for near, link in _LINKS:
        lossy = Impair(loss=0.06)
        yield _at(
            f"at-{link}-loss",
            f"{link} loses 6 % both ways",
            degraded("path.loss", _ON_THE_WAY, (near, near + 1), vague=True),
            "64"[near % 2],
            _TLS_AND_GO[near][1],
            resembles=("path.reordering", "path.mtu_blackhole", "capture.incomplete"),
            wires=_wires(link, lossy, lossy),
            server=Nginx(tls=_TLS_AND_GO[near][0]),
            modules=Modules(count=2, size_kb=700),
            seconds=15,
            exclusive=True,
        )


def _silences() -> Iterator[Scenario]:
    for near, link in _LINKS:
        yield _at(
            f"at-{link}-silent",
            f"{link} falls silent both ways in the middle of a body",
            failed("tcp.blackhole", _ON_THE_WAY, (near, near + 1), vague=True),
            "46"[near % 2],
            _TLS_AND_GO[near][1],
            resembles=("http.stalled_body", "path.mtu_blackhole", "tcp.zero_window"),
            wires=_wires(
                link,
                Impair(silent_after_kb=2.6, only="tcp/443"),
                Impair(silent_after_kb=90, only="tcp/443"),
            ),
            server=Nginx(tls=_TLS_AND_GO[near][0]),
            modules=_BIG,
            timeout_s=14,
            seconds=15,
        )


def _certificates() -> Iterator[Scenario]:
    """What TLS 1.3 hides from the packets is told by the session."""
    for _, kind, family, tls, go in _everywhere(tuple(enumerate(_CERTIFICATES)), 0):
        hidden = failed("tls.certificate_rejected", "server", _SERVER)
        yield _at(
            f"certificate-{kind.replace('_', '-')}",
            f"the server's certificate is of the kind {kind}, {tls}",
            failed(_CERTIFICATES[kind], "server", _SERVER),
            family,
            go,
            bare=hidden if tls == "TLSv1.3" else None,
            resembles=("tls.handshake_failure", "tls.intercepted"),
            server=Nginx(tls=tls, certificate=kind),
        )


def _healthy() -> Iterator[Scenario]:
    for number, (family, (tls, go)) in enumerate(product(("4", "6", "46"), _TLS_AND_GO)):
        http = "h2" if number % 2 else "HTTP/1.1"
        yield _at(
            f"healthy-{tls.lower().replace('v', '')}-go{go}",
            f"nothing: {tls}, {http}",
            HEALTHY,
            family,
            go,
            server=Nginx(tls=tls, http2=http == "h2"),
            modules=Modules(count=3 + number, size_kb=30),
        )
    for family in "46":
        yield _at(
            "healthy-proxy-http1",
            "nothing: CONNECT through a proxy, HTTP/1.1",
            HEALTHY,
            family,
            "current",
            proxy=Proxy(),
            server=Nginx(http2=False),
            modules=Modules(count=8, size_kb=20),
        )


SCENARIOS = (
    *_body_resets(),
    *_name_resets(),
    *_prohibitions(),
    *_swallowed_answers(),
    *_swallowed_hellos(),
    *_losses(),
    *_silences(),
    *_certificates(),
    *_healthy(),
)
