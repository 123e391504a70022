"""Recordings in other states: cut short, thinned, one-sided, converted."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, Words, degraded, failed
from tests.lab.latency import METRO
from tests.lab.model import (
    Act,
    Camera,
    Dns,
    Faulty,
    Impair,
    Modules,
    Nginx,
    Proxy,
    Reply,
    Scenario,
    both,
)

_BIG = Modules(count=1, size_kb=400)
_ANY = Camera(every_interface=True)
# A router's own capture has each packet twice, before and after it took one from the TTL: hosts
# are at either distance from it.
_GATEWAY = Camera(node="gateway")
_FIREWALL = Camera(node="firewall")
_SERVER = Camera(node="server")
_UNSURE = Expected(("healthy", "inconclusive"))
_CLOSED = Nginx(tls=None)


def _cut(*how: str, snaplen: int = 0) -> Camera:
    return Camera(snaplen=snaplen, after=how)


def _maybe(cause: str, role: Words, distance: tuple[int, int] | None = None) -> Expected:
    """Either this cause or the admission that the capture does not tell."""
    return Expected(("failed", "inconclusive"), (cause, ""), role, distance)


SCENARIOS = (
    Scenario(
        name="cut-healthy-snaplen-128",
        breaks="nothing; 128 bytes of each packet",
        resembles=("capture.incomplete",),
        expect=_UNSURE,
        camera=_cut(snaplen=128),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-snaplen-96-http1",
        breaks="nothing; 96 bytes of each packet, HTTP/1.1 over IPv6",
        expect=_UNSURE,
        server=Nginx(http2=False),
        camera=_cut(snaplen=96),
        family="6",
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-plain-snaplen-128",
        breaks="nothing; 128 bytes of each packet, plain HTTP",
        expect=_UNSURE,
        camera=_cut(snaplen=128),
        goproxy="http://{host}",
        wires=METRO,
    ),
    Scenario(
        name="cut-refused-snaplen-64",
        breaks="a closed port; 64 bytes of each packet",
        expect=failed("tcp.refused", "server", (4, 4)),
        server=_CLOSED,
        camera=_cut(snaplen=64),
        wires=METRO,
    ),
    Scenario(
        name="cut-expired-snaplen-256",
        breaks="an expired certificate that a snap length of 256 cuts off",
        expect=failed(("tls.certificate_rejected", "tls.expired"), "server", (4, 4)),
        server=Nginx(tls="TLSv1.2", certificate="expired"),
        camera=_cut(snaplen=256),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-lossy-capture",
        breaks="nothing; the capture itself misses 2 % of the packets",
        resembles=("path.loss",),
        expect=_UNSURE,
        camera=_cut("lose:0.02"),
        modules=Modules(count=2, size_kb=700),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-lossy-capture-plain",
        breaks="nothing; the capture itself misses 5 % of the packets of plain HTTP",
        expect=_UNSURE,
        camera=_cut("lose:0.05"),
        goproxy="http://{host}",
        modules=Modules(count=2, size_kb=400),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-very-lossy-capture",
        breaks="nothing; the capture itself misses a fifth of the packets",
        expect=Expected("inconclusive", also="capture.incomplete"),
        resembles=("path.loss",),
        camera=_cut("lose:0.2"),
        modules=Modules(count=2, size_kb=400),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-plain-lossy-8",
        breaks="nothing is lost on the way; the capture misses 8 % of a plain download of 2 MB",
        expect=Expected(("healthy", "inconclusive"), also="capture.incomplete"),
        resembles=("path.loss", "http.truncated_body"),
        camera=_cut("lose:0.08"),
        goproxy="http://{host}",
        modules=Modules(count=2, size_kb=1000),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-midway",
        breaks="nothing; recorded from the middle of the download on",
        expect=_UNSURE,
        camera=_cut("last:0.5"),
        modules=Modules(count=12, size_kb=60),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-stopped",
        breaks="nothing; the recording ends in the middle of the download",
        expect=_UNSURE,
        camera=_cut("first:0.5"),
        modules=Modules(count=12, size_kb=60),
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-stopped-plain",
        breaks="nothing; the recording of plain HTTP ends in the middle of a body",
        expect=Expected("inconclusive"),
        camera=_cut("first:0.6"),
        goproxy="http://{host}",
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="cut-healthy-outwards-only",
        breaks="nothing; a span port shows only what the client sends",
        expect=Expected("inconclusive"),
        camera=_cut("only:ip.src == {client4}"),
        wires=METRO,
    ),
    Scenario(
        name="cut-not-found-pcap",
        breaks="the module is missing; classic pcap without names or comments",
        expect=failed("http.not_found", "server", (4, 4)),
        camera=_cut("pcap"),
        goproxy="http://{host}/nothing",
        wires=METRO,
    ),
    Scenario(
        name="cut-only-https-filter",
        breaks="an untrusted chain; recorded with the filter `tcp port 443`",
        expect=failed("tls.untrusted_issuer", "server", (4, 4)),
        server=Nginx(tls="TLSv1.2", certificate="untrusted_root"),
        camera=_cut("only:tcp.port == 443"),
        wires=METRO,
    ),
    Scenario(
        name="cut-only-https-healthy",
        breaks="nothing; recorded with the filter `tcp port 443`",
        expect=HEALTHY,
        camera=_cut("only:tcp.port == 443"),
        wires=METRO,
    ),
    Scenario(
        name="cut-reset-lossy-capture",
        breaks="the server resets each zip; the capture misses 2 %",
        expect=failed("tcp.reset_by_server", "server", (4, 4)),
        bare=_maybe("tcp.reset_by_server", "server", (4, 4)),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="reset"),)),
        goproxy="http://{host}",
        camera=_cut("lose:0.02"),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="cut-loss-and-lossy-capture",
        breaks="6 % loss on the way, and the capture misses 1 %",
        expect=degraded("path.loss", ("path", "transit", "middlebox"), (2, 3), vague=True),
        camera=_cut("lose:0.01"),
        wires=METRO | {"firewall-transit": both(Impair(loss=0.06))},
        modules=Modules(count=2, size_kb=700),
        seconds=15,
    ),
    Scenario(
        name="cut-dns-slow-snaplen-100",
        breaks="a resolver that takes 2 s; 100 bytes of each packet",
        expect=degraded("dns.slow", "resolver", (2, 2)),
        dns=Dns(replies={"*": Reply(delay_s=2)}),
        camera=_cut(snaplen=100),
        wires=METRO,
        seconds=4,
    ),
    Scenario(
        name="cut-proxy-denied-midway",
        breaks="the proxy denies; the first packets are missing",
        expect=failed("proxy.denied", "proxy", (2, 2)),
        bare=_maybe("proxy.denied", "proxy", (2, 2)),
        proxy=Proxy(mode="403"),
        camera=_cut("last:0.5"),
    ),
)
