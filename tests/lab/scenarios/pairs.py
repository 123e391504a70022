"""Two faults at once, and each of the two alone in the same network.

What each does alone decides what both together must be told: the root is the fault that alone
fails the download, or of two that only delay it the one that costs more; the other is listed.
`tests.lab.singles` checks this against what the runs of the single faults really did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.lab.expectation import HEALTHY, Expected, degraded, failed, words
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
)

_SERVER = (4, 4)
_RESOLVER = (2, 2)
_PLAIN = "http://{host}"
_ON_THE_WAY = ("path", "transit", "middlebox")
_BIG = Modules(count=1, size_kb=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What is broken, what that alone deserves, and how it is declared."""

    breaks: str
    alone: Expected
    changes: Mapping[str, Any] = field(default_factory=dict)


def _slow_names(delay_s: float) -> _Fault:
    return _Fault(
        breaks=f"the resolver takes {delay_s} s for every answer",
        alone=degraded("dns.slow", "resolver", _RESOLVER),
        changes={"dns": Dns(replies={"*": Reply(delay_s=delay_s)})},
    )


def _served(breaks: str, alone: Expected, **changes: Any) -> _Fault:
    return _Fault(breaks=breaks, alone=alone, changes=changes)


_LOST_QUERIES = _Fault(
    breaks="the first query of each type is lost beside the resolver",
    alone=degraded("dns.lossy", ("path", "resolver"), (1, 2), vague=True),
    changes={"dns": Dns(replies={"*": Reply(lose_first=1)})},
)
_EXPIRED = _served(
    "the certificate has expired",
    failed("tls.expired", "server", _SERVER),
    server=Nginx(tls="TLSv1.2", certificate="expired"),
)
_LATE_HELLO = _served(
    "the server takes 2 s for its turn of the handshake",
    degraded("tls.slow_handshake", "server", _SERVER),
    server=Faulty(tls="TLSv1.2", hello="late:2"),
)
_UNTRUSTED = _served(
    "nobody trusts the server's chain",
    failed("tls.untrusted_issuer", "server"),
    server=Nginx(tls="TLSv1.2", certificate="untrusted_root"),
)
_SLOW_PROXY = _served(
    "the proxy takes 1.5 s to connect",
    degraded("http.slow_response", ("upstream", "proxy")),
    proxy=Proxy(delay_s=1.5),
)
_FORBIDDEN = _served(
    "the server answers 403 to each zip",
    failed("http.unauthorized", "server", _SERVER),
    server=Faulty(tls=None, acts=(Act(suffix=".zip", do="status", status=403, body="no\n"),)),
)
_MISSING = _served(
    "the server has no such module",
    failed("http.not_found", "server", _SERVER),
    server=Faulty(tls=None, acts=(Act(do="status", status=404, body="no\n"),)),
)
_LATE_INFO = Act(suffix=".info", do="late", seconds=2)
_LATE_FIRST_BYTE = _served(
    "the server thinks 2 s before each .info",
    degraded("http.slow_response", ("upstream", "server")),
    server=Faulty(tls=None, acts=(_LATE_INFO,)),
)
_SHORT_ZIP = Act(suffix=".zip", do="truncate")
_TRUNCATED = _served(
    "the server closes half-way through each zip",
    failed("http.truncated_body", "server", _SERVER),
    server=Faulty(tls=None, acts=(_SHORT_ZIP,)),
)
_SATELLITE = _served(
    "the link to the server is a satellite: 600 ms there and back",
    degraded("path.high_latency", _ON_THE_WAY, (3, 4), vague=True),
    wires={"transit-server": both(Impair(delay_ms=300))},
)
_RESET_BODY = _served(
    "the firewall resets the download after 60 kB",
    failed("tcp.reset_injected", "middlebox", (2, 2)),
    forgers=(Forger(node="firewall", trigger="body", after_kb=60),),
)
_SILENT_FIRST = _Fault(
    breaks="the first of two resolvers is silent",
    alone=degraded(
        ("dns.no_response", "dns.slow", "dns.lossy"), ("resolver", "path"), None, vague=True
    ),
    changes={
        "dns": Dns(before=("{mirror4}",)),
        "mirror": Nginx(),
        "input_rules": {"mirror": "udp dport 53 drop"},
    },
)
_UNKNOWN_NAME = _served(
    "the resolver denies the name",
    failed("dns.nxdomain", "resolver"),
    dns=Dns(replies={"*": Reply(mode="nxdomain")}),
)
_LOSSY_LINK = _served(
    "the link behind the firewall loses 6 % both ways",
    degraded("path.loss", _ON_THE_WAY, (2, 3), vague=True),
    wires=METRO | {"firewall-transit": both(Impair(loss=0.06))},
)
_PORT_CLOSED = _served("the first server's port is closed", HEALTHY, server=Nginx(tls=None))
_MIRROR_EXPIRED = _served(
    "the second server's certificate has expired",
    HEALTHY,
    mirror=Nginx(tls="TLSv1.2", certificate="expired"),
)


def _pair(
    name: str,
    first: _Fault,
    second: _Fault,
    *,
    together: Mapping[str, Any] | None = None,
    expect: Expected | None = None,
    seconds: float = 5.0,
    **network: Any,
) -> tuple[Scenario, ...]:
    """Return the scenario of both faults and those of each alone.

    The second fault is the costlier where neither fails the download. `together` declares what
    both change; `expect` is the truth where neither shows alone.
    """
    usual = {"wires": METRO, "seconds": seconds} | network
    alone = tuple(
        _scenario(
            f"{name}-{place}", fault.breaks, fault.alone, {"thorough": True} | usual, fault.changes
        )
        for place, fault in (("first", first), ("second", second))
    )
    merged = {**first.changes, **second.changes, **(together or {})}
    parts = {"parts": (alone[0].name, alone[1].name)}
    truth = expect or _of_both(first.alone, second.alone)
    whole = _scenario(name, f"{first.breaks}, and {second.breaks}", truth, usual | parts, merged)
    return (whole, *alone)


def _scenario(
    name: str, breaks: str, expect: Expected, usual: Mapping[str, Any], changes: Mapping[str, Any]
) -> Scenario:
    return Scenario(name=name, breaks=breaks, expect=expect, **{**usual, **changes})


def _of_both(first: Expected, second: Expected) -> Expected:
    """Return the truth about two faults from the truth about each."""
    root, other = (first, second) if first.outcome == "failed" else (second, first)
    return replace(root, also=words(other.cause))


SCENARIOS = (
    *_pair("pair-slow-names-expired", _slow_names(2), _EXPIRED),
    *_pair("pair-lost-queries-not-found", _LOST_QUERIES, _MISSING, goproxy=_PLAIN, seconds=7),
    *_pair(
        "pair-late-hello-expired",
        _LATE_HELLO,
        _EXPIRED,
        together={"server": Faulty(tls="TLSv1.2", certificate="expired", hello="late:2")},
    ),
    *_pair("pair-satellite-forbidden", _SATELLITE, _FORBIDDEN, goproxy=_PLAIN),
    *_pair(
        "pair-late-byte-truncated",
        _LATE_FIRST_BYTE,
        _TRUNCATED,
        together={"server": Faulty(tls=None, acts=(_LATE_INFO, _SHORT_ZIP))},
        goproxy=_PLAIN,
        modules=_BIG,
    ),
    *_pair("pair-slow-names-reset", _slow_names(2), _RESET_BODY, modules=_BIG),
    *_pair("pair-slow-proxy-untrusted", _SLOW_PROXY, _UNTRUSTED, proxy=Proxy()),
    *_pair(
        "pair-slow-names-late-byte",
        _slow_names(1.5),
        _served(
            "the server thinks 5 s before each .mod",
            degraded("http.slow_response", ("upstream", "server")),
            server=Faulty(tls=None, acts=(Act(suffix=".mod", do="late", seconds=5),)),
        ),
        goproxy=_PLAIN,
        seconds=8,
    ),
    *_pair("pair-late-hello-slow-names", _LATE_HELLO, _slow_names(4.5), seconds=8),
    *_pair("pair-slow-names-satellite", _slow_names(1.5), _SATELLITE, seconds=8),
    *_pair(
        "pair-silent-resolver-unknown-name",
        _SILENT_FIRST,
        _UNKNOWN_NAME,
        together={
            "dns": Dns(before=("{mirror4}",), replies={"*": Reply(mode="nxdomain")}),
        },
        wires=METRO_BOTH,
        seconds=14,
    ),
    *_pair(
        "pair-slow-names-lossy-link",
        _slow_names(1.5),
        _LOSSY_LINK,
        modules=Modules(count=2, size_kb=700),
        seconds=18,
        exclusive=True,
    ),
    *_pair(
        "pair-both-entries",
        _PORT_CLOSED,
        _MIRROR_EXPIRED,
        # go needs but one of the two: either is what kept it from working.
        expect=failed(
            ("tcp.refused", "tls.expired"),
            "server",
            _SERVER,
            also=("tcp.refused", "tls.expired"),
        ),
        goproxy="https://{host}|https://{mirror_host}",
        mirror=Nginx(),
        wires=METRO_BOTH,
    ),
)
