"""Names each segment with old bytes: retransmission of a kind, lost on a side, or out of order.

The rules join Tstat's tree (Mellia et al., Computer Networks 2008) with what RFCs 2883, 3522,
5681, 6298 and 8985 let a sender do. What fits none of them stays `unknown`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from math import isfinite

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.causes import Sender, Suspect
from analyzers.facts.tcp import LossSide, Overtaken, Retransmission, RetransmissionKind
from analyzers.resending import Suspects
from analyzers.segments import Segments
from captures.lazyclass import dataclass
from captures.packets import RST

Int64 = npt.NDArray[np.int64]
Kind = RetransmissionKind

#: A fill that comes sooner than this share of a round trip was under way already: what exposed the
#: hole must reach the receiver first, its duplicate ACK the sender, and the copy the capture point.
REORDERED_SHARE = 0.9
#: The same, where the round trip is unknown (Wireshark's limit).
REORDERED_S = 0.003

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


def judge(seen: Segments, arrived: Arrivals, blocks: Blocks, found: Suspects) -> Judgement:
    """Return what each suspect is."""
    items = _items(seen, arrived, found)
    again = _next_copies(items)
    resets = _reset_rows(seen)
    senders: dict[int, Sender] = defaultdict(Sender)
    verdicts: list[tuple[Kind, LossSide] | None] = []
    overtaken = [_was_overtaken(item) for item in items]
    given_up = [_was_given_up(item) for item in items]
    none = [
        late or too_late or _is_no_copy(item, resets)
        for item, late, too_late in zip(items, overtaken, given_up, strict=True)
    ]
    for index in _reported(seen, blocks, found, items, none):
        items[index].reported = True
    for index, item in enumerate(items):
        sender = senders[item.half]
        verdicts.append(None if none[index] else _judge_one(item, sender, again[index]))
        sender.note(item)
    _apply_originals(items, given_up, verdicts)
    facts = _facts(items, verdicts)
    return Judgement(facts, _overtaken(items, overtaken), _late_originals(items, given_up))


def _items(seen: Segments, arrived: Arrivals, found: Suspects) -> list[Suspect]:
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
        found.answers_original,
        np.zeros(len(at), dtype=np.bool_),
        seen.stop[at] >= mark,
        acked == seen.start[at],
        found.quiet_ns / 1e9,
        mark,
        acked,
        near + far,
        found.near_rtt_s,
        found.probes,
        found.prompted,
    )
    items = [Suspect(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]
    for item, known in zip(items, (since >= 0).tolist(), strict=True):
        if not known:
            item.since_s = None
    return items


def _next_copies(items: list[Suspect]) -> list[float | None]:
    """Return how long after each suspect the same position was sent once more."""
    gaps: list[float | None] = [None] * len(items)
    later: dict[tuple[int, int, bool], float] = {}
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        key = (item.half, item.start, item.syn)
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


def _was_overtaken(item: Suspect) -> bool:
    """Tell a segment that others overtook from one that was sent again."""
    if item.syn or not (item.fresh and item.fills):
        return False
    if item.order:
        return item.order < 0
    if item.since_s is None:
        return False
    limit = REORDERED_SHARE * item.rtt_s if isfinite(item.near_rtt_s) else REORDERED_S
    return item.since_s < limit


def _was_given_up(item: Suspect) -> bool:
    """Tell an original that arrives after its retransmission: it was sent before it."""
    return item.order < 0 and item.length > 0 and not (item.syn or item.fills)


def _is_no_copy(item: Suspect, resets: dict[int, list[int]]) -> bool:
    """Tell what only looks like a copy: a FIN at no place; a new try after a refusal."""
    if item.length == 0 and item.original_row < 0 and not item.fills:
        return True
    if not item.syn:
        return False
    refusals = resets.get(item.half ^ 1, [])
    place = bisect_left(refusals, item.original_row)
    return place < len(refusals) and refusals[place] < item.row


def _judge_one(item: Suspect, sender: Sender, following: float | None) -> tuple[Kind, LossSide]:
    if item.syn:
        return Kind.SYN, LossSide.NOT_LOST if item.arrived else LossSide.AFTER_CAPTURE
    kind = sender.cause(item, following)
    if item.arrived or item.reported:
        return Kind.SPURIOUS, LossSide.NOT_LOST
    return kind, LossSide.BEFORE_CAPTURE if item.fills else LossSide.AFTER_CAPTURE


def _apply_originals(
    items: list[Suspect], given_up: list[bool], verdicts: list[tuple[Kind, LossSide] | None]
) -> None:
    """Turn retransmissions whose originals came after all into spurious ones."""
    rows = {item.original_row for item, late in zip(items, given_up, strict=True) if late}
    for index, item in enumerate(items):
        if item.row in rows and verdicts[index] is not None:
            verdicts[index] = Kind.SPURIOUS, LossSide.NOT_LOST


def _reported(
    seen: Segments, blocks: Blocks, found: Suspects, items: list[Suspect], none: list[bool]
) -> set[int]:
    """Return which suspects receivers reported as duplicate (RFC 2883).

    What the capture saw only once is not one of them: somebody behind the capture doubled it.
    """
    claimed: set[int] = set()
    reports = np.flatnonzero(blocks.duplicate)
    if not len(reports) or not items:
        return claimed
    width = int(seen.rows.max()) + 1
    carrier = blocks.segment[reports]
    keys = seen.half[found.segment] * width + seen.rows[found.segment]
    places = np.searchsorted(keys, (seen.half[carrier] ^ 1) * width + seen.rows[carrier])
    columns = (places, seen.half[carrier] ^ 1, blocks.left[reports], blocks.right[reports])
    for place, half, left, right in zip(*(c.tolist() for c in columns), strict=True):
        for index in range(place - 1, max(place - 1 - REPORT_REACH, -1), -1):
            item = items[index]
            if item.half != half:
                break
            within = left <= item.start < right
            if not within or index in claimed or none[index] or item.syn or item.fresh:
                continue
            claimed.add(index)
            break
    return claimed


def _facts(
    items: list[Suspect], verdicts: list[tuple[Kind, LossSide] | None]
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


def _overtaken(items: list[Suspect], late: list[bool]) -> dict[int, tuple[Overtaken, ...]]:
    by_half: dict[int, list[Overtaken]] = defaultdict(list)
    for item, was_late in zip(items, late, strict=True):
        if was_late:
            found = Overtaken(item.row + 1, item.time_s, item.since_s or 0.0)
            by_half[item.half].append(found)
    return {half: tuple(found) for half, found in by_half.items()}


def _late_originals(items: list[Suspect], given_up: list[bool]) -> dict[int, tuple[int, ...]]:
    by_half: dict[int, list[int]] = defaultdict(list)
    for item, late in zip(items, given_up, strict=True):
        if late:
            by_half[item.half].append(item.row + 1)
    return {half: tuple(frames) for half, frames in by_half.items()}
