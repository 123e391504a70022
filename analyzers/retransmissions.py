"""Names each segment with old bytes: retransmission of a kind, lost on a side, or out of order.

The rules join Tstat's tree (Mellia et al., Computer Networks 2008) with what RFCs 2883, 3522,
5681, 6298 and 8985 let a sender do. What fits none of them stays `unknown`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import field
from math import isfinite

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import LossSide, Overtaken, Retransmission, RetransmissionKind
from analyzers.resending import Suspects
from analyzers.segments import Segments
from captures.lazyclass import dataclass
from captures.packets import RST

Int64 = npt.NDArray[np.int64]
Kind = RetransmissionKind

#: No timer fires sooner after the round trip than Linux's floor of 200 ms (TCP_RTO_MIN; RFC 6298
#: asks for 1 s), less what clocks and jiffies take off.
TIMER_S = 0.18

#: A fill that comes sooner than this share of the round trip to its sender was under way already.
REORDERED_SHARE = 0.9
#: The same, where the round trip is unknown (Wireshark's limit).
REORDERED_S = 0.003

#: After a probe, the timer starts anew; after a timeout, it doubles (RFC 6298 section 5.5).
DOUBLING = 1.5

#: How many retransmissions back a report of a duplicate is searched for its cause.
REPORT_REACH = 64


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the halves of a batch sent again, and what the network delivered out of order."""

    retransmissions: dict[int, tuple[Retransmission, ...]]
    overtaken: dict[int, tuple[Overtaken, ...]]
    """By half."""
    late_originals: dict[int, tuple[int, ...]]
    """Frames, by half."""


@dataclass(slots=True)
class _Suspect:
    """One suspect as the rules read it; times in seconds."""

    half: int
    row: int
    time_s: float
    start: int
    stop: int
    length: int
    syn: bool
    fresh: bool
    """All its bytes are new."""
    fills: bool
    """It brings bytes into a hole."""
    since_s: float | None
    """Since the first copy, or since the hole became visible."""
    original_row: int
    order: int
    told: bool
    """The receiver told of a loss: duplicate ACKs, or SACK of later bytes."""
    arrived: bool
    """The receiver had it already: acknowledged, SACKed, or its original answered."""
    tail: bool
    """Nothing above it was sent yet."""
    first_outstanding: bool
    quiet_s: float
    mark: int
    acked: int
    rtt_s: float
    near_rtt_s: float


@dataclass(slots=True)
class _Sender:
    """What a half did so far."""

    sent: dict[int, float] = field(default_factory=dict)
    """When each position was last sent again."""
    recovery_end: int = -1
    """Highest position sent when the timer ran out: until it is acknowledged, all that is sent
    again is sent because of it."""


def judge(seen: Segments, arrived: Arrivals, blocks: Blocks, found: Suspects) -> Judgement:
    """Return what each suspect is."""
    items = _items(seen, arrived, found)
    again = _next_copies(items)
    resets = _reset_rows(seen)
    senders: dict[int, _Sender] = defaultdict(_Sender)
    verdicts: list[tuple[Kind, LossSide] | None] = []
    overtaken = [_was_overtaken(item) for item in items]
    given_up = [_was_given_up(item) for item in items]
    for index, item in enumerate(items):
        none = overtaken[index] or given_up[index] or _is_no_copy(item, resets)
        sender = senders[item.half]
        verdicts.append(None if none else _judge_one(item, sender, again[index]))
        sender.sent[item.start] = item.time_s
    _apply_originals(items, given_up, verdicts)
    _apply_reports(seen, blocks, found, items, verdicts)
    facts = _facts(items, verdicts)
    return Judgement(facts, _overtaken(items, overtaken), _late_originals(items, given_up))


def _items(seen: Segments, arrived: Arrivals, found: Suspects) -> list[_Suspect]:
    at = found.segment
    since = np.where(found.exposed_by >= 0, found.exposed_by, found.original)
    waited = (seen.time_ns[at] - seen.time_ns[since]) / 1e9
    acked, mark = arrived.acked[at], arrived.before[at]
    near = np.where(np.isfinite(found.near_rtt_s), found.near_rtt_s, 0.0)
    far = np.where(np.isfinite(found.far_rtt_s), found.far_rtt_s, 0.0)
    had = (acked >= seen.stop[at]) | found.sacked | found.answers_original
    columns = (
        seen.half[at],
        seen.rows[at],
        seen.time_ns[at] / 1e9,
        seen.start[at],
        seen.stop[at],
        seen.length[at],
        found.syn,
        (arrived.new_bytes[at] == seen.length[at]) & (found.original < 0),
        found.exposed_by >= 0,
        waited,
        np.where(found.original >= 0, seen.rows[found.original], -1),
        found.order,
        (found.repeats > 0) | found.sacked_above,
        had,
        seen.stop[at] >= mark,
        acked == seen.start[at],
        found.quiet_ns / 1e9,
        mark,
        acked,
        near + far,
        found.near_rtt_s,
    )
    items = [_Suspect(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]
    for item, known in zip(items, (since >= 0).tolist(), strict=True):
        if not known:
            item.since_s = None
    return items


def _next_copies(items: list[_Suspect]) -> list[float | None]:
    """Return how long after each suspect the same position was sent once more."""
    gaps: list[float | None] = [None] * len(items)
    later: dict[tuple[int, int], float] = {}
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        key = (item.half, item.start)
        if key in later:
            gaps[index] = later[key] - item.time_s
        later[key] = item.time_s
    return gaps


def _reset_rows(seen: Segments) -> dict[int, list[int]]:
    """Return the rows of RSTs by half."""
    rows: dict[int, list[int]] = defaultdict(list)
    places = np.flatnonzero(seen.flags & RST)
    for half, row in zip(seen.half[places].tolist(), seen.rows[places].tolist(), strict=True):
        rows[half].append(row)
    return rows


def _was_overtaken(item: _Suspect) -> bool:
    """Tell a segment that others overtook from one that was sent again."""
    if item.syn or not (item.fresh and item.fills):
        return False
    if item.order:
        return item.order < 0
    if item.since_s is None:
        return False
    limit = REORDERED_SHARE * item.near_rtt_s if isfinite(item.near_rtt_s) else REORDERED_S
    return item.since_s < limit


def _was_given_up(item: _Suspect) -> bool:
    """Tell an original that arrives after its retransmission: it was sent before it."""
    return item.order < 0 and item.length > 0 and not (item.syn or item.fills)


def _is_no_copy(item: _Suspect, resets: dict[int, list[int]]) -> bool:
    """Tell what only looks like a copy: a FIN at no place; a new try after a refusal."""
    if item.length == 0 and item.original_row < 0 and not item.fills:
        return True
    if not item.syn:
        return False
    refusals = resets.get(item.half ^ 1, [])
    place = bisect_left(refusals, item.original_row)
    return place < len(refusals) and refusals[place] < item.row


def _judge_one(item: _Suspect, sender: _Sender, following: float | None) -> tuple[Kind, LossSide]:
    if item.syn:
        had = LossSide.NOT_LOST if item.acked >= item.stop else LossSide.AFTER_CAPTURE
        return Kind.SYN, had
    if item.arrived:
        return Kind.SPURIOUS, LossSide.NOT_LOST
    loss = LossSide.BEFORE_CAPTURE if item.fills else LossSide.AFTER_CAPTURE
    kind = _cause(item, sender, following)
    if kind is Kind.TIMEOUT:
        sender.recovery_end = max(sender.recovery_end, item.mark)
    return kind, loss


def _cause(item: _Suspect, sender: _Sender, following: float | None) -> Kind:
    """Return what made the sender send it again."""
    last = sender.sent.get(item.start)
    waited = item.time_s - last if last is not None else item.since_s
    if waited is None:
        return Kind.UNKNOWN
    timer_s = item.rtt_s + TIMER_S
    ran_out = waited >= timer_s and item.quiet_s >= TIMER_S
    if item.acked < sender.recovery_end and item.start < sender.recovery_end:
        return Kind.TIMEOUT
    if item.told:
        return Kind.TIMEOUT if ran_out else Kind.FAST
    if item.tail and last is None and not item.fills and _is_probe(item, waited, following):
        return Kind.TAIL_PROBE
    return Kind.TIMEOUT if ran_out else Kind.UNKNOWN


def _is_probe(item: _Suspect, waited: float, following: float | None) -> bool:
    """Tell a tail loss probe from a timeout: a timer resends the first segment outstanding.

    Where the last one is also the first, a probe comes too soon for the timer, or the next copy
    follows without the timer having doubled.
    """
    if not item.first_outstanding:
        return True
    if waited < item.rtt_s + TIMER_S:
        return waited >= item.rtt_s
    return following is not None and following < DOUBLING * waited


def _apply_originals(
    items: list[_Suspect], given_up: list[bool], verdicts: list[tuple[Kind, LossSide] | None]
) -> None:
    """Turn retransmissions whose originals came after all into spurious ones."""
    rows = {item.original_row for item, late in zip(items, given_up, strict=True) if late}
    for index, item in enumerate(items):
        if item.row in rows and verdicts[index] is not None:
            verdicts[index] = Kind.SPURIOUS, LossSide.NOT_LOST


def _apply_reports(
    seen: Segments,
    blocks: Blocks,
    found: Suspects,
    items: list[_Suspect],
    verdicts: list[tuple[Kind, LossSide] | None],
) -> None:
    """Turn what receivers reported as duplicate (RFC 2883) into spurious retransmissions."""
    reports = np.flatnonzero(blocks.duplicate)
    if not len(reports) or not items:
        return
    width = int(seen.rows.max()) + 1
    carrier = blocks.segment[reports]
    keys = seen.half[found.segment] * width + seen.rows[found.segment]
    places = np.searchsorted(keys, (seen.half[carrier] ^ 1) * width + seen.rows[carrier])
    columns = (places, seen.half[carrier] ^ 1, blocks.left[reports], blocks.right[reports])
    claimed: set[int] = set()
    for place, half, left, right in zip(*(c.tolist() for c in columns), strict=True):
        for index in range(place - 1, max(place - 1 - REPORT_REACH, -1), -1):
            item = items[index]
            if item.half != half:
                break
            verdict = verdicts[index]
            overlaps = item.start < right and left < item.stop
            if verdict is not None and verdict[0] is not Kind.SYN and overlaps:
                if index in claimed:
                    continue
                claimed.add(index)
                verdicts[index] = Kind.SPURIOUS, LossSide.NOT_LOST
                break


def _facts(
    items: list[_Suspect], verdicts: list[tuple[Kind, LossSide] | None]
) -> dict[int, tuple[Retransmission, ...]]:
    by_half: dict[int, list[Retransmission]] = defaultdict(list)
    for item, verdict in zip(items, verdicts, strict=True):
        if verdict is None:
            continue
        kind, loss = verdict
        by_half[item.half].append(
            Retransmission(
                frame=item.row + 1,
                time_s=item.time_s,
                sequence=0 if item.syn else item.start,
                length=item.length,
                kind=kind,
                loss=loss,
                delay_s=item.since_s,
                original_frame=item.original_row + 1 if item.original_row >= 0 else None,
            )
        )
    return {half: tuple(found) for half, found in by_half.items()}


def _overtaken(items: list[_Suspect], late: list[bool]) -> dict[int, tuple[Overtaken, ...]]:
    by_half: dict[int, list[Overtaken]] = defaultdict(list)
    for item, was_late in zip(items, late, strict=True):
        if was_late:
            found = Overtaken(item.row + 1, item.time_s, item.since_s or 0.0)
            by_half[item.half].append(found)
    return {half: tuple(found) for half, found in by_half.items()}


def _late_originals(items: list[_Suspect], given_up: list[bool]) -> dict[int, tuple[int, ...]]:
    by_half: dict[int, list[int]] = defaultdict(list)
    for item, late in zip(items, given_up, strict=True):
        if late:
            by_half[item.half].append(item.row + 1)
    return {half: tuple(frames) for half, frames in by_half.items()}
