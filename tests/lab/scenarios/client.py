"""Faults of the client itself: its settings, its files, its pace."""

from __future__ import annotations

from tests.lab.expectation import UNTOLD, Expected, degraded, failed
from tests.lab.latency import FAR, METRO
from tests.lab.model import Act, Faulty, Modules, Nginx, Scenario

_CLIENT = (0, 0)

SCENARIOS = (
    Scenario(
        name="client-proxy-off",
        breaks="GOPROXY=off: go may not ask anybody",
        expect=failed("config.proxy_off", "client", _CLIENT),
        bare=Expected("inconclusive"),
        goproxy="off",
    ),
    Scenario(
        name="client-fallback-blocked",
        breaks="the first proxy answers 503; a comma keeps go from trying the second",
        # Without either of the two the download would have worked.
        expect=failed(
            ("config.fallback_blocked", "http.server_error"),
            ("client", "upstream"),
            also=("config.fallback_blocked", "http.server_error"),
        ),
        # The list is not on the wire.
        bare=failed("http.server_error", "upstream"),
        server=Faulty(tls=None, acts=(Act(do="status", status=503, body="down\n"),)),
        mirror=Nginx(tls=None),
        goproxy="http://{host},http://{mirror_host}",
        wires=METRO,
    ),
    Scenario(
        name="client-checksum",
        breaks="go.sum holds another hash than what the server sends",
        expect=failed("go.checksum_mismatch", "server", (4, 4)),
        bare=UNTOLD,
        wrong_sum=True,
        wires=METRO,
    ),
    Scenario(
        name="client-zero-window",
        breaks="go stands still for 4 s in the middle of a body; its receive buffer is small",
        resembles=("client.slow", "http.stalled_body"),
        expect=degraded("tcp.zero_window", "client", _CLIENT),
        modules=Modules(count=1, size_kb=4000),
        server=Nginx(http2=False),
        wires=FAR,
        client_sysctls={"net.ipv4.tcp_rmem": "4096 65536 131072"},
        pause=(1.5, 4.0),
        seconds=12,
        exclusive=True,
    ),
    Scenario(
        name="client-small-window",
        breaks="the client's receive buffer holds 24 kB; the server is 120 ms away",
        resembles=("tcp.zero_window", "path.throttled"),
        expect=degraded("tcp.receive_window_limited", "client", _CLIENT),
        modules=Modules(count=1, size_kb=700),
        wires=FAR,
        client_sysctls={"net.ipv4.tcp_rmem": "4096 24576 24576"},
        seconds=12,
        exclusive=True,
    ),
    Scenario(
        name="client-stopped",
        breaks="go stands still for 4 s between its requests",
        resembles=("tcp.blackhole",),
        expect=degraded("client.slow", "client", _CLIENT),
        modules=Modules(count=30, size_kb=8),
        server=Nginx(http2=False),
        wires=METRO,
        pause=(0.5, 4.0),
        seconds=8,
        exclusive=True,
    ),
)
