"""Full-sized packets vanish on the way, small ones pass.

What it means
-------------
A link on the path carries smaller packets than the ends believe, drops what is too long, and the
ICMP message that should tell the sender about it never arrives (or is not heeded).

Why it happens
--------------
VPNs, tunnels and PPPoE take room from every packet; a firewall that blocks all ICMP breaks path MTU
discovery. Handshakes stall at the certificate, downloads at the first full segment.

How it is recognised
--------------------
For at least 2.5 s (three retransmissions) nothing larger than some size arrives, although the
sender's own sequence numbers show that it sent more, and small packets of the same direction still
come through; or, on a router or at the server, a large segment is sent again and again while the
client's duplicate ACKs show that smaller ones arrive. No packet as large as the lost ones ever came
through. Where an ICMP "fragmentation needed" or "packet too big" was captured and large packets go
on dying, its sender is the router before the narrow link.

Fix
---
Let ICMP type 3 code 4 (IPv6: type 2) pass, or clamp the MSS at the tunnel or on the client.

References
----------
RFC 2923; RFC 4821; RFC 8899; golang/go issue 76375.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Attempt, Facts, IcmpError, Side, Stage
from diagnostics.hellos import Cause, FailedHello, failed_hellos, what_is_seen
from diagnostics.localize import end_of, icmp_hop, path_hop
from diagnostics.report.escape import shell_word
from diagnostics.swallowed import Sizes, Swallowed
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop

EXPLAINS = (
    "path.loss",
    "tcp.blackhole",
    "tls.client_hello_dropped",
    "tls.handshake_timeout",
    "tls.sni_blocked",
    "tls.slow_handshake",
    "http.slow_response",
    "http.stalled_body",
)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server whose large packets (or those to it) die."""
    hellos = failed_hellos(facts, Cause.MTU)
    dead = {h.attempt.stream for h in hellos}
    sizes = Sizes(facts)
    found = [s for c in facts.connections if (s := sizes.swallowed(c)) is not None]
    addresses = dict.fromkeys(
        [h.connection.server.address for h in hellos] + [s.connection.server.address for s in found]
    )
    for address in addresses:
        mine = [h for h in hellos if h.connection.server.address == address]
        later = [s for s in found if s.connection.server.address == address]
        later = [s for s in later if s.connection.stream not in dead]
        yield _finding(facts, address, mine, later)


def _finding(
    facts: Facts, address: str, hellos: Sequence[FailedHello], later: Sequence[Swallowed]
) -> Finding:
    hit = {s.connection.stream for s in later}
    attempts = [h.attempt for h in hellos]
    attempts += [a for a in facts.attempts if a.stream in hit and _held_up(a, later)]
    told = _told(facts, address)
    evidence = [Evidence(*what_is_seen(h), stream=h.attempt.stream) for h in hellos[:SHOWN]]
    evidence += [Evidence(s.text, s.frames, s.connection.stream) for s in later[:SHOWN]]
    if told is not None:
        text = (
            f"{told.sender} asks for packets of at most {told.mtu} bytes; larger ones go on dying"
        )
        evidence.append(Evidence(text, (told.frame,), told.stream))
    waits = [(s.start_s, s.end_s) for s in later]
    carrying = [s.connection for s in later]
    behind = bool(later) and not hellos and all(s.behind for s in later)
    end = end_of(carrying, Side.CLIENT) if behind else address
    return Finding(
        hop=_hop(facts, end, told),
        summary=f"Large packets {_way(hellos, later)} {names(attempts) or address} vanish on the "
        "way, small ones pass: the path's MTU is smaller than both ends believe.",
        evidence=tuple(evidence),
        fix=_fix(end or address),
        confidence=0.93 if later or told is not None else 0.85,
        impact_s=max(union_s(waits), lost_s([h.attempt for h in hellos])),
        attempts=indices(attempts),
        streams=streams(attempts) | frozenset(hit),
        fatal=bool(later),
        stage=min((a.stage for a in attempts), default=Stage.RESPONSE),
    )


def _held_up(attempt: Attempt, later: Sequence[Swallowed]) -> bool:
    """It was still going on when the large packets began to die."""
    return any(s.connection.stream == attempt.stream and attempt.end_s >= s.start_s for s in later)


def _way(hellos: Sequence[FailedHello], later: Sequence[Swallowed]) -> str:
    outwards = any(s.sender.value == "client" for s in later) or any(
        h.handshake.hello_acked_s is None for h in hellos
    )
    inwards = any(s.sender.value == "server" for s in later) or any(
        h.handshake.hello_acked_s is not None for h in hellos
    )
    return "to and from" if outwards and inwards else ("to" if outwards else "from")


def _told(facts: Facts, address: str) -> IcmpError | None:
    """A router's word that packets to the server are too long, for a path on which they die.

    Not the sender's own: Linux tells itself over the loopback what it remembers of a path.
    """
    return next(
        (
            e
            for e in facts.icmp
            if e.kind == "fragmentation_needed"
            and e.quoted_destination == address
            and e.sender != e.quoted_source
        ),
        None,
    )


def _hop(facts: Facts, address: str | None, told: IcmpError | None) -> Hop:
    if told is None:
        return path_hop(facts, address)
    router = icmp_hop(facts, told)
    if router.distance is None:
        return router
    return Hop(
        router.role, router.address, router.name, (router.distance[0], router.distance[1] + 1)
    )


def _fix(address: str) -> tuple[Fix, ...]:
    version6 = ":" in address
    tables = "ip6tables" if version6 else "iptables"
    return (
        Fix(
            "See how large packets may be on this path.",
            f"tracepath {'-6 ' if version6 else ''}-n {shell_word(address)}",
        ),
        Fix(
            "Ask for smaller segments from this machine until the path is repaired.",
            f"sudo {tables} -t mangle -A OUTPUT -p tcp --tcp-flags SYN,RST SYN "
            f"-j TCPMSS --set-mss {1220 if version6 else 1200}",
        ),
        Fix(
            "Have the firewall let ICMP 'fragmentation needed' (IPv6: 'packet too big') pass, or "
            "the MSS clamped where the tunnel begins."
        ),
    )
