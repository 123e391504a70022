"""Hosts: a capture in, every address with its TTL, distance and names out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, DnsExchange, Host, HttpExchange, IcmpError, TlsHandshake
from analyzers.localhost import local_addresses
from analyzers.pathprobes import data_rows
from analyzers.probes import limited_rows, multicast_addresses
from analyzers.quotes import ICMP, ICMPV6, TCP, UDP, error_rows
from analyzers.ttl import distance_of, initial_ttl
from captures.packets import RST, Capture

Int64 = npt.NDArray[np.int64]

_TTLS = 256
#: Up to so many addresses, counts of all their TTLs are one small array (8 MiB).
_FEW_ADDRESSES = 4096


def hosts(
    capture: Capture,
    connections: Sequence[Connection],
    exchanges: Sequence[DnsExchange],
    icmp_errors: Sequence[IcmpError] = (),
    handshakes: Sequence[TlsHandshake] = (),
    requests: Sequence[HttpExchange] = (),
) -> dict[str, Host]:
    """All addresses that sent or received packets, in order of first appearance."""
    table = capture.table
    packets = np.bincount(table.source[table.source >= 0], minlength=len(table.addresses))
    modes = _usual_ttls(capture, icmp_errors, exchanges, connections)
    texts = [str(address) for address in table.addresses]
    ttls = {text: ttl for text, ttl in zip(texts, modes, strict=True) if ttl is not None}
    local = local_addresses(table, ttls, connections, exchanges)
    names = _names(connections, exchanges, handshakes, requests)
    for address, name in capture.names:
        # Whoever saved the file may have resolved backwards: what the packets say comes first.
        names.setdefault(address, {name.rstrip(".").lower(): None})
    return {
        text: _host(text, int(count), ttl, text in local, names.get(text, {}))
        for text, count, ttl in zip(texts, packets, modes, strict=True)
    }


def _host(
    address: str, packets: int, ttl: int | None, is_local: bool, names: Iterable[str]
) -> Host:
    distance = None if ttl is None else distance_of(ttl)
    return Host(
        address=address,
        packets=packets,
        ttl=ttl,
        initial_ttl=None if ttl is None else initial_ttl(ttl),
        distance=0 if is_local else distance,
        is_local=is_local,
        names=tuple(names),
    )


def _usual_ttls(
    capture: Capture,
    icmp_errors: Sequence[IcmpError],
    exchanges: Sequence[DnsExchange],
    connections: Sequence[Connection],
) -> list[int | None]:
    """Most frequent TTL by address index; None for addresses that sent nothing that counts.

    A router's capture has forwarded copies one lower: the TTL that a packet arrived with counts.
    RSTs, ICMP errors and DNS answers before the last may be somebody else's, probes have TTLs of
    their own, and what goes to a group (mDNS, IGMP) has the TTL of its protocol.
    """
    table = capture.table
    counted = (table.source >= 0) & np.isin(table.protocol, (ICMP, ICMPV6, TCP, UDP))
    counted &= (table.protocol != TCP) | ((table.tcp_flags & RST) == 0)
    counted &= ~multicast_addresses(table)[table.destination]
    counted[error_rows(table)] = False
    counted[limited_rows(table, icmp_errors)] = False
    for rows in data_rows(table, connections).values():
        counted[rows] = False
    counted[_doubtful_answers(exchanges)] = False
    counted[[frame - 1 for c in connections for frame in c.duplicate_frames]] = False
    keys = table.source[counted].astype(np.int64) * _TTLS + table.ttl[counted]
    modes: list[int | None] = [None] * len(table.addresses)
    for address, ttl in _modes(keys, len(table.addresses)):
        modes[address] = ttl
    return modes


def _doubtful_answers(exchanges: Sequence[DnsExchange]) -> list[int]:
    """Rows of DNS answers that another one with another TTL follows: they had two senders.

    Who forges answers must be first; the last one is from the server.
    """
    return [
        response.frame - 1
        for exchange in exchanges
        for response in exchange.responses[:-1]
        if response.ip_ttl != exchange.responses[-1].ip_ttl
    ]


def _modes(keys: Int64, addresses: int) -> Iterator[tuple[int, int]]:
    """Address and its most frequent TTL, from keys of 256 × address + TTL."""
    if addresses <= _FEW_ADDRESSES:
        counts = np.bincount(keys, minlength=addresses * _TTLS).reshape(-1, _TTLS)
        for address in np.flatnonzero(counts.any(axis=1)).tolist():
            yield address, int(counts[address].argmax())
        return
    values, count = np.unique(keys, return_counts=True)
    # By address, then by count: of each address the last is the most frequent.
    order = np.lexsort((count, values >> 8))
    values = values[order]
    last = np.flatnonzero(np.diff(values >> 8, append=-1))
    yield from zip((values[last] >> 8).tolist(), (values[last] & 255).tolist(), strict=True)


def _names(
    connections: Sequence[Connection],
    exchanges: Sequence[DnsExchange],
    handshakes: Sequence[TlsHandshake],
    requests: Sequence[HttpExchange],
) -> dict[str, dict[str, None]]:
    """Names by address, in the order in which DNS, SNI and Host gave them."""
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for exchange in exchanges:
        for response in exchange.responses:
            for address in response.addresses:
                names[address][exchange.name] = None
    servers = {c.stream: c.server.address for c in connections}
    # What is asked of a proxy names another host than the one that is connected to.
    proxied = {r.stream for r in requests if r.is_connect or "://" in r.target}
    for handshake in handshakes:
        if handshake.sni and handshake.stream in servers and handshake.stream not in proxied:
            names[servers[handshake.stream]][handshake.sni.lower()] = None
    for request in requests:
        name = _host_name(request.host or "")
        if name and request.stream in servers and request.stream not in proxied:
            names[servers[request.stream]][name] = None
    return names


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; "" when it is an address (or nothing)."""
    name = host.strip().lower()
    head, colon, port = name.rpartition(":")
    if colon and port.isdigit():
        name = head
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return name
    return ""
