"""The answer is too big for UDP, and DNS over TCP does not work.

What it means
-------------
The resolver sent a truncated answer, so the client must ask again over TCP, and TCP port 53 is
dead.

Why it happens
--------------
A firewall that allows only UDP 53, or a DNS server that does not listen on TCP.

How it is recognised
--------------------
A response has the TC flag, and the TCP connection to the same server's port 53 that follows is
refused, unanswered, or closed without an answer.

Fix
---
Allow TCP 53 to the resolver.

References
----------
RFC 7766 (TCP is not optional for DNS), RFC 1035 section 4.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Connection, DnsExchange, DnsLookup, Facts, Stage
from diagnostics.localize import distance_of_ttl, resolver_hop
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_of_lookups, indices, plural
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("dns.*", "tcp.syn_timeout", "tcp.refused", "tcp.unreachable")

FOLLOWS_S = 10.0
"""go asks over TCP at once; other resolvers within their time-out."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver whose truncated answers could not be had over TCP."""
    by_server: dict[str, list[tuple[DnsLookup, DnsExchange, Connection]]] = {}
    for lookup in facts.lookups:
        if lookup.addresses:
            continue
        for exchange in lookup.exchanges:
            connection = _dead_tcp(facts, exchange)
            if connection is not None:
                by_server.setdefault(exchange.server, []).append((lookup, exchange, connection))
    for server, found in by_server.items():
        frames = [r.frame for _, e, _ in found for r in e.responses if r.truncated]
        frames += [c.first_frame for _, _, c in found]
        lookups = [k for k, _, _ in found]
        yield Finding(
            hop=_hop(facts, server, [c for _, _, c in found]),
            summary=f"The resolver {server} answers in part only, and TCP port 53 to it is dead.",
            evidence=(
                Evidence(
                    f"{plural(len(found), 'answer')} truncated (TC), TCP to port 53 then "
                    f"{_how(found[0][2])}",
                    tuple(sorted(set(frames))),
                ),
            ),
            fix=(
                Fix(
                    f"Have TCP port 53 to {server} allowed; test it.",
                    f"dig +tcp @{shell_word(server)} {shell_word(lookups[0].name)}",
                ),
            ),
            confidence=0.95,
            impact_s=union_s((c.first_s, c.last_s) for _, _, c in found),
            attempts=indices(attempts_of_lookups(facts, lookups)),
            streams=frozenset(c.stream for _, _, c in found),
            stage=Stage.DNS,
        )


def _hop(facts: Facts, server: str, dead: Sequence[Connection]) -> Hop:
    """The resolver, unless all refusals come from nearer than its answers: then a box between
    speaks in its name, somewhere from where their TTL puts them."""
    hop = resolver_hop(facts, server)
    resets = [c.server_reset for c in dead]
    near = {distance_of_ttl(r.ttl) if r is not None else None for r in resets}
    nearest = near.pop() if len(near) == 1 else None
    if nearest is None or hop.distance is None or nearest >= hop.distance[0]:
        return hop
    return Hop(Role.MIDDLEBOX, None, None, (nearest, hop.distance[0]))


def _dead_tcp(facts: Facts, exchange: DnsExchange) -> Connection | None:
    """The TCP connection that should have brought the whole answer, and did not."""
    if exchange.transport != "udp" or not any(r.truncated for r in exchange.responses):
        return None
    after_s = exchange.responses[0].time_s
    for connection in facts.connections:
        follows = after_s <= connection.first_s <= after_s + FOLLOWS_S
        to_server = connection.server.address == exchange.server and connection.server.port == 53
        if follows and to_server and not connection.server.payload_bytes:
            return connection
    return None


def _how(connection: Connection) -> str:
    if connection.established:
        return "connected and was never answered"
    return "was refused" if connection.server_reset else "was never answered"
