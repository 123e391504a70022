"""What go is told or asked wrongly, and settings that only look like the reason."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY, UNTOLD, failed
from tests.lab.latency import METRO
from tests.lab.model import Act, Dns, Faulty, Modules, Nginx, Proxy, Reply, Scenario

_CLIENT = (0, 0)
_SERVER = (4, 4)
_PLAIN = "http://{host}"
_KDE = ".config/kioslaverc"
_KDE_PROXY = {
    _KDE: "[Proxy Settings]\nProxyType=1\nhttpsProxy=http://{proxy4} 3128\n"
    "httpProxy=http://{proxy4} 3128\n"
}
_KDE_SCRIPT = {
    _KDE: "[Proxy Settings]\nProxyType=2\nProxy Config Script=http://{proxy4}/proxy.pac\n"
}
_ONLY_THE_PROXY = {"firewall": "tcp dport {{ 80, 443 }} reject with icmpx type admin-prohibited"}
_NO_OUTSIDE_NAMES = Dns(replies={"*": Reply(mode="nxdomain")})
#: A checksum database behind the proxy that has never heard of any module.
_SUMDB = Faulty(tls=None, acts=(Act(suffix="/supported", do="status"),))
_ASK_SUMDB = {"GOSUMDB": "sum.golang.org"}
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def _unknown(version: str) -> tuple[Act, ...]:
    """Say what proxy.golang.org says of a version that does not exist."""
    body = f"not found: invalid version: unknown revision {version}"
    return tuple(
        Act(suffix=f"{version}.{kind}", do="status", status=404, body=body, headers=_TEXT)
        for kind in ("info", "mod", "zip")
    )


SCENARIOS = (
    Scenario(
        name="system-proxy-ignored",
        breaks="only the proxy is let out; the desktop's settings name it, go's environment not",
        expect=failed("config.system_proxy_ignored", "client", _CLIENT, also="tcp.unreachable"),
        bare=failed("tcp.unreachable", "middlebox", (2, 2)),
        home=_KDE_PROXY,
        rules=_ONLY_THE_PROXY,
        wires=METRO,
    ),
    Scenario(
        name="system-proxy-script-ignored",
        breaks="outside names resolve for the proxy alone; the desktop's settings name its script",
        expect=failed("config.system_proxy_ignored", "client", _CLIENT, also="dns.nxdomain"),
        bare=failed("dns.nxdomain", "resolver", (2, 2)),
        home=_KDE_SCRIPT,
        dns=_NO_OUTSIDE_NAMES,
    ),
    Scenario(
        name="system-proxy-not-needed",
        breaks="nothing: the desktop's settings name a proxy, and the direct way works too",
        expect=HEALTHY,
        resembles=("config.system_proxy_ignored",),
        home=_KDE_PROXY,
        wires=METRO,
    ),
    Scenario(
        name="system-proxy-server-refuses",
        breaks="the server's port is closed; the desktop's proxy would meet the same",
        expect=failed("tcp.refused", "server", _SERVER),
        resembles=("config.system_proxy_ignored",),
        home=_KDE_PROXY,
        server=Nginx(tls=None),
        wires=METRO,
    ),
    Scenario(
        name="system-proxy-used",
        breaks="the proxy denies the host; desktop and environment name the same proxy",
        expect=failed("proxy.denied", "proxy", (2, 2)),
        resembles=("config.system_proxy_ignored",),
        home=_KDE_PROXY,
        proxy=Proxy(mode="403"),
    ),
    Scenario(
        name="version-not-in-list",
        breaks="go.mod asks for v1.99 of a module that has no such version, as its list shows",
        expect=failed("go.version_not_found", "server", _SERVER),
        # go.mod is not on the wire, and the list by itself is in order.
        bare=UNTOLD,
        resembles=("http.not_found",),
        modules=Modules(wanted="v1.99"),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="version-unknown-revision",
        breaks="the server says 404 unknown revision v1.99.7 of a module that it has",
        expect=failed("go.version_not_found", "server", _SERVER),
        # The statuses alone do not tell a missing version from a missing module.
        bare=failed(("go.version_not_found", "http.not_found"), "server", _SERVER),
        modules=Modules(wanted="v1.99.7"),
        server=Faulty(tls=None, acts=_unknown("v1.99.7")),
        goproxy=_PLAIN,
        wires=METRO,
    ),
    Scenario(
        name="private-asked-of-sumdb",
        breaks="the checksum database is asked of a private module, which it cannot know",
        expect=failed("config.private_via_public", "client", _CLIENT),
        resembles=("go.checksum_mismatch", "go.version_not_found"),
        server=_SUMDB,
        goproxy=_PLAIN,
        env=_ASK_SUMDB,
        wires=METRO,
    ),
    Scenario(
        name="private-kept-from-sumdb",
        breaks="nothing: the modules are excepted from the checksum database",
        expect=HEALTHY,
        resembles=("config.private_via_public",),
        server=_SUMDB,
        goproxy=_PLAIN,
        env=_ASK_SUMDB | {"GONOSUMDB": "*"},
        wires=METRO,
    ),
)
