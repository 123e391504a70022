"""The path is idle, the client has all that it waits for, and yet it does not send.

What it means
-------------
Nothing on the network holds the download up: every answer is there and acknowledged, and for
seconds this machine asks for nothing more.

Why it happens
--------------
The process is stopped or starved (CPU limit of a container, swapping, suspended laptop), a slow
disk below the module cache (a home directory on NFS or SMB, a folder shared with a virtual machine,
a throttled cloud volume), a virus scanner that checks each file, large modules that are unpacked
and hashed meanwhile.

How it is recognised
--------------------
On a connection that is used before and after, the server's data is complete and acknowledged and
the client sends the next byte a second or more later, while no other connection moves data or waits
for its server and no lookup is open. Such pauses add up to 2 s and a fifth of the time.
Pauses below a second are taken for work: a disk that takes some milliseconds for each operation
makes a download slow and shows no fault. What go does after its last answer is no pause either.

Fix
---
Look at CPU, memory, disk and scanners of this machine. Whether it is the disk shows a download
into a cache elsewhere: ``time GOMODCACHE=/dev/shm/gomod go mod download`` (Linux, in memory). If
that is fast, move the cache for good: ``go env -w GOMODCACHE=DIRECTORY``, on a local disk. go makes
and renames several small files for each module, unpacks it, and makes what it unpacked read-only:
``go env -w GOFLAGS=-modcacherw`` spares the last pass. GOTMPDIR changes nothing: downloads are
written inside the cache.

References
----------
go mod download works on as many modules at once as GOMAXPROCS says, and unpacks and hashes each
before it asks for the next (golang/go, cmd/go/internal/modcmd/download.go, modfetch/fetch.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Connection, Facts, Silence
from diagnostics.localize import client_hop
from diagnostics.ownpauses import idle_connections, own_pauses
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, attempts_on, indices, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("tcp.receive_window_limited",)

MIN_COST_S = 2.0
MIN_COST_SHARE = 0.2
"""Of the capture's time."""


def find(facts: Facts) -> Iterator[Finding]:
    """At most one finding: the pauses of this machine."""
    cost_s = union_s(own_pauses(facts))
    if cost_s < max(MIN_COST_S, MIN_COST_SHARE * facts.capture.duration_s):
        return
    pauses = idle_connections(facts)
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
            "See whether the module cache is on a network file system, and move it to a local disk "
            "if it is (go env -w GOMODCACHE=DIRECTORY).",
            'df "$(go env GOMODCACHE)"',
        ),
        Fix(
            "Give the process more CPU (container limits), or exempt the module cache from the "
            "virus scanner:",
            "go env GOMODCACHE",
        ),
    )
