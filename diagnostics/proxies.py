"""Which names are the explicit HTTP proxy's: as the session says, or as CONNECT shows."""

from __future__ import annotations

from urllib.parse import urlsplit

from analyzers.facts import Connection, DnsLookup, Facts

SQUID = 3128
"""Where HTTP proxies listen (squid's http_port); module proxies have other habits."""


def is_proxy(facts: Facts, connection: Connection) -> bool:
    """The session names it as proxy, CONNECT was spoken with it at that port elsewhere, or the
    port is one that nothing but proxies listens on."""
    session = facts.session
    endpoint = (connection.server.address, connection.server.port)
    if session is not None:
        said = " ".join((session.proxies.http, session.proxies.https))
        host = facts.hosts.get(endpoint[0])
        known = (endpoint[0], *(host.names if host else ()))
        if any(f"{name}:{endpoint[1]}" in said for name in known):
            return True
    return endpoint[1] == SQUID or any(
        r.is_connect
        and (facts.connection(r.stream).server.address, facts.connection(r.stream).server.port)
        == endpoint
        for r in facts.requests
    )


def is_proxy_name(facts: Facts, name: str) -> bool:
    """Whether go's environment names this host as its proxy (HTTP_PROXY, HTTPS_PROXY)."""
    session = facts.session
    if session is None:
        return False
    return name.lower() in {_host(url) for url in (session.proxies.http, session.proxies.https)}


def leads_to_proxy(facts: Facts, lookup: DnsLookup) -> bool:
    """Whether a lookup was for the proxy: by its name, or by what was connected to with it."""
    used = [a for a in facts.attempts if a.lookup == lookup.index]
    return is_proxy_name(facts, lookup.name) or any(
        a.via_proxy or is_proxy(facts, facts.connection(a.stream))
        for a in used
        if a.stream is not None
    )


def _host(url: str) -> str:
    """The host of a proxy as the environment has it: with a scheme or without one."""
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").lower()
    except ValueError:
        return ""
