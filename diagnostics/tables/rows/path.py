"""ICMP errors, hosts and hops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import Facts, Hop, Host, IcmpError, PathProbe
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments


@dataclass(frozen=True, slots=True)
class IcmpRow:
    """One ICMP or ICMPv6 error message and the packet it quotes."""

    error: Annotated[IcmpError, Inline()]
    time_utc: datetime | None


@dataclass(frozen=True, slots=True)
class HostRow:
    """One address as its packets show it at the capture point. Wireshark finds its frames with
    `ip.addr` or `ipv6.addr`."""

    host: Annotated[Host, Inline()]
    streams: tuple[int, ...]
    """`connections.stream` of each connection it is an end of."""


@dataclass(frozen=True, slots=True)
class HopRow:
    """One router on the way, known from ICMP time exceeded (traceroute, mtr, probes), or the
    destination that answered."""

    hop: Annotated[Hop, Inline()]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One packet that was sent for a part of the way only, and what it met: of traceroute, mtr,
    `badhop locate`."""

    probe: Annotated[PathProbe, Inline()]
    time_utc: datetime | None


def errors(facts: Facts) -> Iterator[IcmpRow]:
    """All ICMP errors, by index."""
    clock = Moments(facts.capture)
    return (IcmpRow(error, clock.at(error.time_s)) for error in facts.icmp)


def hosts(facts: Facts) -> Iterator[HostRow]:
    """All addresses, in the order of the facts."""
    streams: dict[str, list[int]] = defaultdict(list)
    for one in facts.connections:
        for address in {one.client.address, one.server.address}:
            streams[address].append(one.stream)
    for host in facts.hosts.values():
        yield HostRow(host, tuple(streams.get(host.address, ())))


def hops(facts: Facts) -> Iterator[HopRow]:
    """All hops, walk by walk."""
    return (HopRow(hop) for hop in facts.hops)


def probes(facts: Facts) -> Iterator[ProbeRow]:
    """All TTL-limited probes, in the order in which they were sent."""
    clock = Moments(facts.capture)
    return (ProbeRow(probe, clock.at(probe.time_s)) for probe in facts.probes)
