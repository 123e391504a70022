"""On which side of two points a finding's cause lies: before the near, between, behind the far."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from analyzers.facts import Connection, Facts, LossSide, Side
from analyzers.facts.vantage import Comparison, Pair, Tie, Transit
from diagnostics.verdict import Finding, Role

CLEAR_SHARE = 0.7
"""Of losses or of delay: with less on one side, the fault is on both or cannot be placed."""
MIN_LOST = 2
"""One lost segment says little."""
MIN_LATE_S = 0.002
ENDS_TOGETHER_S = 1.0
"""Two recordings that people stop by hand; copies of silent connections are seconds apart."""
SEEN_SHARE = 0.95
"""Of what the client was told: the far capture may itself have missed some packets."""

SILENT = frozenset(
    (
        "tcp.syn_timeout",
        "tcp.blackhole",
        "path.mtu_blackhole",
        "path.ipv6_broken",
        "tls.client_hello_dropped",
        "tls.handshake_timeout",
        "tls.sni_blocked",
        "tls.client_hello_rejected",
        "proxy.no_answer",
        "http.stalled_body",
    )
)
"""Causes that show as silence: the last packets tell where it begins."""
UNANSWERED = frozenset(("dns.no_response", "dns.lossy", "dns.half_answered", "dns.edns_intolerant"))
LATE = frozenset(("path.high_latency", "path.jitter", "path.bufferbloat", "path.throttled"))


class Where(StrEnum):
    """Which part of the way."""

    BEFORE = "before"
    """Between the client and the near point, the client included."""
    BETWEEN = "between"
    BEYOND = "beyond"
    """Behind the far point."""


def place(facts: Facts, comparison: Comparison, finding: Finding) -> Where | None:
    """Where a finding's cause lies; None when the two captures do not tell."""
    if finding.hop.role is Role.CLIENT:
        return Where.BEFORE
    if comparison.same_point or finding.cause.startswith("capture."):
        return None
    if finding.cause.startswith("dns."):
        return _lookup(comparison, finding)
    pairs = [p for p in comparison.pairs if p.near in finding.streams]
    if _made_between(comparison, finding, pairs):
        return Where.BETWEEN
    if not pairs:
        return _by_distance(comparison, finding)
    if finding.cause == "path.loss":
        return _losses(facts, comparison, pairs)
    if finding.cause == "path.reordering":
        return _reordering(facts, comparison, pairs)
    if finding.cause in LATE:
        return _late(facts, comparison, finding, pairs)
    if finding.cause in SILENT:
        return _silence(facts, comparison, pairs)
    return _told(facts, comparison, pairs)


def _told(facts: Facts, comparison: Comparison, pairs: Sequence[Pair]) -> Where | None:
    """Behind the far point, if all that the client was told passed it on its way."""
    if any(p.tie in (Tie.TERMINATED, Tie.REWRITTEN) for p in pairs):
        return None
    for pair in pairs:
        near, far = facts.connection(pair.near), comparison.far_connections[pair.near]
        if far.server.payload_bytes < SEEN_SHARE * near.server.payload_bytes:
            return None
        if near.server_reset is not None and far.server_reset is None:
            return None
    return Where.BEYOND


def _made_between(comparison: Comparison, finding: Finding, pairs: Sequence[Pair]) -> bool:
    """It came of what was forged or swallowed on the segment between, or of TLS ended there."""
    if finding.streams & set(comparison.vanished):
        return True
    forged = {f.stream for f in comparison.forged if f.stream is not None and f.way == "back"}
    if finding.streams & forged:
        return True
    rewritten = any(p.tie is Tie.REWRITTEN for p in pairs)
    return rewritten and finding.cause.startswith(("tls.intercepted", "tls.untrusted", "tls.self"))


def _by_distance(comparison: Comparison, finding: Finding) -> Where | None:
    """Where the near capture alone has placed a device on the way."""
    distance = finding.hop.distance
    if finding.hop.role is not Role.MIDDLEBOX or distance is None or comparison.hops is None:
        return None
    if distance[1] <= comparison.hops:
        return Where.BETWEEN
    return Where.BEYOND if distance[0] > comparison.hops else None


def _lookup(comparison: Comparison, finding: Finding) -> Where | None:
    dns = comparison.dns
    frames = {f for piece in finding.evidence for f in piece.frames}
    if any(f.kind == "answer" and f.frame in frames for f in comparison.forged):
        return Where.BETWEEN
    if not dns.exchanges:
        return None
    if finding.cause in UNANSWERED:
        lost = len(frames & set(dns.queries_lost)) + len(dns.answers_lost)
        return Where.BETWEEN if lost else Where.BEYOND
    return None if finding.cause == "dns.forged" and dns.queries_lost else Where.BEYOND


def _losses(facts: Facts, comparison: Comparison, pairs: Sequence[Pair]) -> Where | None:
    """By where most of the lost segments went."""
    near = [facts.connection(p.near) for p in pairs]
    far = [comparison.far_connections[p.near] for p in pairs]
    counts = {
        Where.BEFORE: _lost_on(near, Side.SERVER),
        Where.BETWEEN: sum(len(t.lost_frames) for t in _transits(pairs)),
        Where.BEYOND: _lost_on(far, Side.CLIENT),
    }
    return _most(counts, MIN_LOST)


def _lost_on(connections: Sequence[Connection], outwards: Side) -> int:
    """Segments lost on one side of a capture: behind it for what `outwards` sent."""
    lost = 0
    for connection in connections:
        for side in Side:
            where = LossSide.AFTER_CAPTURE if side is outwards else LossSide.BEFORE_CAPTURE
            lost += sum(r.loss is where for r in connection.half(side).retransmissions)
    return lost


def _most(amounts: dict[Where, float] | dict[Where, int], least: float) -> Where | None:
    total = sum(amounts.values())
    where, most = max(amounts.items(), key=lambda item: item[1])
    return where if most >= least and most >= CLEAR_SHARE * total else None


def _transits(pairs: Sequence[Pair]) -> list[Transit]:
    return [t for p in pairs for t in (p.out, p.back) if t is not None]


def _silence(facts: Facts, comparison: Comparison, pairs: Sequence[Pair]) -> Where | None:
    """By whether the last packets came out at the other point, either way."""
    if any(facts.connection(p.near).server_reset is not None for p in pairs):
        return _told(facts, comparison, pairs)
    transits = _transits(pairs)
    if not transits:
        return None
    swallowed = any(t.lost_last >= MIN_LOST for t in transits)
    oversized = any(
        t.lost_full_sized >= MIN_LOST and t.lost_full_sized == len(t.lost_frames) for t in transits
    )
    if swallowed or oversized:
        return Where.BETWEEN
    until_s = comparison.overlap[1] if comparison.overlap is not None else 0.0
    seen = all(facts.connection(p.near).last_s <= until_s + ENDS_TOGETHER_S for p in pairs)
    # A far capture that ended earlier cannot say that the last packets came past it.
    return Where.BEYOND if seen else None


def _reordering(facts: Facts, comparison: Comparison, pairs: Sequence[Pair]) -> Where | None:
    near = sum(len(facts.connection(p.near).server.out_of_order_frames) for p in pairs)
    far = sum(len(comparison.far_connections[p.near].server.out_of_order_frames) for p in pairs)
    return _most({Where.BEYOND: far, Where.BETWEEN: max(near - far, 0)}, MIN_LOST)


def _late(
    facts: Facts, comparison: Comparison, finding: Finding, pairs: Sequence[Pair]
) -> Where | None:
    """By where the round trip's time, or its rise, comes about."""
    steady = finding.cause == "path.high_latency"
    near = _times([facts.connection(p.near).rtt.rtt_s for p in pairs], steady)
    far = _times([comparison.far_connections[p.near].rtt.rtt_s for p in pairs], steady)
    if near is None or far is None:
        return None
    if steady:
        between = max(near - far, 0.0)
    else:
        lost = sum(len(t.lost_frames) for t in _transits(pairs))
        if finding.cause == "path.throttled" and lost >= MIN_LOST:
            return _losses(facts, comparison, pairs)
        between = sum(
            _times([t.delays_s for p in pairs if (t := getattr(p, way))], False) or 0.0
            for way in ("out", "back")
        )
    return _most({Where.BEYOND: far, Where.BETWEEN: between}, MIN_LATE_S)


def _times(samples: Sequence[np.typing.NDArray[np.float64]], steady: bool) -> float | None:
    """The shortest time, or how far most are above it; None without samples."""
    times = np.concatenate([np.empty(0), *samples])
    if not len(times):
        return None
    shortest = float(times.min())
    return shortest if steady else float(np.percentile(times, 95)) - shortest
