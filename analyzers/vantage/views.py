"""One capture as the other is compared with it: all its TCP segments, grouped by half."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.endpoints import endpoints
from analyzers.facts import Facts
from analyzers.flows import rows_by_stream, tcp_streams
from analyzers.segments import NOWHERE, Segments, batches, segments
from captures.lazyclass import dataclass
from captures.packets import Capture

Int64 = npt.NDArray[np.int64]
UInt16 = npt.NDArray[np.uint16]

CLIENT, SERVER = 0, 1


@dataclass(frozen=True, slots=True)
class Sent:
    """What one side of one connection sent, in file order, without what was recorded twice."""

    rows: Int64
    time_ns: Int64
    """Since the epoch, by the capture's own clock."""
    flags: UInt16
    length: Int64
    start: Int64
    """Position of its first byte, the SYN's own place included; NOWHERE for RST."""
    stop: Int64
    ack: Int64
    base: int
    """Sequence number at position 0."""

    def __len__(self) -> int:
        return len(self.rows)

    def moved(self, start: int, ack: int) -> Sent:
        """The same with positions counted from elsewhere."""
        return Sent(
            self.rows,
            self.time_ns,
            self.flags,
            self.length,
            np.where(self.start > NOWHERE, self.start + start, NOWHERE),
            np.where(self.stop > NOWHERE, self.stop + start, NOWHERE),
            np.where(self.ack > NOWHERE, self.ack + ack, NOWHERE),
            self.base - start & 0xFFFFFFFF,
        )


class View:
    """One capture with its facts, and its segments by half."""

    def __init__(self, capture: Capture, facts: Facts) -> None:
        """Sort all TCP segments by stream and side."""
        self.capture = capture
        self.facts = facts
        table = capture.table
        streams = rows_by_stream(tcp_streams(table))
        count = len(streams)
        ends = endpoints(table, streams) if count else None
        parts = (
            [segments(table, streams, ends, batch) for batch in batches(streams)] if ends else []
        )
        firsts = [batch.start for batch in batches(streams)] if ends else []
        self.half = _joined([p.half + 2 * first for p, first in zip(parts, firsts, strict=True)])
        self.rows = _joined([p.rows for p in parts])
        self.flags: UInt16 = table.tcp_flags[self.rows]
        self.length = _joined([p.length for p in parts])
        self.start = _joined([_with_syn(p) for p in parts])
        self.stop = _joined([p.stop for p in parts])
        self.ack = _joined([p.ack for p in parts])
        self.base = np.concatenate([p.base for p in parts]) if parts else np.empty(0, np.uint32)
        self._drop_copies()
        self._bounds = np.searchsorted(self.half, np.arange(2 * count + 1))

    def _drop_copies(self) -> None:
        """Leave out what the capture itself recorded twice."""
        copies = [f - 1 for c in self.facts.connections for f in c.duplicate_frames]
        if not copies:
            return
        keep = ~np.isin(self.rows, np.array(copies, dtype=np.int64))
        for name in ("half", "rows", "flags", "length", "start", "stop", "ack"):
            setattr(self, name, getattr(self, name)[keep])

    @property
    def first_ns(self) -> int:
        """When recording began, as far as the file tells: at its earliest packet at the latest."""
        starts = [i.started_ns for i in self.capture.interfaces if i.started_ns is not None]
        return min([*starts, self.facts.capture.first_ns])

    @property
    def last_ns(self) -> int:
        """When recording ended, as far as the file tells: at its latest packet at the earliest."""
        ends = [i.ended_ns for i in self.capture.interfaces if i.ended_ns is not None]
        return max([*ends, self.facts.capture.last_ns])

    def sent(self, stream: int, side: int) -> Sent:
        """What one side of one connection sent."""
        half = 2 * stream + side
        part = slice(int(self._bounds[half]), int(self._bounds[half + 1]))
        rows = self.rows[part]
        return Sent(
            rows,
            self.capture.table.time_ns[rows],
            self.flags[part],
            self.length[part],
            self.start[part],
            self.stop[part],
            self.ack[part],
            int(self.base[half]),
        )


def _joined(parts: list[Int64]) -> Int64:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _with_syn(part: Segments) -> Int64:
    """Where each segment starts when the SYN counts, as it does in `stop`."""
    from captures.packets import SYN

    start: Int64 = part.start - ((part.flags & SYN) != 0)
    start[part.start == NOWHERE] = NOWHERE
    return start
