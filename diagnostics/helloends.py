"""How a ClientHello that got no ServerHello ended, and whether the server ended it."""

from __future__ import annotations

from enum import StrEnum

from analyzers.facts import Attempt, Connection, Facts
from diagnostics.resets import forged_reset, reset_after_hello


class End(StrEnum):
    """How the other side ended it."""

    RESET = "reset"
    CLOSED = "closed"
    SILENCE = "silence"


def end_of(attempt: Attempt) -> End | None:
    return {
        "reset": End.RESET,
        "closed": End.CLOSED,
        "no answer": End.SILENCE,
        "incomplete": End.SILENCE,
    }.get(attempt.reason)


def lost_the_race(facts: Facts, attempt: Attempt, end: End) -> bool:
    """The server's own answer came after somebody had ended the connection in its name."""
    assert attempt.stream is not None and attempt.handshake is not None
    if end is End.RESET:
        return reset_after_hello(facts, attempt)
    return end is End.CLOSED and fin_is_forged(facts.connection(attempt.stream))


def is_forged(facts: Facts, attempt: Attempt, connection: Connection, end: End) -> bool:
    if end is End.RESET:
        return forged_reset(facts, attempt) is not None
    if end is End.CLOSED:
        return fin_is_forged(connection)
    return False


def fin_is_forged(connection: Connection) -> bool:
    """The FIN comes from another distance than the SYN-ACK, or the server sends data after it."""
    half = connection.server
    if half.fin_s is None:
        return False
    went_on = half.last_data_s is not None and half.last_data_s > half.fin_s
    return went_on or (half.ttl_syn is not None and half.fin_ttl != half.ttl_syn)
