"""Downloads that work, each with something that a hasty rule would blame."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY
from tests.lab.latency import FAR, METRO, METRO_BOTH
from tests.lab.model import Dns, Impair, Modules, Nginx, Proxy, Reply, Scenario, both

_DEAD_NAME = "for i in 1 2 3; do getent hosts telemetry.{search}; sleep 0.2; done"
_DEAD_PORT = "for i in 1 2 3; do timeout 1 bash -c '</dev/tcp/{mirror4}/8123'; sleep 0.2; done"

SCENARIOS = (
    Scenario(
        name="healthy-tls13",
        breaks="nothing: TLS 1.3, HTTP/2, a mirror 18 ms away",
        expect=HEALTHY,
        wires=METRO,
    ),
    Scenario(
        name="healthy-tls12",
        breaks="nothing: TLS 1.2",
        expect=HEALTHY,
        server=Nginx(tls="TLSv1.2"),
        wires=METRO,
    ),
    Scenario(
        name="healthy-plain",
        breaks="nothing: plain HTTP",
        expect=HEALTHY,
        goproxy="http://{host}",
        wires=METRO,
    ),
    Scenario(
        name="healthy-ipv6",
        breaks="nothing: IPv6 only, resolver included",
        expect=HEALTHY,
        wires=METRO,
        family="6",
    ),
    Scenario(
        name="healthy-dual-stack",
        breaks="nothing: A and AAAA, both work",
        expect=HEALTHY,
        wires=METRO,
        family="46",
    ),
    Scenario(
        name="healthy-far",
        breaks="nothing: a server 120 ms away, steady",
        expect=HEALTHY,
        wires=FAR,
    ),
    Scenario(
        name="healthy-tiny-loss",
        breaks="nothing worth a word: 0.2 % of packets are lost",
        expect=HEALTHY,
        wires=METRO | {"firewall-transit": both(Impair(loss=0.002))},
        modules=Modules(count=2, size_kb=400),
        exclusive=True,
    ),
    Scenario(
        name="healthy-proxy",
        breaks="nothing: CONNECT through an explicit proxy",
        expect=HEALTHY,
        proxy=Proxy(),
        wires=METRO,
    ),
    Scenario(
        name="healthy-search-domains",
        breaks="nothing: two search names are denied before the real one is found",
        expect=HEALTHY,
        dns=Dns(search=("{search}", "svc.{search}"), ndots=5),
        wires=METRO,
    ),
    Scenario(
        name="healthy-fall-through",
        breaks="nothing: the first proxy of the list has no such module, the second has",
        expect=HEALTHY,
        mirror=Nginx(),
        goproxy="https://{mirror_host}/private,https://{host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="healthy-fall-through-plain",
        breaks="nothing: the first proxy's 404 is readable, the second has the module",
        expect=HEALTHY,
        mirror=Nginx(tls=None),
        goproxy="http://{mirror_host}/private,http://{host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="healthy-private-ca",
        breaks="nothing: a private root signed a leaf without key identifiers; go accepts it",
        expect=HEALTHY,
        server=Nginx(tls="TLSv1.2", certificate="root_signed_no_aki"),
        wires=METRO,
    ),
    Scenario(
        name="healthy-inspected",
        breaks="nothing: the firewall inspects TLS and the client trusts its CA",
        expect=HEALTHY,
        inspect=True,
        trusts=("inspector",),
        wires=METRO,
    ),
    Scenario(
        name="healthy-go-1.22",
        breaks="nothing: an older go with a small ClientHello",
        expect=HEALTHY,
        go="1.22",
        wires=METRO,
    ),
    Scenario(
        name="healthy-go-1.24",
        breaks="nothing: go 1.24, which splits its ClientHello",
        expect=HEALTHY,
        go="1.24",
        wires=METRO,
    ),
    Scenario(
        name="healthy-go-1.19",
        breaks="nothing: the go of Debian 12",
        expect=HEALTHY,
        go="1.19",
        wires=METRO,
    ),
    Scenario(
        name="healthy-many-modules",
        breaks="nothing: 40 modules over HTTP/2",
        expect=HEALTHY,
        modules=Modules(count=40, size_kb=8),
        wires=METRO,
    ),
    Scenario(
        name="healthy-many-modules-http1",
        breaks="nothing: 20 modules over HTTP/1.1, so many connections",
        expect=HEALTHY,
        server=Nginx(http2=False),
        modules=Modules(count=20, size_kb=8),
        wires=METRO,
    ),
    Scenario(
        name="healthy-large",
        breaks="nothing: 6 MB at 30 Mbit/s with a queue of its own size",
        expect=HEALTHY,
        modules=Modules(count=2, size_kb=3000),
        wires={"transit-server": both(Impair(delay_ms=9, rate_mbit=30, queue_kb=80))},
        exclusive=True,
    ),
    Scenario(
        name="healthy-other-name-dead",
        breaks="nothing of the download: another process asks for a name that does not exist",
        expect=HEALTHY,
        background=_DEAD_NAME,
        wires=METRO,
    ),
    Scenario(
        name="healthy-other-port-dead",
        breaks="nothing of the download: another process knocks at a closed port",
        expect=HEALTHY,
        mirror=Nginx(tls=None),
        background=_DEAD_PORT,
        wires=METRO,
    ),
    Scenario(
        name="healthy-truncated-dns",
        breaks="nothing: answers are truncated and fetched over TCP",
        expect=HEALTHY,
        dns=Dns(replies={"*": Reply(mode="truncate")}),
        wires=METRO,
    ),
    Scenario(
        name="healthy-duplicate-answers",
        breaks="nothing: every DNS answer comes twice, the same",
        expect=HEALTHY,
        dns=Dns(replies={"*": Reply(copies=2)}),
        wires=METRO,
    ),
    Scenario(
        name="healthy-duplicate-packets",
        breaks="nothing worth a word: 1 % of packets arrive twice",
        expect=HEALTHY,
        wires=METRO | {"firewall-transit": both(Impair(duplicate=0.01))},
        modules=Modules(count=2, size_kb=200),
    ),
    Scenario(
        name="healthy-little-reordering",
        breaks="nothing worth a word: 1 % of packets are overtaken by 3 ms",
        expect=HEALTHY,
        wires=METRO | {"firewall-transit": both(Impair(reorder=0.01, reorder_ms=3))},
        modules=Modules(count=2, size_kb=400),
        exclusive=True,
    ),
)
