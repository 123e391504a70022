"""The parts of a capture joined into its facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from analyzers.attempts import Parts, attempts
from analyzers.facts import (
    CaptureFacts,
    Connection,
    DnsExchange,
    Facts,
    Hop,
    Host,
    HttpExchange,
    IcmpError,
    TlsHandshake,
)
from analyzers.lookups import lookups
from analyzers.ttl import distance_of, initial_ttl
from captures.session import GoSettings, OutputLine, Session
from tests.factories.world import CLIENT, FIRST_NS

Part = DnsExchange | Connection | TlsHandshake | HttpExchange | IcmpError | Hop
Numbered = TypeVar("Numbered", DnsExchange, TlsHandshake, HttpExchange, IcmpError)


def session(
    *output: str, exit_code: int | None = 1, env: dict[str, str] | None = None, **changes: Any
) -> Session:
    """What badhop recorded beside the packets: go's words and settings."""
    lines = tuple(OutputLine(1.0, "stderr", text) for text in output)
    plain = Session(
        command=("go", "mod", "download"),
        exit_code=exit_code,
        output=lines,
        go=GoSettings("go1.27.3", env or {}),
    )
    return replace(plain, **changes)


def facts(
    *parts: Part | Iterable[Part],
    session: Session | None = None,
    duration_s: float | None = None,
    distances: dict[str, int] | None = None,
    **capture: Any,
) -> Facts:
    """All facts of a capture with these parts; `capture` holds changes to CaptureFacts."""
    every = list(_flat(parts))
    exchanges = sorted((p for p in every if isinstance(p, DnsExchange)), key=lambda e: e.first_s)
    dns = _numbered(exchanges)
    connections = tuple(p for p in every if isinstance(p, Connection))
    handshakes = _numbered([p for p in every if isinstance(p, TlsHandshake)])
    requests = _numbered([p for p in every if isinstance(p, HttpExchange)])
    errors = _numbered([p for p in every if isinstance(p, IcmpError)])
    assert [c.stream for c in connections] == list(range(len(connections)))
    last_s = max(_times(every), default=0.0) if duration_s is None else duration_s
    resolved_names = lookups(dns)
    joined = attempts(
        Parts(resolved_names, connections, handshakes, requests, errors, session, last_s)
    )
    return Facts(
        capture=_capture(len(every), last_s, connections, capture),
        dns=dns,
        lookups=resolved_names,
        connections=connections,
        handshakes=handshakes,
        requests=requests,
        icmp=errors,
        hosts=_hosts(dns, connections, handshakes, distances or {}),
        hops=tuple(p for p in every if isinstance(p, Hop)),
        attempts=joined,
        session=session,
    )


def _flat(parts: Iterable[Part | Iterable[Part]]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Part):
            yield part
        else:
            yield from part


def _numbered(found: Sequence[Numbered]) -> tuple[Numbered, ...]:
    return tuple(replace(part, index=i) for i, part in enumerate(found))


def _times(parts: Iterable[Part]) -> Iterator[float]:
    for part in parts:
        if isinstance(part, DnsExchange):
            yield from (q.time_s for q in part.queries)
            yield from (r.time_s for r in part.responses)
        elif isinstance(part, Connection):
            yield part.last_s
        elif isinstance(part, IcmpError):
            yield part.time_s


def _capture(
    packets: int, last_s: float, connections: Sequence[Connection], changes: dict[str, Any]
) -> CaptureFacts:
    plain = CaptureFacts(
        files=("download.pcapng",),
        packets=packets,
        bytes=9999,
        first_ns=FIRST_NS,
        last_ns=FIRST_NS + round(last_s * 1e9),
        duration_s=last_s,
        dropped=None,
        cut=None,
        truncated_packets=0,
        unseen_acked_bytes=sum(
            h.unseen_acked_bytes for c in connections for h in (c.client, c.server)
        ),
        duplicate_packets=0,
        unsupported_packets=0,
        link_types=(1,),
    )
    return replace(plain, **changes)


def _hosts(
    dns: Sequence[DnsExchange],
    connections: Sequence[Connection],
    handshakes: Sequence[TlsHandshake],
    distances: dict[str, int],
) -> dict[str, Host]:
    """Hosts by the TTL of what they sent; `distances` adds those that show themselves elsewhere."""
    ttls = {e.server: r.ip_ttl for e in dns for r in e.responses[-1:]}
    ttls |= {c.server.address: c.server.ttl_syn for c in connections if c.server.ttl_syn}
    ttls |= {address: 65 - distance for address, distance in distances.items()}
    names: dict[str, list[str]] = {address: [] for address in ttls}
    for exchange in dns:
        for address in exchange.response.addresses if exchange.response else ():
            names.setdefault(address, []).append(exchange.name)
    for shaken in handshakes:
        if shaken.sni:
            names.setdefault(connections[shaken.stream].server.address, []).append(shaken.sni)
    found = {CLIENT: Host(CLIENT, 9, 64, 64, 0, True, ())}
    for address, known in names.items():
        ttl = ttls.get(address)
        distance = None if ttl is None else distance_of(ttl)
        initial = None if ttl is None else initial_ttl(ttl)
        found[address] = Host(
            address, 9, ttl, initial, distance, False, tuple(dict.fromkeys(known))
        )
    return found
