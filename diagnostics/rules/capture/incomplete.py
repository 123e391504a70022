"""The capture itself lost packets: what it does not show may have happened all the same.

What it means
-------------
Bytes were acknowledged that never appear in the file, or the recording tool says that it dropped
packets. Silences and gaps prove nothing then.

Why it happens
--------------
A capture buffer that was too small, a slow disk or a busy machine; an overloaded mirror port;
one direction that takes another way; a filter that leaves out a part.

How it is recognised
--------------------
At least 1 % of the acknowledged TCP bytes never appear in the capture, or the tool's own counter
says that one packet in a thousand was lost.

Fix
---
Record again with a larger buffer, or fewer bytes of each packet.

References
----------
Zeek, capture-loss.zeek (ACKs above a gap); pcapng Interface Statistics Block.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, Half
from diagnostics.localize import client_hop
from diagnostics.outcome import unseen_share
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ()

MIN_UNSEEN_SHARE = 0.01
"""Of the acknowledged bytes."""
MIN_DROPPED_SHARE = 0.001
"""Of the packets."""


def find(facts: Facts) -> Iterator[Finding]:
    """At most one finding, which never costs the download time."""
    evidence = [*_unseen(facts), *_dropped(facts)]
    if not evidence:
        return
    yield Finding(
        hop=client_hop(facts),
        summary="The capture lost packets itself; what it does not show proves nothing.",
        evidence=tuple(evidence),
        fix=(
            Fix(
                "Record again with a larger buffer (64 MiB) and short packets.",
                "sudo dumpcap -B 64 -s 200 -w download.pcapng",
            ),
        ),
        confidence=0.95,
        impact_s=0.0,
    )


def _unseen(facts: Facts) -> Iterator[Evidence]:
    share = unseen_share(facts)
    if share < MIN_UNSEEN_SHARE:
        return
    worst = max(facts.connections, key=lambda c: _unseen_bytes(c.client) + _unseen_bytes(c.server))
    frames = [h.highest_acked_frame for h in (worst.client, worst.server) if _unseen_bytes(h)]
    yield Evidence(
        f"{facts.capture.unseen_acked_bytes} acknowledged bytes ({share:.1%}) never appear",
        tuple(f for f in frames if f is not None),
        worst.stream,
    )


def _unseen_bytes(half: Half) -> int:
    return half.unseen_acked_bytes


def _dropped(facts: Facts) -> Iterator[Evidence]:
    capture = facts.capture
    dropped = capture.dropped or 0
    if dropped and dropped >= MIN_DROPPED_SHARE * (capture.packets + dropped):
        yield Evidence(f"the recording tool lost {dropped} packets and kept {capture.packets}")
