"""Module caches on slow file systems: what a network must not be blamed for."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, Expected, degraded
from tests.lab.latency import FAR, METRO
from tests.lab.model import Disk, Modules, Nginx, Scenario

_CLIENT = (0, 0)
#: What the network could be blamed for while go waits for its disk.
_NETWORK = (
    "path.high_latency",
    "path.throttled",
    "path.bufferbloat",
    "tcp.receive_window_limited",
    "tcp.blackhole",
    "http.slow_response",
    "http.stalled_body",
    "http.stream_reset",
)

SCENARIOS = (
    Scenario(
        name="healthy-slow-disk",
        breaks="nothing: the home directory is on a network file system, 4 ms an operation",
        resembles=("client.slow", "tcp.zero_window", *_NETWORK),
        expect=HEALTHY,
        modules=Modules(count=8, size_kb=60),
        wires=METRO,
        disk=Disk(operation_ms=4),
        seconds=4,
    ),
    Scenario(
        name="healthy-slow-disk-http1",
        breaks="nothing: 8 ms an operation; unpacking goes on for seconds after the last byte",
        resembles=("client.slow", "tcp.zero_window", *_NETWORK),
        expect=HEALTHY,
        # Whoever gives up waiting leaves the same packets; only the session knows the end.
        bare=Expected("inconclusive"),
        modules=Modules(count=2, size_kb=2000, files=75),
        server=Nginx(http2=False),
        wires=METRO,
        disk=Disk(operation_ms=8),
        seconds=12,
        exclusive=True,
    ),
    Scenario(
        name="healthy-slow-disk-long",
        thorough=True,
        breaks="nothing: 16 ms an operation; unpacking lasts longer than people wait for a server",
        resembles=("client.slow", "tcp.zero_window", *_NETWORK),
        expect=HEALTHY,
        bare=Expected("inconclusive"),
        modules=Modules(count=2, size_kb=2000, files=75),
        wires=METRO,
        disk=Disk(operation_ms=16),
        seconds=20,
        exclusive=True,
    ),
    Scenario(
        name="client-slow-disk",
        breaks="each operation of the disk takes 60 ms: seconds go by between requests",
        resembles=("tcp.zero_window", *_NETWORK),
        expect=degraded("client.slow", "client", _CLIENT),
        modules=Modules(count=2, size_kb=24),
        wires=METRO,
        disk=Disk(operation_ms=60),
        seconds=15,
    ),
    Scenario(
        name="client-disk-stands-still",
        thorough=True,
        breaks="the disk stands still for 4 s while a body arrives; the receive buffer is small",
        resembles=("client.slow", "http.stalled_body"),
        expect=degraded("tcp.zero_window", "client", _CLIENT),
        modules=Modules(count=1, size_kb=4000),
        server=Nginx(http2=False),
        wires=FAR,
        client_sysctls={"net.ipv4.tcp_rmem": "4096 65536 131072"},
        disk=Disk(still_after_kb=500, still_s=4),
        seconds=12,
        exclusive=True,
    ),
    Scenario(
        name="client-disk-stands-still-http2",
        breaks="the disk stands still for 4 s while a body arrives on an HTTP/2 stream",
        resembles=("http.stalled_body",),
        expect=degraded("client.slow", "client", _CLIENT),
        modules=Modules(count=1, size_kb=9000),
        wires=METRO,
        disk=Disk(still_after_kb=500, still_s=4),
        seconds=12,
        exclusive=True,
    ),
)
