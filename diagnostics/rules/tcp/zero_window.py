"""The receiver closes its window, and the transfer waits for it.

What it means
-------------
The sender may not send: the receiver says that its buffer is full, because the program behind it
does not read.

Why it happens
--------------
The program is stopped or starved of CPU, a slow or full disk, a virus scanner that reads along, a
machine that swaps; at the server's side, a backend that does not take an upload.

How it is recognised
--------------------
Windows of zero that last at least a second in all, while the sender asks for room or after which
it goes on. Windows that are closed for milliseconds while a fast sender waits for a fast disk cost
nothing.

Fix
---
Look at what holds the program up: CPU, memory, disk, scanner.

References
----------
RFC 9293 section 3.8.6.1 (zero-window probing).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Connection, Facts, Half, Side, ZeroWindow
from diagnostics.localize import client_hop, host_hop
from diagnostics.timeline import union_s
from diagnostics.tries import SHOWN, attempts_on, indices, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix, Role

EXPLAINS = ("tcp.receive_window_limited", "client.slow", "http.stalled_body")

MIN_COST_S = 1.0
"""Closed in all, for the union of all connections."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per side (and server) that would not read."""
    yield from _of_side(facts, Side.CLIENT, list(facts.connections))
    uploads: dict[str, list[Connection]] = {}
    for connection in facts.connections:
        if connection.server.zero_windows:
            uploads.setdefault(connection.server.address, []).append(connection)
    for mine in uploads.values():
        yield from _of_side(facts, Side.SERVER, mine)


def _of_side(facts: Facts, side: Side, connections: list[Connection]) -> Iterator[Finding]:
    closed = [(c, z, end) for c in connections for z, end in _closed(c, side)]
    cost_s = union_s((z.start_s, end) for _, z, end in closed)
    if cost_s < MIN_COST_S:
        return
    streams = frozenset(c.stream for c, _, _ in closed)
    attempts = attempts_on(facts, streams)
    address = connections[0].server.address
    yield Finding(
        hop=client_hop(facts) if side is Side.CLIENT else host_hop(facts, Role.SERVER, address),
        summary=f"{_who(side)} stops reading for {seconds(cost_s)}: its receive window is closed, "
        "and the transfer waits.",
        evidence=tuple(_evidence(c, z, end) for c, z, end in _longest(closed)),
        fix=_fix(side),
        confidence=0.93,
        impact_s=cost_s,
        attempts=indices(attempts),
        streams=streams,
    )


def _closed(connection: Connection, side: Side) -> Iterator[tuple[ZeroWindow, float]]:
    """Spans without a window for which the other side had more to send."""
    half = connection.half(side)
    other = connection.half(Side.SERVER if side is Side.CLIENT else Side.CLIENT)
    for zero in half.zero_windows:
        end_s = zero.end_s if zero.end_s is not None else connection.last_s
        if _has_more(other, zero, end_s):
            yield zero, end_s


def _has_more(sender: Half, zero: ZeroWindow, end_s: float) -> bool:
    """It went on sending afterwards, or asked for room meanwhile."""
    probes = sender.dialogue.asked_s
    asked = bool(((probes > zero.start_s) & (probes <= end_s)).any())
    return asked or (sender.last_data_s is not None and sender.last_data_s > end_s)


def _longest(
    closed: list[tuple[Connection, ZeroWindow, float]],
) -> list[tuple[Connection, ZeroWindow, float]]:
    return sorted(closed, key=lambda c: c[1].start_s - c[2])[:SHOWN]


def _evidence(connection: Connection, zero: ZeroWindow, end_s: float) -> Evidence:
    acks = plural(len(zero.frames), "ACK")
    text = f"window of zero for {seconds(end_s - zero.start_s)} ({acks}), then more data"
    return Evidence(text, zero.frames, connection.stream)


def _who(side: Side) -> str:
    return "This machine" if side is Side.CLIENT else "The server"


def _fix(side: Side) -> tuple[Fix, ...]:
    if side is Side.SERVER:
        return (Fix("Tell the server's operator: its program does not read what it is sent."),)
    return (
        Fix(
            "See what holds the machine up while it downloads: CPU, memory, disk.",
            "vmstat 1 10",
        ),
        Fix(
            "Put the module cache on a disk that is fast, local and not scanned.",
            'GOMODCACHE="$(mktemp -d)" go mod download',
        ),
    )
