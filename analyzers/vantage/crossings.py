"""Packets of one half that were seen at both points, each once, so that their times compare."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.facts.vantage import Tie
from analyzers.segments import NOWHERE
from analyzers.vantage.ties import Tied, common_once
from analyzers.vantage.views import Sent, View
from captures.packets import ACK, FIN, RST, SYN

Int64 = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

_ODD = (0x1E3779B97F4A7C15, 0x42B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x26E8FEB86659FD93)
_POSITIVE = (1 << 63) - 1


def crossings(one: View, other: View, pair: Tied, side: int) -> tuple[Places, Places]:
    """Places in either view's half of the packets that both recorded, each once.

    Whole packets are matched where they pass as they are. Where something cuts or joins segments,
    or ends the connection, the last byte of a segment stands for it.
    """
    a, b = pair.one[side], pair.other[side]
    whole: tuple[Places, Places] = (np.empty(0, np.intp), np.empty(0, np.intp))
    if pair.tie is not Tie.TERMINATED:
        renumbered = pair.tie is Tie.RENUMBERED
        keys = _keys(one, a, b, other, renumbered)
        whole = common_once(*keys)
    edges_a, edges_b = _edges(a, whole[0]), _edges(b, whole[1])
    parts = common_once(edges_a, edges_b)
    return np.concatenate((whole[0], parts[0])), np.concatenate((whole[1], parts[1]))


def _keys(one: View, a: Sent, b: Sent, other: View, renumbered: bool) -> tuple[Int64, Int64]:
    """One number for all that a router leaves as it is; -1 for what cannot be compared."""
    rows = (one.capture.table, a), (other.capture.table, b)
    timed = all(bool(t.has_timestamps[s.rows].all()) for t, s in rows) and not renumbered
    skipped = RST | (SYN if renumbered else 0)
    found = []
    for table, sent in rows:
        flags = sent.flags & np.uint16(SYN | FIN | RST | ACK)
        parts = [sent.start, sent.length, flags.astype(np.int64), sent.ack]
        if timed:
            parts[1] = parts[1] << 32 | table.tsval[sent.rows].astype(np.int64)
        mixed = np.zeros(len(sent), dtype=np.int64)
        for part, factor in zip(parts, _ODD, strict=True):
            mixed = (mixed ^ part) * factor
            mixed ^= mixed >> 31
        mixed &= _POSITIVE
        mixed[(sent.start == NOWHERE) | ((flags & skipped) != 0)] = -1
        found.append(mixed)
    return found[0], found[1]


def _edges(sent: Sent, without: Places) -> Int64:
    """Where each data segment ends; -1 for others and for those that were matched as a whole."""
    edges = np.where((sent.length > 0) & (sent.start > 0), sent.stop, -1)
    edges[without] = -1
    return edges
