"""Receive windows: how large, when zero, when filled to the last byte."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import ZeroWindow
from analyzers.segments import NOWHERE, Segments
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Int64 = npt.NDArray[np.int64]

#: The shift of a half whose window scale cannot be known, because a SYN was not seen.
UNKNOWN_SHIFT = -1


@dataclass(frozen=True, slots=True)
class Windows:
    """What the halves of a batch announced."""

    highest: Int64
    """Of each half: the largest window announced in bytes, -1 when unknown."""
    full: Int64
    """Segments whose data ends where the peer's window ended, as seen here."""
    zero: dict[int, tuple[ZeroWindow, ...]]
    """By half."""


def windows(table: PacketTable, seen: Segments, arrived: Arrivals, first_syn: Int64) -> Windows:
    """Return windows; `first_syn` has each half's first SYN segment, -1 if none was seen."""
    shift = _shifts(table, seen, first_syn)
    announced = table.window[seen.rows].astype(np.int64)
    syn = (seen.flags & SYN) != 0
    size = np.where(syn, announced, announced << np.maximum(shift, 0)[seen.half])
    size[~syn & (shift[seen.half] == UNKNOWN_SHIFT)] = -1
    usable = (seen.flags & (RST | ACK)) == ACK
    highest = np.full(seen.halves, -1, dtype=np.int64)
    np.maximum.at(highest, seen.half[usable | syn], size[usable | syn])
    highest[shift == UNKNOWN_SHIFT] = -1
    edge = arrived.acked + size[arrived.peer]
    full = (seen.length > 0) & (seen.start >= 0) & (arrived.acked > NOWHERE)
    full &= (size[arrived.peer] > 0) & (seen.start + seen.length == edge)
    full &= seen.stop > arrived.before
    return Windows(highest, np.flatnonzero(full), _zero_windows(seen, announced))


def _shifts(table: PacketTable, seen: Segments, first_syn: Int64) -> Int64:
    """Return each half's window shift: both SYNs must offer scaling (RFC 7323 section 2.2)."""
    shown = first_syn >= 0
    offered = np.full(seen.halves, -1, dtype=np.int64)
    offered[shown] = table.window_scale[seen.rows[first_syn[shown]]]
    peer = np.arange(seen.halves) ^ 1
    shift = np.full(seen.halves, UNKNOWN_SHIFT, dtype=np.int64)
    shift[(shown & (offered < 0)) | (shown[peer] & (offered[peer] < 0))] = 0
    both = shown & shown[peer] & (offered >= 0) & (offered[peer] >= 0)
    shift[both] = offered[both]
    return shift


def _zero_windows(seen: Segments, announced: Int64) -> dict[int, tuple[ZeroWindow, ...]]:
    """Return the spans without any window, from the first zero to the ACK that opens it."""
    tells = np.flatnonzero((seen.flags & (ACK | SYN | FIN | RST)) == ACK)
    zero = announced[tells] == 0
    if not zero.any():
        return {}
    found: dict[int, list[ZeroWindow]] = defaultdict(list)
    half = seen.half[tells]
    before = np.zeros(len(tells), dtype=np.bool_)
    before[1:] = zero[:-1] & (half[1:] == half[:-1])
    openings = np.flatnonzero(~zero | (half != np.append(half[1:], -1)))
    for first in np.flatnonzero(zero & ~before).tolist():
        last = int(openings[np.searchsorted(openings, first)])
        frames = tuple((seen.rows[tells[first : last + 1]] + 1).tolist())
        span = ZeroWindow(
            start_s=int(seen.time_ns[tells[first]]) / 1e9,
            end_s=None if zero[last] else int(seen.time_ns[tells[last]]) / 1e9,
            frames=frames,
        )
        found[int(half[first])].append(span)
    return {number: tuple(spans) for number, spans in found.items()}
