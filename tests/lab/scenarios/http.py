"""Servers that answer, but not with the file: statuses, waits, broken bodies, portals."""

from __future__ import annotations

from tests.lab.expectation import UNTOLD, Expected, degraded, failed
from tests.lab.latency import METRO, METRO_BOTH
from tests.lab.model import Act, Faulty, Modules, Scenario

_SERVER = (4, 4)
_PLAIN = "http://{host}"
_HTML = {"Content-Type": "text/html"}
_LOG_IN = "https://{mirror_host}/login"
_PORTAL_PAGE = "<html><head><title>Sign in</title></head><body>Please log in.</body></html>"
_BIG = Modules(count=1, size_kb=400)


def _status(status: int, tls: str | None = None, **headers: str) -> Faulty:
    act = Act(do="status", status=status, body=f"error {status}\n", headers=headers)
    return Faulty(tls=tls, acts=(act,))


SCENARIOS = (
    Scenario(
        name="http-not-found",
        breaks="the server has no such module",
        resembles=("http.captive_portal", "go.version_not_found"),
        expect=failed("http.not_found", "server", _SERVER),
        goproxy=_PLAIN + "/nothing",
        wires=METRO,
    ),
    Scenario(
        name="http-not-found-tls",
        breaks="the server has no such module, said inside TLS",
        expect=failed("http.not_found", "server", _SERVER),
        bare=UNTOLD,
        goproxy="https://{host}/nothing",
        wires=METRO,
    ),
    Scenario(
        name="http-gone",
        breaks="the server answers 410 Gone",
        resembles=("go.version_not_found",),
        expect=failed("http.not_found", "server", _SERVER),
        server=_status(410),
        goproxy=_PLAIN,
    ),
    Scenario(
        name="http-unauthorized",
        breaks="the server wants credentials",
        resembles=("proxy.auth_required",),
        expect=failed("http.unauthorized", "server", _SERVER),
        server=_status(401, **{"WWW-Authenticate": 'Basic realm="modules"'}),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="http-forbidden-tls",
        breaks="the server forbids the modules, said inside TLS",
        expect=failed("http.unauthorized", "server", _SERVER),
        bare=UNTOLD,
        server=_status(403, "TLSv1.3"),
        wires=METRO,
    ),
    Scenario(
        name="http-rate-limited",
        breaks="the server answers 429",
        resembles=("http.server_error",),
        expect=failed("http.rate_limited", "server", _SERVER),
        server=_status(429, **{"Retry-After": "30"}),
        goproxy=_PLAIN,
    ),
    Scenario(
        name="http-rate-limited-tls",
        breaks="the server answers 429 inside TLS",
        expect=failed("http.rate_limited", "server", _SERVER),
        bare=UNTOLD,
        server=_status(429, "TLSv1.2"),
        wires=METRO,
    ),
    Scenario(
        name="http-server-error",
        breaks="the server answers 500",
        resembles=("http.rate_limited",),
        expect=failed("http.server_error", "server", _SERVER),
        server=_status(500),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="http-gateway-timeout",
        breaks="the server's upstream is late: 504",
        expect=failed("http.server_error", "upstream"),
        server=_status(504),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="http-unavailable-tls",
        breaks="the server's upstream is gone: 503 inside TLS",
        expect=failed("http.server_error", "upstream"),
        bare=UNTOLD,
        server=_status(503, "TLSv1.3"),
        wires=METRO,
    ),
    Scenario(
        name="http-slow-response",
        breaks="the server thinks 4 s before each zip",
        resembles=("client.slow", "path.high_latency"),
        expect=degraded("http.slow_response", ("upstream", "server")),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="late", seconds=4),)),
        goproxy=_PLAIN,
        wires=METRO,
        seconds=6,
    ),
    Scenario(
        name="http-slow-response-tls",
        breaks="the server thinks 4 s before each .info, inside TLS",
        resembles=("tls.slow_handshake",),
        expect=degraded("http.slow_response", ("upstream", "server")),
        server=Faulty(acts=(Act(suffix=".info", do="late", seconds=4),)),
        wires=METRO,
        seconds=6,
    ),
    Scenario(
        name="http-stalled-body",
        breaks="each zip stops half-way; the server's kernel still answers keep-alives",
        resembles=("tcp.blackhole", "tcp.zero_window"),
        expect=failed("http.stalled_body", "server", _SERVER),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="stall"),)),
        goproxy=_PLAIN,
        modules=_BIG,
        wires=METRO,
        timeout_s=34,
        seconds=35,
    ),
    Scenario(
        name="http-stalled-body-tls",
        breaks="each zip stops half-way inside TLS; keep-alives are answered",
        resembles=("tcp.blackhole",),
        expect=failed("http.stalled_body", "server", _SERVER),
        server=Faulty(acts=(Act(suffix=".zip", do="stall"),)),
        modules=_BIG,
        wires=METRO,
        timeout_s=34,
        seconds=35,
    ),
    Scenario(
        name="http-truncated-body",
        breaks="the server closes each zip's connection half-way",
        expect=failed("http.truncated_body", "server", _SERVER),
        server=Faulty(tls=None, acts=(Act(suffix=".zip", do="truncate"),)),
        goproxy=_PLAIN,
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="http-truncated-body-tls",
        breaks="the server closes each zip's connection half-way, without close_notify",
        expect=failed("http.truncated_body", "server", _SERVER),
        # A FIN without close_notify shows; whether the body was complete does not.
        bare=Expected(("failed", "healthy", "inconclusive"), ("http.truncated_body", "")),
        server=Faulty(acts=(Act(suffix=".zip", do="truncate"),)),
        modules=_BIG,
        wires=METRO,
    ),
    Scenario(
        name="http-stream-reset",
        breaks="the server breaks every HTTP/2 stream after its head",
        expect=failed("http.stream_reset", "server", _SERVER),
        bare=UNTOLD,
        server=Faulty(http2="reset"),
        wires=METRO,
    ),
    Scenario(
        name="http-goaway",
        breaks="the server ends every HTTP/2 connection with GOAWAY",
        expect=failed("http.stream_reset", "server", _SERVER),
        # The server's early FIN shows; its reason does not.
        bare=Expected(("failed", "healthy", "inconclusive"), ("http.stream_reset", "")),
        server=Faulty(http2="goaway"),
        wires=METRO,
    ),
    Scenario(
        name="http-portal-single-sign-on",
        breaks="the server redirects every plain request to a log-in page inside TLS",
        expect=failed("http.captive_portal", ("gateway", "middlebox", "server")),
        server=Faulty(
            tls=None, acts=(Act(do="status", status=302, headers={"Location": _LOG_IN}),)
        ),
        mirror=Faulty(acts=(Act(do="status", body=_PORTAL_PAGE, headers=_HTML),)),
        goproxy="http://{host}",
        wires=METRO_BOTH,
    ),
    Scenario(
        name="http-portal-gateway",
        breaks="the gateway answers every plain request with its login page",
        expect=failed("http.captive_portal", ("gateway", "middlebox"), (1, 1)),
        goproxy=_PLAIN,
        portal="gateway",
        portal_act=Act(do="status", status=200, body=_PORTAL_PAGE, headers=_HTML),
        wires=METRO,
    ),
    Scenario(
        name="http-portal-redirect",
        breaks="the firewall redirects every plain request to its login page",
        expect=failed("http.captive_portal", ("gateway", "middlebox"), (2, 2)),
        goproxy=_PLAIN,
        portal="firewall",
        portal_act=Act(
            do="status",
            status=302,
            body=_PORTAL_PAGE,
            headers={"Content-Type": "text/html", "Location": "http://{firewall4}:8080/login"},
        ),
        wires=METRO,
    ),
)
