"""What kind of sameness two matched connections have, and their halves on common positions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection
from analyzers.facts.vantage import Tie
from analyzers.segments import NOWHERE
from analyzers.sequences import distance
from analyzers.vantage.pairing import Match
from analyzers.vantage.views import CLIENT, SERVER, Sent, View
from captures.lazyclass import dataclass
from captures.packets import SYN, PacketTable

Int64 = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

STEADY_SHARE = 0.9
"""Of the common segments: timestamp values that differ by the same number."""


@dataclass(frozen=True, slots=True)
class Tied:
    """One matched connection: its halves as each view has them, on the first view's positions."""

    match: Match
    tie: Tie
    one: tuple[Sent, Sent]
    """What the client and what the server sent, as the first view shows it."""
    other: tuple[Sent, Sent]


def tied(one: View, other: View, match: Match) -> Tied:
    """Bring both views of a connection onto common positions, and say how they are tied."""
    ours = one.sent(match.one, CLIENT), one.sent(match.one, SERVER)
    theirs = other.sent(match.other, CLIENT), other.sent(match.other, SERVER)
    if match.crossed:
        theirs = theirs[1], theirs[0]
    a = one.facts.connections[match.one]
    b = other.facts.connections[match.other]
    from_start = not a.starts_midway and not b.starts_midway
    shifts = [_shift(match, side, ours[side], theirs[side], from_start) for side in (0, 1)]
    moved = (
        theirs[0].moved(-shifts[0], -shifts[1]),
        theirs[1].moved(-shifts[1], -shifts[0]),
    )
    tie = _tie(one, other, (a, b), (ours, moved), from_start and any(shifts))
    return Tied(match, tie, ours, moved)


def _shift(match: Match, side: int, ours: Sent, theirs: Sent, from_start: bool) -> int:
    """How far the other view's positions of one half are above the first's."""
    counts = match.shifts.get(side)
    if counts:
        return counts.most_common(1)[0][0]
    if from_start:
        return 0
    # Without payload in common: the numbers are the same unless somebody changes them.
    return distance(ours.base, theirs.base)


def _tie(
    one: View,
    other: View,
    pair: tuple[Connection, Connection],
    halves: tuple[tuple[Sent, Sent], tuple[Sent, Sent]],
    shifted: bool,
) -> Tie:
    if shifted:
        # Bytes at another place of a stream seen from its start: CONNECT, or the like, before them.
        return Tie.TERMINATED
    (ours, theirs) = halves
    same = [a.base == b.base for a, b in zip(ours, theirs, strict=True) if len(a) and len(b)]
    if all(same):
        return Tie.SAME
    if any(same) and not _other_clock(one, other, ours, theirs):
        return Tie.RENUMBERED
    a, b = one.capture.table, other.capture.table
    syns = [c.syn_frame for c in pair]
    if _other_clock(one, other, ours, theirs):
        return Tie.TERMINATED
    if syns[0] is not None and syns[1] is not None and not _same_shape(a, b, syns[0], syns[1]):
        return Tie.TERMINATED
    return Tie.RENUMBERED


def _other_clock(
    one: View, other: View, ours: tuple[Sent, Sent], theirs: tuple[Sent, Sent]
) -> bool:
    """Timestamp values of the same bytes come from different clocks: different senders.

    A firewall that hides clocks adds the same number to all of a connection's.
    """
    for side in (CLIENT, SERVER):
        a, b = ours[side], theirs[side]
        at_a, at_b = _common(a, b)
        rows_a, rows_b = a.rows[at_a], b.rows[at_b]
        table_a, table_b = one.capture.table, other.capture.table
        both = table_a.has_timestamps[rows_a] & table_b.has_timestamps[rows_b]
        if np.count_nonzero(both) < 2:
            continue
        apart = table_a.tsval[rows_a[both]] - table_b.tsval[rows_b[both]]
        _, counts = np.unique(apart, return_counts=True)
        if counts.max() < STEADY_SHARE * len(apart):
            return True
    return False


def _common(a: Sent, b: Sent) -> tuple[Places, Places]:
    """Places of segments that each half sent once, with the same first and last byte."""
    keys_a, keys_b = (np.where(s.start > NOWHERE, s.start << 20 | s.length, -1) for s in (a, b))
    return common_once(keys_a, keys_b)


def common_once(
    keys_a: Int64,
    keys_b: Int64,
) -> tuple[Places, Places]:
    """Places of keys that occur once in either array; negative keys are none."""
    left, at_left = _once(keys_a)
    right, at_right = _once(keys_b)
    _, in_left, in_right = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    return at_left[in_left], at_right[in_right]


def _once(
    keys: Int64,
) -> tuple[Int64, Places]:
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    keep = (counts == 1) & (values >= 0)
    return values[keep], first[keep]


def _same_shape(a: PacketTable, b: PacketTable, frame_a: int, frame_b: int) -> bool:
    """Two SYNs that differ in no more than what a firewall changes on the way."""
    i, j = frame_a - 1, frame_b - 1
    if not (a.tcp_flags[i] & SYN and b.tcp_flags[j] & SYN) or a.window[i] != b.window[j]:
        return False
    scales = {int(a.window_scale[i]), int(b.window_scale[j])} - {-1}
    return len(scales) <= 1
