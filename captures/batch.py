"""Consecutive packets on their way from a container to the packet table."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from captures.arrays import Bools, Int32, Int64, Rows, UInt8, narrow
from captures.lazyclass import dataclass
from captures.packets import PacketColumns


@dataclass(slots=True)
class Batch:
    """Some consecutive records, as a container reader hands them over; n rows."""

    heads: UInt8
    """First bytes of each frame, shape (n, width)."""
    offset: Int64
    """Where each frame starts in the store."""
    captured: Int64
    """Bytes of the frame that the file holds."""
    length: Int64
    """Bytes on the wire."""
    time_ns: Int64
    interface: Int64
    direction: UInt8 | None = None
    """As in `PacketColumns.direction`; None when the container tells nothing."""

    def __len__(self) -> int:
        return len(self.offset)

    def select(self, rows: Int64) -> Batch:
        """Return a batch of the given rows."""
        return Batch(
            self.heads[rows],
            self.offset[rows],
            self.captured[rows],
            self.length[rows],
            self.time_ns[rows],
            self.interface[rows],
            None if self.direction is None else self.direction[rows],
        )


@dataclass(slots=True)
class Layers:
    """What one layer's parser leaves for the next, row by row of a batch."""

    heads: UInt8
    """Shape (n, width)."""
    captured: Int64
    """Bytes of the frame that the file holds."""
    columns: PacketColumns
    """Views of the table's rows, to be written to."""
    limit: Int64 = field(init=False)
    """Bytes of `heads` that belong to the frame: min(captured, width)."""
    kind: Int32 = field(init=False)
    """EtherType of what starts at `network`, 0 unknown."""
    network: Int32 = field(init=False)
    """Byte column of the IP header, -1 none."""
    transport: Int32 = field(init=False)
    """Byte column after the IP headers, -1 none."""
    transport_length: Int64 = field(init=False)
    """Bytes on the wire from `transport` to the end of the IP packet."""
    payload: Int64 = field(init=False)
    """Byte column where the payload starts, -1 none."""
    deep: Bools = field(init=False)
    """Rows whose headers are in the file but reach beyond `width`."""

    def __post_init__(self) -> None:
        n, width = self.heads.shape
        self.limit = np.minimum(self.captured, width)
        self.kind = np.zeros(n, dtype=np.int32)
        self.network = np.full(n, -1, dtype=np.int32)
        self.transport = np.full(n, -1, dtype=np.int32)
        self.transport_length = np.zeros(n, dtype=np.int64)
        self.payload = np.full(n, -1, dtype=np.int64)
        self.deep = np.zeros(n, dtype=np.bool_)

    def holds(self, rows: Rows, end: int | Int64) -> Bools:
        """Tell which rows hold bytes up to column `end`; note those to look at deeper."""
        held: Bools = end <= self.limit[rows]
        if not held.all():
            self.deep[rows] |= ~held & (end <= self.captured[rows])
        return held

    def holding(self, rows: Rows, end: int) -> Rows | None:
        """Return those of `rows` that hold bytes up to column `end`, None if none do."""
        held = self.holds(rows, end)
        return narrow(rows, held) if held.any() else None

    def byte_at(self, rows: NDArray[np.intp], columns: Int32 | Int64) -> Int32:
        """Return one byte of each row, each at its own column."""
        columns = np.minimum(columns, self.heads.shape[1] - 1)
        values: UInt8 = self.heads[rows, columns]
        return values.astype(np.int32)

    def word16_at(self, rows: NDArray[np.intp], columns: Int32 | Int64) -> Int32:
        """Return one big-endian 16-bit field of each row, each at its own column."""
        return self.byte_at(rows, columns) << 8 | self.byte_at(rows, columns + 1)


def joined(batches: list[Batch]) -> Batch:
    """Return one batch of all rows, in order."""
    if len(batches) == 1:
        return batches[0]
    directions = [
        np.zeros(len(batch), dtype=np.uint8) if batch.direction is None else batch.direction
        for batch in batches
    ]
    return Batch(
        np.concatenate([batch.heads for batch in batches]),
        np.concatenate([batch.offset for batch in batches]),
        np.concatenate([batch.captured for batch in batches]),
        np.concatenate([batch.length for batch in batches]),
        np.concatenate([batch.time_ns for batch in batches]),
        np.concatenate([batch.interface for batch in batches]),
        np.concatenate(directions),
    )
