"""Who is how far away, which routers showed themselves, and what ICMP said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzers.facts import Facts, Hop, Host, IcmpError
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, spread
from diagnostics.report.table import Table


def tables(facts: Facts) -> Iterator[Table]:
    """Hosts by distance, routers by destination, ICMP errors in order."""
    hosts = sorted(facts.hosts.values(), key=lambda h: (h.distance is None, h.distance, h.address))
    yield Table(
        "Hosts",
        ("address", ">hop", ">TTL", ">packets", "names"),
        [_host(host) for host in hosts],
    )
    yield Table(
        "Routers that answered probes",
        ("towards", ">hop", "address", ">sent", ">answered", ">min ms", ">median ms", "frames"),
        [_hop(hop) for hop in facts.hops],
    )
    yield Table(
        "ICMP errors",
        (">frame", ">at s", "sender", "what", ">hop", ">MTU", "about", ">stream", ">its frame"),
        [_error(error) for error in facts.icmp],
    )


def _host(host: Host) -> tuple[object, ...]:
    names = ", ".join(host.names) or None
    hop = 0 if host.is_local else host.distance
    return (host.address, hop, host.ttl, host.packets, names)


def _hop(hop: Hop) -> tuple[object, ...]:
    seen = spread(np.asarray(hop.rtts_s, dtype=np.float64))
    return (
        hop.destination,
        hop.distance,
        f"{hop.address} (the destination)" if hop.reached else hop.address,
        hop.sent,
        hop.answered,
        ms(seen.min_s) if seen else None,
        ms(seen.median_s) if seen else None,
        frame_numbers(hop.frames),
    )


def _error(error: IcmpError) -> tuple[object, ...]:
    about = error.quoted_destination
    if about is not None and error.quoted_destination_port is not None:
        about = f"{about} port {error.quoted_destination_port}"
    return (
        error.frame,
        at(error.time_s),
        error.sender,
        f"{error.kind.replace('_', ' ')} ({error.type}/{error.code})",
        error.distance,
        error.mtu,
        about,
        error.stream,
        error.quoted_frame,
    )
