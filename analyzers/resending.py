"""Segments with old bytes, and what is known about each: the evidence that names its kind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.rtt import Timings
from analyzers.segments import NOWHERE, Segments
from analyzers.sequences import distances
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: A half's IP identifications count packets when this share of its steps is small and positive:
#: of random ones, one in 256 is; of counted ones, those that were overtaken are not.
COUNTING_SHARE = 0.5
#: A sender acts on what it hears within this time.
PROMPT_NS = 2_000_000
#: Segments that follow each other sooner prompt nothing for sure: another may have.
SILENCE_NS = 100_000_000
#: The largest step between two packets of one connection that is taken for counting: other
#: connections of the host may share the counter.
COUNTING_STEP = 256


@dataclass(frozen=True, slots=True)
class Suspects:
    """Segments that brought old bytes, or bytes below the mark; one entry each, by half."""

    segment: Int64
    syn: Bools
    original: Int64
    """The segment that first brought its first old byte; -1 when all its bytes are new."""
    exposed_by: Int64
    """The first segment above the hole it fills; -1 when it fills none."""
    order: Int64
    """When it was sent, against the segment that exposed the hole, or the one that brought its
    bytes: -1 earlier, 1 later, by timestamps or IP identification; 0 cannot be told."""
    repeats: Int64
    """Duplicate ACKs of the peer since the original, or since the hole became visible."""
    sacked_above: Bools
    """The peer had reported bytes above it, by SACK."""
    sacked: Bools
    """The peer had reported all its bytes, by SACK."""
    answers_original: Bools
    """The ACK of the first byte outstanding echoes a timestamp from before this segment left: it
    answers the original (Eifel, RFC 3522)."""
    quiet_ns: Int64
    """Since the half's previous segment with data, SYN or FIN."""
    far_rtt_s: Float64
    """Smallest round trip between the capture point and the receiver (infinite: unknown)."""
    near_rtt_s: Float64
    """Smallest round trip between the capture point and the sender (infinite: unknown)."""
    probes: Bools
    """Nobody declined SACK."""
    prompted: Bools
    """It left when the peer's first segment after a silence reached the sender."""


def suspects(
    table: PacketTable,
    seen: Segments,
    arrived: Arrivals,
    blocks: Blocks,
    repeats: Int64,
    times: Timings,
) -> Suspects:
    """Collect the evidence; `repeats` are the duplicate ACKs."""
    again = (seen.flags & SYN != 0) & (seen.start > NOWHERE) & (seen.stop <= arrived.before)
    found = np.flatnonzero(arrived.behind | again)
    original = _originals(seen, arrived, found)
    first_fin = (seen.length[found] == 0) & (original < 0) & (seen.start[found] > 0)
    exposed = _exposures(seen, arrived, found, first_fin)
    since = np.where(exposed >= 0, exposed, original)
    rtts = times.lowest()
    return Suspects(
        segment=found,
        syn=again[found],
        original=original,
        exposed_by=exposed,
        order=_sending_order(table, seen, found, since),
        repeats=_repeats_between(seen, repeats, since, found),
        sacked_above=_sacked_above(seen, blocks, found),
        sacked=_sacked_whole(seen, blocks, found),
        answers_original=_answers_original(table, seen, arrived, found, original)
        | _answers_first_syn(table, seen, found, again[found]),
        quiet_ns=_quiet(seen, found),
        far_rtt_s=rtts[seen.half[found] ^ 1],
        near_rtt_s=rtts[seen.half[found]],
        prompted=_prompted(seen, found, rtts),
        probes=~_declines_sack(table, seen)[seen.half[found] >> 1],
    )


def counts_packets(table: PacketTable, seen: Segments) -> Bools:
    """Return for each half whether its IP identifications grow packet by packet."""
    number = table.ip_id[seen.rows]
    steps = np.zeros(len(number), dtype=np.int64)
    steps[1:] = (number[1:] - number[:-1]).view(np.int16)
    same = np.zeros(len(number), dtype=np.bool_)
    same[1:] = seen.half[1:] == seen.half[:-1]
    counting = same & (steps > 0) & (steps <= COUNTING_STEP)
    total = np.bincount(seen.half[same], minlength=seen.halves)
    return np.asarray(
        (np.bincount(seen.half[counting], minlength=seen.halves) >= COUNTING_SHARE * total)
        & (total > 1)
    )


def _originals(seen: Segments, arrived: Arrivals, found: Int64) -> Int64:
    """Return who brought the first byte of each that is not its own; SYN and FIN by their flag."""
    pieces = arrived.pieces
    start = seen.at(seen.start[found], seen.half[found])
    stop = start + seen.length[found]
    owner = np.full(len(found), -1, dtype=np.int64)
    place = np.searchsorted(pieces.stop, start, side="right")
    for step in (0, 1):
        at = np.minimum(place + step, len(pieces.stop) - 1)
        if not len(pieces.stop):
            break
        other = (pieces.start[at] < stop) & (pieces.index[at] < found) & (place + step == at)
        owner = np.where((owner < 0) & other, pieces.index[at], owner)
    for flag in (SYN, FIN):
        mine = np.flatnonzero(((seen.flags[found] & flag) != 0) & (seen.length[found] == 0))
        first = np.flatnonzero(seen.flags & flag)
        at = np.searchsorted(seen.half[first], seen.half[found[mine]])
        candidate = first[at] if len(first) else at
        owner[mine] = np.where(candidate < found[mine], candidate, -1)
    return owner


def _exposures(seen: Segments, arrived: Arrivals, found: Int64, first_fin: Bools) -> Int64:
    """Return the first segment that had reached beyond the first new byte of each, -1 if none.

    A FIN without data (`first_fin`: and without one before it) counts as a byte.
    """
    exposed = np.full(len(found), -1, dtype=np.int64)
    byte = seen.at(seen.start[found], seen.half[found])
    brings = arrived.new_bytes[found] > 0
    if brings.any():
        order = np.argsort(arrived.pieces.index, kind="stable")
        at = np.searchsorted(arrived.pieces.index[order], found[brings])
        byte[brings] = arrived.pieces.start[order[at]]
    fills = np.flatnonzero(brings | first_fin)
    byte = byte[fills]
    by = np.searchsorted(seen.reach, byte, side="right")
    exposed[fills] = np.where(by < found[fills], by, -1)
    return exposed


def _sending_order(table: PacketTable, seen: Segments, found: Int64, others: Int64) -> Int64:
    """Return whether each was sent before (-1) or after (1) another segment of its half."""
    order = np.zeros(len(found), dtype=np.int64)
    known = np.flatnonzero(others >= 0)
    if not len(known):
        return order
    a, b = seen.rows[found[known]], seen.rows[others[known]]
    stamped = table.has_timestamps[a] & table.has_timestamps[b]
    by_stamp = np.where(stamped, np.sign(distances(table.tsval[a], table.tsval[b])), 0)
    step = (table.ip_id[a] - table.ip_id[b]).view(np.int16).astype(np.int64)
    counted = counts_packets(table, seen)[seen.half[found[known]]]
    counted &= (table.ip_id[a] != 0) & (table.ip_id[b] != 0)
    by_count = np.where(counted, np.sign(step), 0)
    order[known] = np.where(by_stamp != 0, by_stamp, by_count)
    return order


def _answers_original(
    table: PacketTable, seen: Segments, arrived: Arrivals, found: Int64, original: Int64
) -> Bools:
    """Return which segments were sent for nothing, by the timestamp that their ACK echoes."""
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    peer = seen.half[found] ^ 1
    answer = np.searchsorted(seen.ack_reach, seen.at(seen.start[found], peer), side="right")
    answer = np.minimum(answer, len(seen.rows) - 1)
    a, b, first = seen.rows[found], seen.rows[answer], seen.rows[original]
    outstanding = (original >= 0) & (arrived.acked[found] == seen.start[found])
    stamped = table.has_timestamps[a] & table.has_timestamps[b] & table.has_timestamps[first]
    answers = (seen.half[answer] == peer) & (b > a) & stamped & outstanding
    answers &= distances(table.tsval[first], table.tsval[a]) < 0
    return np.asarray(answers & (distances(table.tsecr[b], table.tsval[a]) < 0))


def _answers_first_syn(table: PacketTable, seen: Segments, found: Int64, again: Bools) -> Bools:
    """Return which repeated SYNs have a SYN-ACK that echoes one sent before them.

    The echo is that of the first that arrived: the answer was lost, or slow.
    """
    answers = np.zeros(len(found), dtype=np.bool_)
    syns = np.flatnonzero(again & ((seen.flags[found] & ACK) == 0) & (seen.half[found] & 1 == 0))
    both = np.flatnonzero((seen.flags & (SYN | ACK)) == (SYN | ACK))
    if not len(syns) or not len(both):
        return answers
    peer = seen.half[found[syns]] ^ 1
    place = np.minimum(np.searchsorted(seen.half[both], peer), len(both) - 1)
    a, b = seen.rows[found[syns]], seen.rows[both[place]]
    stamped = table.has_timestamps[a] & table.has_timestamps[b]
    older = distances(table.tsecr[b], table.tsval[a]) < 0
    answers[syns] = (seen.half[both[place]] == peer) & stamped & older
    return answers


def _quiet(seen: Segments, found: Int64) -> Int64:
    """Return the time since the half's previous data, SYN or FIN; since the start without any."""
    counts = (seen.length > 0) | ((seen.flags & (SYN | FIN)) != 0)
    latest = np.maximum.accumulate(np.where(counts, np.arange(len(counts)), -1))
    previous = latest[np.maximum(found - 1, 0)]
    same = (found > 0) & (previous >= 0) & (seen.half[previous] == seen.half[found])
    return np.asarray(seen.time_ns[found] - np.where(same, seen.time_ns[previous], 0))


def _prompted(seen: Segments, found: Int64, rtts: Float64) -> Bools:
    """Return which segments left when the peer's first after a silence reached the sender."""
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    near = rtts[seen.half[found]]
    due = seen.time_ns[found] - np.where(np.isfinite(near), near * 1e9, 0.0).astype(np.int64)
    width = int(seen.time_ns.max()) + 2 * PROMPT_NS
    keys = seen.half * width + seen.time_ns
    peer = seen.half[found] ^ 1
    place = np.searchsorted(keys, peer * width + due + PROMPT_NS, side="right") - 1
    before = np.maximum(place - 1, 0)
    answers = (place > 0) & (seen.half[place] == peer) & (seen.half[before] == peer)
    answers &= due - seen.time_ns[place] <= PROMPT_NS
    return np.asarray(answers & (seen.time_ns[place] - seen.time_ns[before] >= SILENCE_NS))


def _declines_sack(table: PacketTable, seen: Segments) -> Bools:
    """Return for each connection whether one of its SYNs is without the SACK option."""
    syns = np.flatnonzero((seen.flags & (SYN | RST)) == SYN)
    without = syns[~table.sack_permitted[seen.rows[syns]]]
    declines = np.zeros(seen.halves >> 1, dtype=np.bool_)
    declines[seen.half[without] >> 1] = True
    return declines


def _repeats_between(seen: Segments, repeats: Int64, since: Int64, found: Int64) -> Int64:
    """Return how many of the peer's duplicate ACKs lie between two segments of a half."""
    if not len(found) or not len(repeats):
        return np.zeros(len(found), dtype=np.int64)
    width = int(seen.rows.max()) + 1
    keys = seen.half[repeats] * width + seen.rows[repeats]
    peer = (seen.half[found] ^ 1) * width
    last = np.searchsorted(keys, peer + seen.rows[found])
    begin = np.where(since >= 0, seen.rows[since], seen.rows[found])
    return np.asarray(last - np.searchsorted(keys, peer + begin))


def _blocks_before(seen: Segments, blocks: Blocks, found: Int64) -> Int64:
    """Return how many blocks, in the blocks' order, precede each segment's place at its peer."""
    width = int(seen.rows.max()) + 1
    keys = seen.half[blocks.segment] * width + seen.rows[blocks.segment]
    return np.searchsorted(keys, (seen.half[found] ^ 1) * width + seen.rows[found])


def _sacked_above(seen: Segments, blocks: Blocks, found: Int64) -> Bools:
    """Return whether the peer had SACKed anything above each segment."""
    if not len(found) or not len(blocks.segment):
        return np.zeros(len(found), dtype=np.bool_)
    half = seen.half[blocks.segment]
    right = np.where(blocks.duplicate, NOWHERE, blocks.right)
    mark = np.maximum.accumulate(seen.at(right, half))
    place = _blocks_before(seen, blocks, found) - 1
    peer = seen.half[found] ^ 1
    above = mark[place] > seen.at(seen.stop[found], peer)
    return np.asarray(above & (place >= 0) & (half[place] == peer))


def _sacked_whole(seen: Segments, blocks: Blocks, found: Int64) -> Bools:
    """Return whether one of the peer's recent blocks covered each segment."""
    covered = np.zeros(len(found), dtype=np.bool_)
    if not len(found) or not len(blocks.segment):
        return covered
    place = _blocks_before(seen, blocks, found)
    peer = seen.half[found] ^ 1
    # Receivers repeat their latest blocks, up to four a segment: what matters is among the last.
    for step in range(1, 17):
        at = np.maximum(place - step, 0)
        holds = (place >= step) & (seen.half[blocks.segment[at]] == peer) & ~blocks.duplicate[at]
        holds &= (blocks.left[at] <= seen.start[found]) & (seen.stop[found] <= blocks.right[at])
        covered |= holds
    return covered
