"""Pauses of the client's machine: nothing is waited for, and only it could go on.

In go facts, out come the spans in which no connection of the download moved or waited for anybody,
ended by the client's next request.
"""

from __future__ import annotations

from analyzers.facts import Connection, Facts, Silence
from diagnostics.scope import scope_of
from diagnostics.spans import Span, busy, without
from diagnostics.timeline import union_s

MIN_PAUSE_S = 1.0
"""A pause in which a machine that works has hashed and unpacked some megabytes."""
WORK_S = 0.2
"""A machine that works asks for the next small file some milliseconds after the last one; where it
takes so long, the disk is slow, or the processor busy."""
SLOW_SHARE = 0.1
"""A machine that takes this share of the time by itself is slow, not only busy once."""
LAST_FACTOR = 10.0
"""What is unpacked at the end may take so many times what it took to keep the small files."""
WAITING = frozenset(("sender_idle", "loss", "window", "path_silent", "unseen"))
"""Silences in which others are, or may be, waited for."""


def idle_connections(
    facts: Facts, least_s: float = MIN_PAUSE_S
) -> list[tuple[Connection, Silence]]:
    """The silences that the client alone ended, by connection; none where it is not go's."""
    scope = scope_of(facts)
    if not scope.recognised:
        return []  # go does not pause to think, people before a browser or a shell do
    connections = [facts.connection(s) for s in sorted(scope.streams)]
    return [(c, s) for c in connections for s in c.silences if _pauses(c, s, least_s)]


def own_pauses(facts: Facts, least_s: float = MIN_PAUSE_S) -> list[Span]:
    """When every connection of the download was idle, nothing was looked up, and the client went
    on by itself after `least_s` or more."""
    idle = idle_connections(facts, least_s)
    if not idle:
        return []
    others = [span for s in scope_of(facts).streams for span in busy(facts.connection(s), WAITING)]
    others += [(k.start_s, k.end_s) for k in facts.lookups]
    alone = without([(s.start_s, s.end_s) for _, s in idle], others)
    return [span for span in alone if span[1] - span[0] >= least_s]


def is_slow_enough_for(facts: Facts, start_s: float, end_s: float) -> bool:
    """Whether the client's machine may itself have filled a last silence, such as by unpacking."""
    own = own_pauses(facts, WORK_S)
    own_s = union_s((low_s, min(high_s, start_s)) for low_s, high_s in own if low_s < start_s)
    return own_s >= SLOW_SHARE * start_s and end_s - start_s <= LAST_FACTOR * own_s


def _pauses(connection: Connection, silence: Silence, least_s: float) -> bool:
    """The client could go on, did so at last, and was answered."""
    if silence.cause != "client_idle" or silence.end_s - silence.start_s < least_s:
        return False
    answered_s = connection.server.last_data_s
    asked_s = connection.client.last_data_s
    return (
        answered_s is not None
        and asked_s is not None
        and answered_s > silence.end_s
        and asked_s >= silence.end_s
    )
