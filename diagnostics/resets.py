"""Whose reset it was, and whether it hurt: what the rules about RST share."""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.facts import (
    Attempt,
    ClientHello,
    Connection,
    Facts,
    Outcome,
    Reset,
    Side,
    Stage,
)
from analyzers.ttl import distance_of as ttl_distance
from diagnostics.localize import reset_is_forged
from diagnostics.timeline import union_s
from diagnostics.tries import seconds
from diagnostics.verdict import Evidence

RACE_BYTES = 3 * 1460
"""A forger that answers the ClientHello expects the server's first byte, or some segments more."""
SECOND_SIGNS = frozenset(("peer_went_on", "timestamps_missing", "ip_id_differs", "window_odd"))
"""Beside another TTL; each alone has an innocent cause."""
MOVING_S = 0.3
"""Data of an answer came as short a time ago: it was under way."""
IDLE_S = 1.0
"""Nothing for so long, then the client speaks: a new request. What go says while an answer comes
(HTTP/2 window updates) follows the server's data at once."""


def broken_by_reset(facts: Facts) -> list[Attempt]:
    """Attempts on established connections that a RST with the server's address ended.

    A reset straight after a ClientHello has rules of its own (tls.sni_blocked and others): it is
    left out here unless it came before the hello left.
    """
    return [
        a
        for a in facts.attempts
        if a.outcome is Outcome.FAILED
        and a.reason == "reset"
        and a.stream is not None
        and a.stage is not Stage.CONNECT
        and not reset_after_hello(facts, a)
    ] + [
        a
        for a in facts.attempts
        if a.outcome is Outcome.FAILED
        and a.stage is Stage.CONNECT
        and a.reason == "refused"
        and a.stream is not None
        and refusal_is_forged(facts, facts.connection(a.stream))
    ]


def reset_after_hello(facts: Facts, attempt: Attempt) -> bool:
    """The reset answered a ClientHello.

    Nothing of TLS had come back before it; or it is forged, and the server's own answer to the
    hello lost the race against it.
    """
    if attempt.stage is not Stage.TLS or attempt.handshake is None or attempt.stream is None:
        return False
    handshake = facts.handshakes[attempt.handshake]
    connection = facts.connection(attempt.stream)
    reset = connection.server_reset
    if handshake.client_hello is None or reset is None or name_unread(handshake.client_hello):
        return False
    if not connection.server.acked_bytes and not connection.server.payload_bytes:
        return True
    forged = forged_reset(facts, attempt) is not None
    return forged and reset.sequence is not None and reset.sequence <= RACE_BYTES


def reset_unasked(facts: Facts, attempt: Attempt) -> bool:
    """A RST that the server did not send cut the connection before anything was said on it."""
    if attempt.stream is None or forged_reset(facts, attempt) is None:
        return False
    connection = facts.connection(attempt.stream)
    return not connection.client.payload_bytes and not connection.server.payload_bytes


def name_unread(hello: ClientHello) -> bool:
    """The capture holds too little of the hello to know the name in it: nobody can say then that
    it is the name, or something else in it, that somebody hates."""
    return hello.sni is None and not hello.complete


def forged_reset(facts: Facts, attempt: Attempt) -> Reset | None:
    """The reset of the attempt's connection that the server did not send, if there is one."""
    if attempt.stream is None:
        return None
    connection = facts.connection(attempt.stream)
    resets = [r for r in connection.resets if r.sender is Side.SERVER]
    forged = next((r for r in resets if reset_is_forged(connection, r)), None)
    if forged is None and resets and refusal_is_forged(facts, connection):
        return resets[0]
    return forged


def cut_in_clients_name(facts: Facts) -> dict[int, Reset]:
    """By stream, what a capture beyond the box shows of it: in the middle of an answer a RST with
    the client's address, from another distance than the client's other segments, and with a second
    sign that it is none of them."""
    found = {}
    for connection in facts.connections:
        forged = next((r for r in connection.resets if _in_clients_name(connection, r)), None)
        own = connection.server_reset
        # What the client goes on to send meets the server's closed socket, which answers with RSTs.
        if forged is not None and (own is None or own.frame > forged.frame):
            found[connection.stream] = forged
    return found


def _in_clients_name(connection: Connection, reset: Reset) -> bool:
    client, answered_s = connection.client, connection.server.last_data_s
    if reset.sender is not Side.CLIENT or not connection.server.acked_bytes or client.ttl is None:
        return False
    # On a router that records each packet twice, one copy has another TTL.
    elsewhere = ttl_distance(reset.ttl) != ttl_distance(client.ttl)
    foreign = elsewhere and not connection.duplicate_frames and "ttl_differs" in reset.signs
    left = client.fin_s is not None and client.fin_s < reset.time_s
    moving = answered_s is not None and reset.time_s - answered_s <= MOVING_S
    return foreign and bool(reset.signs & SECOND_SIGNS) and moving and not left


def refusal_is_forged(facts: Facts, connection: Connection) -> bool:
    """A RST to a SYN that cannot be the host's: its TTL is none of the host's own, and it comes
    in less than half the time in which the host can answer, or the host accepts that very SYN."""
    reset = connection.server_reset
    if reset is None or connection.established or not connection.client.syn_times_s:
        return False
    if "never_sent" in reset.signs or _accepted_after(connection, reset):
        return True
    other = [
        c
        for c in facts.connections
        if c.server.address == connection.server.address and c.established
    ]
    if not other:
        return False
    sooner = min((c.handshake_rtt_s or 9.0) for c in other) > 2.0 * (
        reset.time_s - connection.client.syn_times_s[-1]
    )
    return sooner and all(reset.ttl not in (c.server.ttl, c.server.ttl_syn) for c in other)


def _accepted_after(connection: Connection, reset: Reset) -> bool:
    """A SYN-ACK with another TTL follows the RST, and no other SYN that it could answer lies
    between the two (Windows asks again what was refused, and a service may be up by then)."""
    accepted = connection.syn_ack_frame
    if accepted is None or accepted < reset.frame or reset.ttl == connection.server.ttl_syn:
        return False
    return not any(reset.frame < frame < accepted for frame in connection.client.syn_frames)


def forged_ttls(facts: Facts, address: str | None) -> set[int]:
    """TTLs of all resets that came in this address's name and were not its own.

    A forger that makes them up sends each with another one, which tells nothing of its place.
    """
    connections = [c for c in facts.connections if c.server.address == address]
    forged = {
        r.ttl
        for c in connections
        for r in c.resets
        if r.sender is Side.SERVER and (reset_is_forged(c, r) or refusal_is_forged(facts, c))
    }
    own = {ttl for c in connections if c.established for ttl in (c.server.ttl, c.server.ttl_syn)}
    return forged - own or forged


def struck(facts: Facts, attempt: Attempt) -> bool:
    """The reset came while an answer was under way: go reports that and does not try again."""
    if attempt.stream is None or attempt.stage is not Stage.RESPONSE:
        return False
    connection = facts.connection(attempt.stream)
    if connection.server_reset is None or _asked_anew_s(connection) is not None:
        return False
    return connection.server.last_data_s is not None and connection.server.payload_bytes > 0


def broken_s(facts: Facts, attempts: Sequence[Attempt]) -> float:
    """Time that the attempts lost by their resets; of a connection that had served before, and
    was idle, only what its last request took."""
    spans = []
    for attempt in attempts:
        asked_s = None
        if attempt.stream is not None and attempt.stage is Stage.RESPONSE:
            asked_s = _asked_anew_s(facts.connection(attempt.stream))
        spans.append((attempt.start_s if asked_s is None else asked_s, attempt.end_s))
    return union_s(spans)


def _asked_anew_s(connection: Connection) -> float | None:
    """When the client asked for something more over a connection that had been idle, if nothing
    came back: net/http repeats a request that a reused connection lost before its first byte."""
    asked_s, answered_s = connection.client.last_data_s, connection.server.last_data_s
    if asked_s is None or answered_s is None or asked_s - answered_s <= IDLE_S:
        return None
    return asked_s


def reset_evidence(facts: Facts, attempt: Attempt) -> Evidence:
    """The reset beside the server's other packets."""
    assert attempt.stream is not None
    connection = facts.connection(attempt.stream)
    reset = forged_reset(facts, attempt) or connection.server_reset
    assert reset is not None
    text = (
        f"RST with IP TTL {reset.ttl} {seconds(reset.time_s - connection.first_s)} after the SYN, "
        f"after {connection.server.payload_bytes} bytes of the answer"
    )
    if connection.server.ttl is not None:
        text += f"; the server's other segments arrive with TTL {connection.server.ttl}"
    if reset.signs:
        text += f" ({', '.join(s.replace('_', ' ') for s in sorted(reset.signs))})"
    frames = [f for f in (connection.syn_ack_frame, reset.frame) if f is not None]
    return Evidence(text, tuple(frames), connection.stream)
