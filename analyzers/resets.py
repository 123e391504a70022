"""RST segments, and what speaks against their having been sent by the address they carry.

After Weaver, Sommer and Paxson, "Detecting Forged TCP Reset Packets" (NDSS 2009). Each sign is a
fact about header fields, and each has an innocent cause: closed Linux sockets answer without
timestamps and with IP identification 0, load balancers answer for their servers.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.resets import Reset
from analyzers.facts.side import Side
from analyzers.resending import counts_packets
from analyzers.segments import NOWHERE, Segments
from analyzers.sequences import FARTHEST_STEP, distances
from analyzers.totals import Totals
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: A host that counts packets has not sent more than so many between two of one connection.
COUNTER_JUMP = 1024

#: An answer in less than this share of the smallest round trip cannot come from its far end …
TOO_SOON_SHARE = 0.6
#: … if the difference is also more than scheduling can make.
TOO_SOON_S = 0.001


@dataclass(frozen=True, slots=True)
class _Resets:
    """RST segments of a batch, one entry each."""

    segment: Int64
    half: Int64
    position: Int64
    """Sequence number on the sender's axis."""
    acknowledges: Int64
    known: Bools
    """The sender's axis is known from other segments."""
    peer_known: Bools
    with_ack: Bools


def resets(
    table: PacketTable,
    seen: Segments,
    arrived: Arrivals,
    total: Totals,
    lowest_rtt_s: Float64,
) -> dict[int, tuple[Reset, ...]]:
    """Return the resets of each stream, in file order; `lowest_rtt_s` is by answering half."""
    found = _find(table, seen, arrived)
    if not len(found.segment):
        return {}
    signs = {
        "ttl_differs": _ttl_differs(table, seen, total, found),
        "ip_id_differs": _ip_id_differs(table, seen, found),
        "timestamps_missing": _timestamps_missing(table, seen, total, found),
        "sequence_below_data": _below_data(seen, arrived, found),
        "sequence_changes": _sequence_changes(arrived, found),
        "peer_went_on": _went_on(table, seen, arrived, total, found),
        "before_rtt": _before_rtt(table, seen, found, lowest_rtt_s),
        "window_odd": _window_odd(table, seen, found),
    }
    return _facts(table, seen, found, signs)


def _find(table: PacketTable, seen: Segments, arrived: Arrivals) -> _Resets:
    at = np.flatnonzero(seen.flags & RST)
    half, rows = seen.half[at], seen.rows[at]
    peer = half ^ 1
    calm = np.zeros(seen.halves, dtype=np.bool_)
    calm[seen.half[(seen.flags & RST) == 0]] = True
    told = np.zeros(seen.halves, dtype=np.bool_)
    told[seen.half[seen.ack > NOWHERE]] = True
    near = np.maximum(arrived.before[at], 0)
    position = near + distances(table.seq[rows], seen.base[half] + near.astype(np.uint32))
    marks = np.maximum(seen.ack_before(at), 0)
    acknowledges = marks + distances(table.ack[rows], seen.base[peer] + marks.astype(np.uint32))
    return _Resets(
        segment=at,
        half=half,
        position=position,
        acknowledges=acknowledges,
        known=calm[half] | told[peer],
        peer_known=calm[peer] | told[half],
        with_ack=(seen.flags[at] & ACK) != 0,
    )


def _ttl_differs(table: PacketTable, seen: Segments, total: Totals, found: _Resets) -> Bools:
    """Another TTL than most of the sender's segments."""
    usual = total.ttl[found.half]
    return np.asarray((usual >= 0) & (table.ttl[seen.rows[found.segment]] != usual))


def _ip_id_differs(table: PacketTable, seen: Segments, found: _Resets) -> Bools:
    """An IP identification that does not go on where the sender's were: as a counter, as always
    0, or as never 0."""
    number = table.ip_id[seen.rows]
    calm = (seen.flags & RST) == 0
    total = np.bincount(seen.half[calm], minlength=seen.halves)[found.half]
    zeros = np.bincount(seen.half[calm & (number == 0)], minlength=seen.halves)[found.half]
    mine = number[found.segment]
    last = np.maximum.accumulate(np.where(calm, np.arange(len(calm)), -1))[found.segment]
    same = (last >= 0) & (seen.half[last] == found.half)
    step = (mine - number[last]).view(np.int16)
    jumps = same & ((step <= 0) | (step > COUNTER_JUMP))
    counted = counts_packets(table, seen)[found.half] & (total > 2)
    version4 = table.version[seen.rows[found.segment]] == 4
    odd = (counted & jumps) | ((mine != 0) & (zeros == total)) | ((mine == 0) & (zeros == 0))
    return np.asarray(version4 & (total > 0) & odd)


def _timestamps_missing(table: PacketTable, seen: Segments, total: Totals, found: _Resets) -> Bools:
    """No timestamps although both sides use them (RFC 7323 section 3.2 wants them on all but
    RSTs, where it asks for them)."""
    used = total.stamps[found.half] & total.stamps[found.half ^ 1]
    return np.asarray(used & ~table.has_timestamps[seen.rows[found.segment]])


def _window_odd(table: PacketTable, seen: Segments, found: _Resets) -> Bools:
    """A window that is neither 0 nor one that the sender announced elsewhere."""
    window = table.window[seen.rows].astype(np.int64)
    keys = seen.half << 16 | window
    announced = keys[(seen.flags & RST) == 0]
    mine = keys[found.segment]
    return np.asarray((window[found.segment] != 0) & ~np.isin(mine, announced))


def _below_data(seen: Segments, arrived: Arrivals, found: _Resets) -> Bools:
    """A sequence number below data that came before, and not taken from one of our ACKs.

    RFC 9293 3.10.7.1 lets a closed socket answer with the number that was acknowledged to it.
    """
    told = seen.ack > NOWHERE
    peer = found.half ^ 1
    numbers = seen.at(seen.ack[told], seen.half[told])
    copied = np.isin(seen.at(found.position, peer), numbers)
    below = arrived.before[found.segment] - found.position
    return np.asarray(found.known & (below > 0) & (below < FARTHEST_STEP) & ~copied)


def _sequence_changes(arrived: Arrivals, found: _Resets) -> Bools:
    """A later RST above the first one, and above all that we acknowledged to its sender."""
    starts = Segments.firsts(found.half)
    lengths = np.diff(np.append(starts, len(found.half)))
    first = np.repeat(found.position[starts], lengths)
    above = (found.position > first) & (found.position > arrived.acked[found.segment])
    return np.asarray(found.known & above & (found.position - first < FARTHEST_STEP))


def _went_on(
    table: PacketTable, seen: Segments, arrived: Arrivals, total: Totals, found: _Resets
) -> Bools:
    """New data above the RST, or ACKs of new data, from the same address with its usual TTL."""
    usual = table.ttl[seen.rows] == total.ttl[seen.half]
    calm = usual & ((seen.flags & RST) == 0)
    carries = (seen.length > 0) | ((seen.flags & FIN) != 0)
    fresh = _last(seen, calm & carries & (seen.stop > arrived.before))[found.half]
    moving = calm & ((seen.flags & SYN) == 0) & seen.acks_more
    moved = _last(seen, moving)[found.half]
    data = (fresh > found.segment) & (seen.stop[fresh] > found.position) & found.known
    return np.asarray(data | (moved > found.segment) | _answered_after(seen, calm, found))


def _answered_after(seen: Segments, calm: Bools, found: _Resets) -> Bools:
    """A SYN-ACK after the RST, to a SYN from before it."""
    kind = seen.flags & (SYN | ACK)
    answer = _last(seen, calm & (kind == SYN | ACK))[found.half]
    asked = _last(seen, kind == SYN)[found.half ^ 1]
    before = seen.rows[asked] < seen.rows[found.segment]
    return np.asarray((answer > found.segment) & (asked >= 0) & before)


def _last(seen: Segments, which: Bools) -> Int64:
    """Return the last such segment of each half, -1 without any."""
    last = np.full(seen.halves, -1, dtype=np.int64)
    last[seen.half[which]] = np.flatnonzero(which)
    return last


def _before_rtt(table: PacketTable, seen: Segments, found: _Resets, lowest_rtt_s: Float64) -> Bools:
    """It answers a segment sooner than any other answer from that side came.

    What it answers must show in its numbers: the segment's own, or its end. A RST that was under
    way already when the segment left answers nothing.
    """
    asks = np.flatnonzero(((seen.length > 0) | ((seen.flags & SYN) != 0)) & (seen.stop > NOWHERE))
    if not len(asks):
        return np.zeros(len(found.segment), dtype=np.bool_)
    width = int(seen.rows.max()) + 1
    keys = seen.half[asks] * width + seen.rows[asks]
    peer = found.half ^ 1
    place = np.searchsorted(keys, peer * width + seen.rows[found.segment]) - 1
    asked = asks[place]
    rows = seen.rows[found.segment]
    same = (place >= 0) & (seen.half[asked] == peer)
    numbers = np.where(
        found.with_ack,
        found.peer_known & (found.acknowledges >= seen.stop[asked]),
        table.seq[rows] == table.ack[seen.rows[asked]],
    )
    waited_s = (seen.time_ns[found.segment] - seen.time_ns[asked]) / 1e9
    rtt_s = lowest_rtt_s[found.half]
    limit = np.minimum(rtt_s * TOO_SOON_SHARE, rtt_s - TOO_SOON_S)
    return np.asarray(same & numbers & np.isfinite(rtt_s) & (waited_s < limit) & (waited_s >= 0))


def _facts(
    table: PacketTable, seen: Segments, found: _Resets, signs: dict[str, Bools]
) -> dict[int, tuple[Reset, ...]]:
    rows = seen.rows[found.segment]
    names = list(signs)
    shown = np.column_stack(list(signs.values())).tolist()
    columns = (
        rows,
        found.half,
        seen.time_ns[found.segment] / 1e9,
        table.ttl[rows],
        table.ip_id[rows],
        table.window[rows],
        found.position,
        found.known,
        found.acknowledges,
        found.peer_known & found.with_ack,
        table.has_timestamps[rows],
    )
    by_stream: dict[int, list[Reset]] = defaultdict(list)
    for flags, (row, half, time_s, ttl, ip_id, window, seq, known, ack, acks, stamps) in zip(
        shown, zip(*(c.tolist() for c in columns), strict=True), strict=True
    ):
        by_stream[half >> 1].append(
            Reset(
                frame=row + 1,
                time_s=time_s,
                sender=Side.SERVER if half & 1 else Side.CLIENT,
                ttl=ttl,
                ip_id=ip_id,
                window=window,
                sequence=seq if known else None,
                acknowledges=ack if acks else None,
                has_timestamps=stamps,
                signs=frozenset(n for n, set_ in zip(names, flags, strict=True) if set_),
            )
        )
    return {k: tuple(sorted(v, key=lambda reset: reset.frame)) for k, v in by_stream.items()}
