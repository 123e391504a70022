"""What else was tried beside a ClientHello that failed, and says what was hated about it."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, ClientHello, Facts, Outcome
from diagnostics.helloends import end_of, lost_the_race
from diagnostics.resets import name_unread

SAME_SIZE = 0.15
"""Two hellos of one client differ by their names and padding only: less than this share."""


def same_hello_other_name(facts: Facts, attempt: Attempt, hello: ClientHello) -> str | None:
    """A comparable hello with another name passed: what is hated is the name."""
    for other, its in _comparable(facts, attempt, hello):
        if its.sni != hello.sni and alike(its, hello):
            where = "the same address" if other.address == attempt.address else f"{other.address}"
            return f"the same hello with the name {its.sni} is answered at {where}"
    return None


def other_hello_same_name(facts: Facts, attempt: Attempt, hello: ClientHello) -> str | None:
    """Another, smaller or older hello with the same name passed: what is hated is the hello."""
    for _, its in _comparable(facts, attempt, hello):
        if its.sni == hello.sni and not alike(its, hello):
            return f"a hello of {its.size} bytes with the same name is answered"
    return None


def unread_control(facts: Facts, attempt: Attempt) -> bool:
    """Another connection to the same place was answered, and its hello lies before the capture:
    nobody can say whether it had the same name, or the same contents."""
    read = {h.stream for h in facts.handshakes if h.client_hello is not None}
    return any(
        c.starts_midway
        and c.server.payload_bytes > 0
        and (c.server.address, c.server.port) == (attempt.address, attempt.port)
        and c.stream not in read
        for c in facts.connections
    )


def _comparable(
    facts: Facts, attempt: Attempt, hello: ClientHello
) -> Iterator[tuple[Attempt, ClientHello]]:
    """Hellos of other connections that a server answered; none where names are cut off."""
    if name_unread(hello):
        return
    for other in facts.attempts:
        if other.handshake is None or other.stream == attempt.stream:
            continue
        end = end_of(other) if other.outcome is Outcome.FAILED else None
        if end is not None and lost_the_race(facts, other, end):
            # Its answer came too late: this one failed as well.
            continue
        handshake = facts.handshakes[other.handshake]
        its = handshake.client_hello
        if its is not None and handshake.server_hello is not None and not name_unread(its):
            yield other, its


def alike(one: ClientHello, other: ClientHello) -> bool:
    """Hellos of one client: same extensions and schemes, sizes apart by the name only."""
    return (
        abs(one.size - other.size) <= SAME_SIZE * max(one.size, other.size)
        and one.signature_schemes == other.signature_schemes
        and one.key_share_groups == other.key_share_groups
    )
