"""Signs that traffic is the go command's: hellos, user agents, paths, names, sockets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from analyzers.facts import Connection, DnsLookup, HttpExchange, TlsHandshake
from captures.lazyclass import dataclass
from captures.session import Session

MODULE_PATH = re.compile(r"/@v/(list$|[^/]+\.(info|mod|zip)$)|/@latest$|/sumdb/|[?&]go-get=1")
"""Paths of the GOPROXY protocol, of a proxied checksum database, and of go-get discovery
(go.dev/ref/mod#goproxy-protocol)."""
SUMDB_PATH = re.compile(r"^/(lookup|tile)/|^/(latest|supported)$")
GO_USER_AGENT = re.compile(r"^(Go-http-client/|GoCommand/)")
GO_NAMES = frozenset(
    (
        "proxy.golang.org",
        "sum.golang.org",
        "sum.golang.google.cn",
        "goproxy.cn",
        "goproxy.io",
        "mirrors.aliyun.com",
        "goproxy.bj.bcebos.com",
        "repo.huaweicloud.com",
        "mirrors.cloud.tencent.com",
        "athens.azurefd.net",
    )
)
"""Public module proxies and checksum databases that the go command is configured with."""
GIT_URL = re.compile(r"\bgit (?:ls-remote|fetch|clone)\b.*?\b(?:https?|ssh|git)://([^\s/']+)")
"""What go runs git on, as `-x` and its errors say it: git looks the host up as it likes."""
GO_EDNS_SIZE = 1232
"""What Go's own resolver announces (net/dnsclient_unix.go, maxDNSPacketSize)."""


@dataclass(frozen=True, slots=True)
class GoSigns:
    """What is known of the go command in this capture before attempts are joined."""

    names: frozenset[str]
    """Names that go must have asked for."""
    sockets: frozenset[tuple[int, str, int]]
    """Local port, remote address and remote port of the recorded command's sockets."""

    @classmethod
    def of(
        cls,
        session: Session | None,
        handshakes: Sequence[TlsHandshake],
        requests: Sequence[HttpExchange],
        lookups: Sequence[DnsLookup],
    ) -> GoSigns:
        """Collect the names and sockets that the session and the packets give away."""
        names = {h.sni.lower() for h in handshakes if h.sni and _go_hello(h)}
        names |= {_host(r) for r in requests if _go_request(r)}
        names |= {k.name for k in lookups if k.name in GO_NAMES or _go_resolver(k)}
        sockets: set[tuple[int, str, int]] = set()
        if session is not None:
            names |= {_url_parts(r.url)[0] for r in session.requests}
            names |= _git_hosts(session)
            sockets |= {(s.local_port, s.remote_address, s.remote_port) for s in session.sockets}
        return cls(frozenset(names - {""}), frozenset(sockets))

    def connection(
        self,
        connection: Connection,
        handshake: TlsHandshake | None,
        requests: Sequence[HttpExchange],
        name: str | None,
    ) -> bool:
        """Whether a connection is the go command's."""
        socket = (connection.client.port, connection.server.address, connection.server.port)
        return (
            socket in self.sockets
            or (handshake is not None and _go_hello(handshake))
            or any(_go_request(r) for r in requests)
            or (name is not None and name.lower() in self.names)
        )

    def lookup(self, lookup: DnsLookup) -> bool:
        """Whether a lookup is the go command's."""
        if lookup.name in self.names:
            return True
        return any(
            (q.source_port, e.server, e.server_port) in self.sockets
            for e in lookup.exchanges
            for q in e.queries
        )


def _git_hosts(session: Session) -> set[str]:
    """Hosts of the repositories that the recorded command had git ask."""
    found = (GIT_URL.search(line.text) for line in session.output)
    return {_url_parts(f"//{match[1]}")[0] for match in found if match}


def _go_resolver(lookup: DnsLookup) -> bool:
    """Go's resolver asks A and AAAA at once from two sockets, with EDNS of its own size.

    One of the two may be missing in the capture, which its answer shows.
    """
    first = {e.qtype: e.queries[0] for e in reversed(lookup.exchanges) if e.queries}
    a, aaaa = first.get("A"), first.get("AAAA")
    if a is None or aaaa is None:
        known = a or aaaa
        both = {"A", "AAAA"} <= {e.qtype for e in lookup.exchanges}
        return both and known is not None and known.edns_size == GO_EDNS_SIZE
    return a.source_port != aaaa.source_port and a.edns_size == aaaa.edns_size == GO_EDNS_SIZE


def _go_hello(handshake: TlsHandshake) -> bool:
    return handshake.client_hello is not None and handshake.client_hello.is_go


def _go_request(request: HttpExchange) -> bool:
    path = request.target if "://" not in request.target else _url_parts(request.target)[1]
    return bool(
        (request.user_agent and GO_USER_AGENT.match(request.user_agent))
        or MODULE_PATH.search(request.target)
        or SUMDB_PATH.match(path)
    )


def _host(request: HttpExchange) -> str:
    """Name a request was for, lower case, without a port; "" when it does not say."""
    if request.is_connect:
        return request.target.rpartition(":")[0].strip("[]").lower()
    if "://" in request.target:
        return _url_parts(request.target)[0]
    host = request.host or ""
    return (host.rpartition(":")[0] if re.search(r":\d+$", host) else host).strip("[]").lower()


def _url_parts(url: str) -> tuple[str, str]:
    """Host (lower case) and path of a URL; ("", "") when it is none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.path
    except ValueError:
        return "", ""
