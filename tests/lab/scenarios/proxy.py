"""Explicit HTTP proxies that refuse, fail or keep silent."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, UNTOLD, failed
from tests.lab.model import Proxy, Scenario

_PROXY = (2, 2)

SCENARIOS = (
    Scenario(
        name="proxy-auth-required",
        breaks="the proxy wants credentials: 407",
        resembles=("proxy.denied", "http.unauthorized"),
        expect=failed("proxy.auth_required", "proxy", _PROXY),
        proxy=Proxy(mode="407"),
    ),
    Scenario(
        name="proxy-tls-auth-required",
        breaks="a proxy that is spoken to over TLS wants credentials: 407",
        resembles=("proxy.denied", "http.unauthorized"),
        expect=failed("proxy.auth_required", "proxy", _PROXY),
        # Inside TLS nobody sees what the proxy said.
        bare=UNTOLD,
        proxy=Proxy(mode="407", tls=True),
    ),
    Scenario(
        name="proxy-tls-healthy",
        breaks="nothing: CONNECT inside TLS to the proxy",
        expect=HEALTHY,
        proxy=Proxy(tls=True),
    ),
    Scenario(
        name="proxy-denied",
        breaks="the proxy's rules deny the host: 403",
        resembles=("proxy.auth_required", "http.unauthorized"),
        expect=failed("proxy.denied", "proxy", _PROXY),
        proxy=Proxy(mode="403"),
    ),
    Scenario(
        name="proxy-bad-gateway",
        breaks="the proxy cannot reach the host: 502",
        resembles=("http.server_error",),
        expect=failed("proxy.bad_gateway", "upstream"),
        proxy=Proxy(mode="502"),
    ),
    Scenario(
        name="proxy-gateway-timeout",
        breaks="the proxy waits 3 s for the host, then answers 504",
        resembles=("proxy.no_answer",),
        expect=failed("proxy.bad_gateway", "upstream"),
        proxy=Proxy(mode="504", delay_s=3),
        seconds=5,
    ),
    Scenario(
        name="proxy-no-answer",
        breaks="the proxy takes CONNECT and never answers",
        expect=failed("proxy.no_answer", "proxy", _PROXY),
        proxy=Proxy(mode="silent"),
        timeout_s=15,
        seconds=16,
    ),
)
