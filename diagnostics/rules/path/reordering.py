"""Segments arrive out of order, not lost.

What it means
-------------
Later segments overtake earlier ones. The receiver must hold them back until the late one is there,
and a sender that takes the late one for lost repeats it and slows down for nothing.

Why it happens
--------------
Load balancing packet by packet over unequal links, bonded lines, radio links with retransmissions
of their own, routers with parallel queues.

How it is recognised
--------------------
At least 2 % of the segments were sent before (by their timestamps, IP identifications, or because
they come sooner than anybody could have sent them again) but arrive after later ones, or after
their own needless copies, and that costs half a second and a tenth of the transfer: what the
sender's needless slow-downs cost, or, from 5 % on, the time in which received data had to wait.

Fix
---
Balance flows over the links, not packets.

References
----------
RFC 4737; RFC 8985 section 3; Blanton, Allman: "On Making TCP More Robust to Packet Reordering",
CCR 2002.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Facts, LossSide, Retransmission, RetransmissionKind
from diagnostics.localize import path_hop
from diagnostics.losscost import slower_s
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.transfers import Transfer, transfers
from diagnostics.tries import attempts_on, indices, names, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("path.jitter",)

MIN_SHARE = 0.02
"""Of the segments; TCP puts up with less."""
MIN_BLOCKING_SHARE = 0.05
"""From here on a reader waits for late segments again and again."""
MIN_COST_S = 0.5
MIN_COST_SHARE = 0.1
"""Of the capture's time."""
SHOWN_FRAMES = 20


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server whose segments overtake each other."""
    for transfer in transfers(facts):
        late = [f for c in transfer.connections for f in _late(c)]
        sent = sum(c.server.data_packets for c in transfer.connections)
        if len(late) < MIN_SHARE * sent:
            continue
        cost_s = _cost_s(transfer, len(late) / sent)
        if cost_s < max(MIN_COST_S, MIN_COST_SHARE * facts.capture.duration_s):
            continue
        streams = frozenset(c.stream for c in transfer.connections if _late(c))
        attempts = attempts_on(facts, streams)
        yield Finding(
            hop=path_hop(facts, transfer.address),
            summary=f"{100 * len(late) / sent:.0f} % of the segments from "
            f"{names(attempts) or transfer.address} are overtaken on the way.",
            evidence=(_evidence(transfer, late, sent),),
            fix=_fix(transfer.address),
            confidence=0.88,
            impact_s=cost_s,
            attempts=indices(attempts),
            streams=streams,
        )


def _late(connection: Connection) -> list[int]:
    """Frames that came after later ones, or after their own copy."""
    server = connection.server
    return sorted((*server.out_of_order_frames, *server.late_original_frames))


def _needless(connection: Connection) -> list[Retransmission]:
    """Copies of what was only late."""
    return [
        r
        for r in connection.server.retransmissions
        if r.kind is RetransmissionKind.SPURIOUS and r.loss is LossSide.NOT_LOST and r.length
    ]


def _cost_s(transfer: Transfer, share: float) -> float:
    copies = [r for c in transfer.connections for r in _needless(c)]
    moments: npt.NDArray[np.float64] = np.array(sorted(r.time_s for r in copies), dtype=np.float64)
    slowed_s = slower_s(transfer, moments)
    if share < MIN_BLOCKING_SHARE:
        return slowed_s
    spans = [
        (o.time_s - o.delay_s, o.time_s) for c in transfer.connections for o in c.server.overtaken
    ]
    spans += [(r.time_s - r.delay_s, r.time_s) for r in copies if r.delay_s is not None]
    return max(slowed_s, union_s(spans))


def _evidence(transfer: Transfer, late: list[int], sent: int) -> Evidence:
    delays = [o.delay_s for c in transfer.connections for o in c.server.overtaken]
    copies = sum(len(_needless(c)) for c in transfer.connections)
    text = f"{len(late)} of {plural(sent, 'segment')} come late"
    if delays:
        text += f", {seconds(float(np.median(delays)))} (median) after those that overtook them"
    text += f"; {plural(copies, 'copy')} were sent for nothing"
    stream = max(transfer.connections, key=lambda c: len(_late(c))).stream
    return Evidence(text, tuple(late[:SHOWN_FRAMES]), stream)


def _fix(address: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "See whether probes come back over several routers at one distance.",
            f"sudo traceroute -T -p 443 -q 6 {shell_word(address)}",
        ),
        Fix("Have the balancer or the bonded line keep the packets of one connection together."),
    )
