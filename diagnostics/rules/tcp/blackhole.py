"""An established connection falls silent: nothing that is sent is answered any more.

What it means
-------------
The connection worked, then its packets vanished without a word, in one direction or both. go waits
until TCP gives up, which takes minutes.

Why it happens
--------------
A NAT or firewall that dropped the connection's state (idle limit, byte limit, restart), a route
that changed, a VPN or Wi-Fi link that went away, a server that lost its power.

How it is recognised
--------------------
At least three transmissions of the client (data, retransmissions, keep-alives) over 2.5 s are never
acknowledged, up to the end (in a capture of a router or server also: of the server to the client);
or the server repeats, with a doubling timer, what was acknowledged to it each time; or an answer
stops and not even the FIN is answered. A server that merely stalls acknowledges all of these.
Segments that die of their size belong to path.mtu_blackhole.

Fix
---
Try again; keep connections from idling through the box, or go round it.

References
----------
RFC 5382 section 5 (NAT must keep connections); RFC 1122 section 4.2.3.6 (keep-alives); RFC 2923.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Attempt, Facts, Side, Stage
from diagnostics.deadpaths import DeadPath, dead_paths
from diagnostics.localize import end_of, path_hop
from diagnostics.scope import scope_of
from diagnostics.spans import given_up_s
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, indices, names, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("http.slow_response", "http.stalled_body", "tls.handshake_timeout", "proxy.no_answer")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server to which connections died."""
    dead = dead_paths(facts)
    mine = scope_of(facts).streams
    moved_s = max(
        (
            c.server.last_data_s or 0.0
            for c in facts.connections
            if c.stream in mine and c.server.port != 53
        ),
        default=0.0,
    )
    for address, found in _by_address(dead).items():
        attempts = _held_up(facts, found)
        yield Finding(
            hop=_hop(facts, found),
            summary=f"{plural(len(found), 'connection')} to {names(attempts) or address} "
            f"{'falls' if len(found) == 1 else 'fall'} silent: {_way(found)}.",
            evidence=tuple(_evidence(d) for d in found[:SHOWN]),
            fix=_fix(found),
            confidence=0.92 if any(d.sure for d in found) else 0.75,
            impact_s=union_s((d.since_s, d.until_s) for d in found),
            attempts=indices(attempts),
            streams=frozenset(d.connection.stream for d in found),
            fatal=any(_final(d, moved_s) for d in found),
            stage=min((a.stage for a in attempts), default=Stage.RESPONSE),
        )


def _by_address(dead: Sequence[DeadPath]) -> dict[str, list[DeadPath]]:
    groups: dict[str, list[DeadPath]] = {}
    for one in dead:
        groups.setdefault(one.connection.server.address, []).append(one)
    return groups


def _held_up(facts: Facts, found: Sequence[DeadPath]) -> list[Attempt]:
    """Attempts that were still going on when their connection died."""
    died_s = {d.connection.stream: d.since_s for d in found}
    return [a for a in facts.attempts if a.stream in died_s and a.end_s >= died_s[a.stream]]


def _final(dead: DeadPath, moved_s: float) -> bool:
    """The download ended in this silence: none of its servers sent anything once the client gave
    up."""
    left_s = given_up_s(dead.connection)
    return left_s is None or moved_s <= left_s


def _way(found: Sequence[DeadPath]) -> str:
    if all(d.side is Side.CLIENT for d in found):
        return "what the server sends is no longer answered by the client"
    if all(d.outwards for d in found):
        return "the server is heard, but no longer hears the client"
    return "what the client sends is no longer answered"


def _evidence(dead: DeadPath) -> Evidence:
    server = dead.connection.server
    before = f"after {plural(server.payload_bytes, 'byte')} from {server.address}"
    return Evidence(
        f"{before}, silence for {seconds(dead.until_s - dead.since_s)}: {dead.text}",
        dead.frames,
        dead.connection.stream,
    )


def _hop(facts: Facts, found: Sequence[DeadPath]) -> Hop:
    sides = {d.side for d in found}
    side = Side.CLIENT if sides == {Side.CLIENT} else Side.SERVER
    hop = path_hop(facts, end_of([d.connection for d in found], side))
    return hop if hop.distance is not None else Hop(Role.PATH)


def _fix(found: Sequence[DeadPath]) -> tuple[Fix, ...]:
    server = found[0].connection.server
    probe = f"sudo traceroute -T -p {server.port} {server.address}"
    if all(d.side is Side.CLIENT for d in found):
        probe = f"sudo traceroute {found[0].connection.client.address}"
    return (
        Fix("Try again: a new connection makes new state in the box that lost it.",
            "go mod download"),
        Fix(
            "See whether new connections pass, and where they die if not.",
            probe,
        ),
        Fix(
            "If it comes back after a certain time or size, show these frames to whoever runs the "
            "NAT, firewall or VPN on the way."
        ),
    )  # fmt: skip
