"""Connection attempts are never answered.

What it means
-------------
SYN segments to an address get neither a SYN-ACK nor a refusal; go gives up after 30 s.

Why it happens
--------------
A firewall drops them without a word, the address is blocked on the way, the host is down, or the
way back is broken.

How it is recognised
--------------------
All SYNs of the connection, at least two (or one for more than three seconds), are unanswered, no
ICMP error refuses them, and no other connection to the same name won meanwhile. In a capture of a
router or server: the SYN-ACKs leave, and the client goes on asking.

Fix
---
Find the hop: the same probe with rising TTL tells where it dies.

References
----------
RFC 6298 section 5.7; go's dial time-out is 30 s (net/http DefaultTransport).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Connection, Facts, Stage
from diagnostics.localize import client_hop, is_own_address, path_hop
from diagnostics.mirrors import elsewhere
from diagnostics.report.escape import shell_word
from diagnostics.tries import failed_at, grouped, indices, lost_s, plural, seconds, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop

EXPLAINS = ()

UNHEARD = "the answer is not heard"
"""How analyzers.endings names a SYN-ACK that passed the capture point and is asked for again."""
MIN_SYNS = 2
MIN_WAIT_S = 3.0
"""A lone SYN says little before its retransmission (1 s, RFC 6298) and the next one are due."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per address and port whose SYNs stay unanswered."""
    failed = [
        a
        for a in failed_at(facts, Stage.CONNECT, "no answer", UNHEARD)
        if a.reason == UNHEARD or _waited(facts, a)
    ]
    for (address, port), attempts in grouped(failed, lambda a: (a.address, a.port)).items():
        assert address is not None
        connections = [facts.connection(a.stream) for a in attempts if a.stream is not None]
        name = attempts[0].name
        unheard = all(a.reason == UNHEARD for a in attempts)
        endpoint = f"{address} port {port}{f' ({name})' if name else ''}"
        yield Finding(
            hop=_back(facts, connections[0]) if unheard else path_hop(facts, address),
            summary=f"The answers of {endpoint} to connection attempts never come to the client."
            if unheard
            else f"Nothing answers connection attempts to {endpoint}.",
            evidence=tuple(_evidence(c, facts) for c in connections[:3]),
            fix=_fix(address, port, name),
            confidence=0.93,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.CONNECT,
        )


def _waited(facts: Facts, attempt: Attempt) -> bool:
    if attempt.stream is None:
        return False
    connection = facts.connection(attempt.stream)
    waited_s = facts.capture.duration_s - connection.first_s
    return len(connection.client.syn_frames) >= MIN_SYNS or waited_s >= MIN_WAIT_S


def _back(facts: Facts, connection: Connection) -> Hop:
    """The way back to the client: the server's answers pass the capture point."""
    client = connection.client.address
    return client_hop(facts) if is_own_address(facts, client) else path_hop(facts, client)


def _evidence(connection: Connection, facts: Facts) -> Evidence:
    syns = connection.client.syn_frames
    span_s = connection.last_s - connection.first_s
    others = sum(
        c.established for c in facts.connections if c.server.address != connection.server.address
    )
    text = f"{plural(len(syns), 'SYN')} to {connection.server.address}, "
    text += "repeated after the SYN-ACK" if connection.syn_ack_frame else "none answered"
    if span_s > 0:
        text += f", over {seconds(span_s)}"
    if others:
        text += f"; {plural(others, 'connection')} to other addresses came about meanwhile"
    answers = connection.server.syn_frames
    return Evidence(text, tuple(sorted((*syns, *answers))), connection.stream)


def _fix(address: str, port: int | None, name: str | None) -> tuple[Fix, ...]:
    return (
        Fix(
            "Find the hop where the SYN dies, and give this capture to whoever runs it.",
            f"sudo traceroute -T -p {port} {shell_word(address)}",
        ),
        Fix(
            "If only the web proxy is allowed out, tell go about it (go ignores the system's "
            "proxy settings).",
            "HTTPS_PROXY=http://proxy.example:3128 go mod download",
        ),
        *elsewhere(
            name,
            "Or use a module proxy that is reachable; a pipe falls through on any error.",
            *("goproxy.cn", "proxy.golang.org", "goproxy.io"),
        ),
    )
