"""Which addresses belong to the host that captured: from directions, or from who asks whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address

from analyzers.facts import Connection, DnsExchange
from analyzers.grouping import distinct
from analyzers.ttl import INITIAL_TTLS
from captures.packets import INBOUND, OUTBOUND, PacketTable

#: The capturing host takes part in all that it captures, but for what a switch floods or a
#: promiscuous interface overhears.
LOCAL_SHARE = 0.8
#: More hosts than this that all begin conversations on the link are a network, not one machine
#: with several addresses (IPv4, IPv6 and its temporary ones, VPN, containers).
MOST_ADDRESSES = 16

Conversation = tuple[str, str]
"""Who began it, and with whom."""


def local_addresses(
    table: PacketTable,
    ttls: Mapping[str, int],
    connections: Sequence[Connection],
    exchanges: Sequence[DnsExchange],
) -> set[str]:
    """Addresses of the capturing host; none when the capture was taken elsewhere on the path.

    `ttls` is the usual TTL of each address' packets.
    """
    loopback = {text for text in ttls if ip_address(text).is_loopback}
    # Packets of the host itself have crossed no router.
    near = {text for text, ttl in ttls.items() if ttl in INITIAL_TTLS}
    told = _outbound(table)
    if told is not None:
        return loopback | (told & near)
    begun = list(_conversations(connections, exchanges))
    return loopback | _beginners(begun, near - loopback)


def _outbound(table: PacketTable) -> set[str] | None:
    """Addresses that only ever sent outwards; None when the capture does not tell directions.

    What a router passes on comes in before it goes out.
    """
    known = table.source >= 0
    out = distinct(table.source[known & (table.direction == OUTBOUND)])
    if not len(out):
        return None
    inwards = known & (table.direction == INBOUND) & (table.source != table.destination)
    came_in = distinct(table.source[inwards])
    return {str(table.addresses[i]) for i in set(out.tolist()).difference(came_in.tolist())}


def _conversations(
    connections: Iterable[Connection], exchanges: Iterable[DnsExchange]
) -> Iterable[Conversation]:
    for connection in connections:
        yield connection.client.address, connection.server.address
    for exchange in exchanges:
        yield exchange.client, exchange.server


def _beginners(begun: Sequence[Conversation], near: set[str]) -> set[str]:
    """Those who begin conversations from right here, when (nearly) all are theirs.

    A server on the same link is as near, but it is spoken to. So is a peer that speaks to the
    host: who begins with the busiest beginner is another one.
    """
    outside = [(a, b) for a, b in begun if not _is_loopback(a) and a != b]
    peers: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for source, destination in outside:
        if source in near:
            peers[source].add(destination)
            counts[source] += 1
    if not counts or len(counts) > MOST_ADDRESSES:
        return set()
    busiest = max(counts, key=lambda address: counts[address])
    asked = {b for a, b in outside if a == busiest}
    local = {a for a in counts if busiest not in peers[a] and a not in asked} | {busiest}
    share = sum(1 for a, b in outside if a in local or b in local) / len(outside)
    return local if share >= LOCAL_SHARE else set()


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
