"""Where a download will go: settings in, the addresses of resolvers, proxies and mirrors out.

The addresses only serve to choose interfaces. Looking a name up would warm the resolver's cache,
which may be the very thing to diagnose, so names are looked up only when the machine has more than
one way out.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from captures.interfaces import Interface
from captures.lazyclass import dataclass
from captures.proxies import address_of, parse_address, proxy_for
from captures.session import ResolverSettings

RESOLV_CONF = Path("/etc/resolv.conf")
HOSTS = Path("/etc/hosts")

#: All look-ups together; a resolver that is slower than this is what the recording is for.
LOOKUP_BUDGET_S = 2.0

#: What go asks when resolv.conf has no nameserver (net/dnsconfig_unix.go).
_DEFAULT_NAMESERVERS = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Destinations:
    """The addresses that the command is expected to talk to."""

    addresses: tuple[str, ...]
    complete: bool  #: False: the address of some destination could not be found out


def read_resolver(path: Path = RESOLV_CONF) -> ResolverSettings:
    """Read resolv.conf; a missing file gives empty settings."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ResolverSettings()
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        match line.split("#")[0].split(";")[0].split():
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search" | "domain", *names]:
                search = tuple(names)
            case ["options", *words]:
                options += words
    return ResolverSettings(tuple(nameservers), search, tuple(options))


def hosts_to_reach(go: Mapping[str, str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Name the hosts that the client itself connects to: the proxies, or else the mirrors."""
    hosts: list[str] = []
    for url in _module_urls(go):
        target = address_of(url)
        if target is None:
            continue
        proxy = proxy_for(url.partition("://")[0], *target, environment)
        through = address_of(proxy) if proxy else None
        hosts.append((through or target)[0])
    return tuple(dict.fromkeys(hosts))


def find_destinations(
    hosts: Iterable[str], resolver: ResolverSettings, interfaces: Sequence[Interface]
) -> Destinations:
    """Find the addresses of `hosts` and of the resolver, without DNS wherever that is enough."""
    addresses = list(resolver.nameservers or _DEFAULT_NAMESERVERS)
    known = _hosts_file()
    unknown: list[str] = []
    for host in hosts:
        if parse_address(host):
            addresses.append(host)
        elif host in known:
            addresses += known[host]
        elif host == "localhost" or host.endswith(".localhost"):
            addresses += _DEFAULT_NAMESERVERS
        else:
            unknown.append(host)
    ways_out = [face for face in interfaces if face.up and not face.loopback]
    if not unknown or len(ways_out) <= 1:
        return Destinations(tuple(dict.fromkeys(addresses)), complete=True)
    found = look_up(unknown)
    addresses += [address for answer in found.values() for address in answer]
    return Destinations(tuple(dict.fromkeys(addresses)), complete=all(found.values()))


def look_up(hosts: Sequence[str], budget_s: float = LOOKUP_BUDGET_S) -> dict[str, tuple[str, ...]]:
    """Resolve all `hosts` at once, for at most `budget_s`; no answer gives an empty tuple."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(hosts, ())

    def resolve(host: str) -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found[host] = tuple(str(answer[4][0]) for answer in answers)

    # Daemon threads: getaddrinfo cannot be cancelled and must not hold the program at its end.
    threads = [threading.Thread(target=resolve, args=(host,), daemon=True) for host in hosts]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + budget_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _module_urls(go: Mapping[str, str]) -> list[str]:
    """List the URLs of the module proxies and of the checksum database."""
    urls = [
        entry if "://" in entry else f"https://{entry}"
        for entry in re.split(r"[,|\s]+", go.get("GOPROXY", ""))
        if entry not in {"", "direct", "off"}
    ]
    match go.get("GOSUMDB", "").split():
        case [] | ["off"]:
            pass
        case [_, url, *_]:
            urls.append(url)
        case [name]:
            # The name may carry a key: `example.org+1a2b+AbC…`.
            urls.append(f"https://{name.partition('+')[0]}")
    return urls


def _hosts_file() -> dict[str, tuple[str, ...]]:
    try:
        text = HOSTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    known: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.split("#")[0].split() or [""]
        for name in names:
            known[name.lower()] = (*known.get(name.lower(), ()), address)
    return known
