"""The path is idle, the client has all that it waits for, and yet it does not send.

What it means
-------------
Nothing on the network holds the download up: every answer is there and acknowledged, and for
seconds this machine asks for nothing more.

Why it happens
--------------
The process is stopped or starved (CPU limit of a container, swapping, suspended laptop), a slow
disk, a virus scanner that checks each file, large modules that are unpacked and hashed meanwhile.

How it is recognised
--------------------
On a connection that is used before and after, the server's data is complete and acknowledged and
the client sends the next byte a second or more later, while no other connection moves data or waits
for its server and no lookup is open. Such pauses add up to 2 s and a fifth of the time.

Fix
---
Look at CPU, memory, disk and scanners of this machine.

References
----------
go-mod-download unpacks and hashes each module before it asks for more than a few others (golang/go,
modfetch/fetch.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Connection, Facts, Silence
from diagnostics.localize import client_hop
from diagnostics.scope import scope_of
from diagnostics.spans import busy, without
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, attempts_on, indices, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("tcp.receive_window_limited",)

MIN_PAUSE_S = 1.0
"""A pause in which a machine that works has hashed and unpacked some megabytes."""
MIN_COST_S = 2.0
MIN_COST_SHARE = 0.2
"""Of the capture's time."""
WAITING = frozenset(("sender_idle", "loss", "window", "path_silent"))
"""Silences in which others are waited for."""


def find(facts: Facts) -> Iterator[Finding]:
    """At most one finding: the pauses of this machine."""
    scope = scope_of(facts)
    if not scope.recognised:
        return  # go does not pause to think, people before a browser or a shell do
    connections = [facts.connection(s) for s in sorted(scope.streams)]
    pauses = [(c, s) for c in connections for s in c.silences if _pauses(c, s)]
    if not pauses:
        return
    others = [span for c in connections for span in busy(c, WAITING)]
    others += [(k.start_s, k.end_s) for k in facts.lookups]
    alone = without([(s.start_s, s.end_s) for _, s in pauses], others)
    cost_s = union_s(span for span in alone if span[1] - span[0] >= MIN_PAUSE_S)
    if cost_s < max(MIN_COST_S, MIN_COST_SHARE * facts.capture.duration_s):
        return
    streams = frozenset(c.stream for c, _ in pauses)
    attempts = attempts_on(facts, streams)
    yield Finding(
        hop=client_hop(facts),
        summary=f"This machine itself pauses for {seconds(cost_s)}: everything it asked for is "
        "there, and it asks for nothing more.",
        evidence=tuple(_evidence(c, s) for c, s in _longest(pauses)),
        fix=_fix(),
        confidence=0.85,
        impact_s=cost_s,
        attempts=indices(attempts),
        streams=streams,
    )


def _pauses(connection: Connection, silence: Silence) -> bool:
    """The client could go on, did so at last, and was answered."""
    if silence.cause != "client_idle" or silence.end_s - silence.start_s < MIN_PAUSE_S:
        return False
    answered_s = connection.server.last_data_s
    asked_s = connection.client.last_data_s
    return (
        answered_s is not None
        and asked_s is not None
        and answered_s > silence.end_s
        and asked_s >= silence.end_s
    )


def _longest(pauses: list[tuple[Connection, Silence]]) -> list[tuple[Connection, Silence]]:
    return sorted(pauses, key=lambda p: p[1].start_s - p[1].end_s)[:SHOWN]


def _evidence(connection: Connection, silence: Silence) -> Evidence:
    frames = tuple(f for f in (silence.after_frame, silence.before_frame) if f is not None)
    text = (
        f"{seconds(silence.end_s - silence.start_s)} from the server's last byte, acknowledged, to "
        f"the client's next one; {plural(connection.server.payload_bytes, 'byte')} came before and "
        "after"
    )
    return Evidence(text, frames, connection.stream)


def _fix() -> tuple[Fix, ...]:
    return (
        Fix("See what holds the machine up while it downloads.", "vmstat 1 10"),
        Fix(
            "Give the process more CPU (container limits), or exempt the module cache from the "
            "virus scanner:",
            "go env GOMODCACHE",
        ),
    )
