"""What surrounds the command when it starts: environment in, settings worth keeping out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from captures.destinations import find_destinations, hosts_to_reach, read_resolver
from captures.errors import UnknownInterface
from captures.gocommand import (
    find_go,
    go_settings,
    needs_trace,
    read_go_settings,
    traced,
)
from captures.interfaces import choose_interfaces, list_interfaces, routes_text
from captures.lazyclass import dataclass
from captures.modulepaths import PrivatePaths, main_module
from captures.proxies import proxies_of
from captures.redact import Redactor
from captures.session import GoSettings, Proxies, ResolverSettings, SystemProxy
from captures.systemproxy import system_proxy

#: Stands for every interface at once; both tools know it, no list of interfaces has it.
_EVERY_INTERFACE = "any"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that is known before the command starts."""

    environment: Mapping[str, str]  #: as the command gets it
    is_traced: bool  #: go got -x from badhop
    redactor: Redactor
    interfaces: tuple[str, ...]
    go: GoSettings | None
    proxies: Proxies
    resolver: ResolverSettings
    system_proxy: SystemProxy | None
    routes: str | None


def survey(
    command: Sequence[str],
    environment: Mapping[str, str],
    interfaces: Sequence[str] = (),
    redact: bool = False,
) -> Surroundings:
    """Find out what the command will see. Raises UnknownInterface for one that is not there.

    `interfaces` are the user's choice; without one, those are taken that the download needs.
    `redact` hides private module paths, not only credentials.
    """
    go = find_go(command, environment)
    values = read_go_settings(go, environment) if go else {}
    redactor = Redactor({**environment, **values}, _private_paths(values) if redact else None)
    resolver = read_resolver()
    adds_trace = needs_trace(command, {**environment, **values})
    flags = values.get("GOFLAGS", environment.get("GOFLAGS", ""))
    return Surroundings(
        environment=traced(environment, flags) if adds_trace else environment,
        is_traced=adds_trace,
        redactor=redactor,
        interfaces=_interfaces(interfaces, values, environment, resolver),
        go=go_settings(values, redactor),
        proxies=proxies_of(environment, redactor),
        resolver=resolver,
        system_proxy=system_proxy(redactor, environment),
        routes=routes_text(),
    )


def _interfaces(
    asked: Sequence[str],
    go: Mapping[str, str],
    environment: Mapping[str, str],
    resolver: ResolverSettings,
) -> tuple[str, ...]:
    present = list_interfaces()
    if not asked:
        hosts = hosts_to_reach(go, environment)
        destinations = find_destinations(hosts, resolver, present)
        return choose_interfaces(destinations.addresses, present, destinations.complete)
    names = [face.name for face in present]
    for name in asked:
        if present and name not in (*names, _EVERY_INTERFACE):
            raise UnknownInterface(
                f"there is no interface {name}", f"There are: {', '.join(names)}."
            )
    return tuple(dict.fromkeys(asked))


def _private_paths(go: Mapping[str, str]) -> PrivatePaths:
    patterns = [
        pattern.strip()
        for name in ("GOPRIVATE", "GONOPROXY", "GONOSUMDB")
        for pattern in go.get(name, "").split(",")
        if pattern.strip() not in {"", "none"}
    ]
    module = main_module(Path.cwd())
    return PrivatePaths(dict.fromkeys(patterns), [module] if module else [])
