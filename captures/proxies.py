"""Which HTTP proxy go uses for an address: environment in, proxy address or None out.

Follows golang.org/x/net/http/httpproxy, not the many other readings of NO_PROXY.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from captures.redact import Redactor
from captures.session import Proxies

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def first_set(environment: Mapping[str, str], *names: str) -> str:
    """Give the first non-empty variable, in go's order (upper case before lower case)."""
    return next((environment[name] for name in names if environment.get(name)), "")


def proxies_of(environment: Mapping[str, str], redactor: Redactor) -> Proxies:
    """Give the proxies that go reads from `environment`, without credentials."""
    return Proxies(
        http=redactor.proxy(first_set(environment, "HTTP_PROXY", "http_proxy")),
        https=redactor.proxy(first_set(environment, "HTTPS_PROXY", "https_proxy")),
        no_proxy=redactor.text(first_set(environment, "NO_PROXY", "no_proxy")),
    )


def proxy_for(scheme: str, host: str, port: int, environment: Mapping[str, str]) -> str | None:
    """Give the proxy URL, credentials included, that go uses for `host`, or None."""
    names = ("HTTPS_PROXY", "https_proxy") if scheme == "https" else ("HTTP_PROXY", "http_proxy")
    proxy = first_set(environment, *names)
    excluded = first_set(environment, "NO_PROXY", "no_proxy")
    if not proxy or is_excluded(host, port, excluded):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Tell whether NO_PROXY, or go's own rule about loopback, keeps `host` from any proxy."""
    host = host.rstrip(".").lower()
    address = parse_address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    entries = (entry.strip().lower() for entry in no_proxy.split(","))
    return any(_matches(entry, host, address, port) for entry in entries if entry)


def address_of(url: str) -> tuple[str, int] | None:
    """Give host and port of a URL; None when it has no usable host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port or _PORTS.get(parts.scheme, 443)) if host else None


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an IP address, with or without brackets and zone; None when it is a name."""
    try:
        return ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _matches(
    entry: str,
    host: str,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None,
    port: int,
) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return address is not None and _in_network(entry, address)
    name, _, entry_port = entry.rpartition(":") if _has_port(entry) else (entry, "", "")
    if entry_port and entry_port != str(port):
        return False
    if listed := parse_address(name):
        return listed == address
    if name.startswith(("*.", ".")):
        return host.endswith(name.removeprefix("*"))
    return host == name or host.endswith(f".{name}")


def _in_network(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _has_port(entry: str) -> bool:
    if parse_address(entry):
        return False
    parts = SplitResult("", entry, "", "", "")
    try:
        return parts.port is not None
    except ValueError:
        return False
