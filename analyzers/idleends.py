"""Connections that were reset while nobody used them, told from answers that were cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers.facts import Attempt, Connection, Outcome, Stage

IDLE_S = 5.0
"""The shortest time in common use for which servers keep a connection that nobody uses (Apache's
KeepAliveTimeout); what breaks an answer strikes while it moves."""


def without_idle_resets(
    found: Sequence[Attempt], connections: Sequence[Connection]
) -> Iterator[Attempt]:
    """Take answers inside TLS for whole whose connection was reset when all had long been quiet.

    Inside TLS nobody sees where an answer ends. But go asks on, here or elsewhere, only once it has
    what it waited for, or has given it up: so the download must have gone on after the reset.
    """
    for attempt in found:
        if _is_idle_reset(attempt, connections) and _goes_on(attempt, found, connections):
            yield replace(attempt, outcome=Outcome.SUCCEEDED, reason="answered, encrypted")
        else:
            yield attempt


def _is_idle_reset(attempt: Attempt, connections: Sequence[Connection]) -> bool:
    broken = attempt.outcome is Outcome.FAILED and attempt.reason == "reset"
    inside_tls = attempt.handshake is not None and not attempt.requests
    if not broken or attempt.stage is not Stage.RESPONSE or not inside_tls:
        return False
    assert attempt.stream is not None
    connection = connections[attempt.stream]
    reset, answered_s = connection.server_reset, connection.server.last_data_s
    if reset is None or answered_s is None or _is_owed(connection, answered_s):
        return False
    return reset.time_s - answered_s >= IDLE_S


def _is_owed(connection: Connection, answered_s: float) -> bool:
    """The client asked for something after the last byte that came, or lacks some that did."""
    asked_s = connection.client.last_data_s
    within_s = 2.0 * (connection.min_rtt_s or 0.0)
    asked_after = asked_s is not None and asked_s - answered_s > within_s
    unread = connection.server.acked_bytes < connection.server.sent_bytes
    return asked_after or (unread and connection.client.packets > 0)


def _goes_on(attempt: Attempt, found: Sequence[Attempt], connections: Sequence[Connection]) -> bool:
    """Another connection of the same program brought data after the reset."""
    return any(
        other.stream is not None
        and other.stream != attempt.stream
        and other.is_go == attempt.is_go
        and other.outcome is Outcome.SUCCEEDED
        and (connections[other.stream].server.last_data_s or 0.0) > attempt.end_s
        for other in found
    )
