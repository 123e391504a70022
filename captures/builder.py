"""From batches of packets to the packet table, in memory that grows with the capture."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from captures.addresses import AddressBook
from captures.arrays import Int64
from captures.batch import Batch, Layers
from captures.headers import find_transport
from captures.links import find_network
from captures.packets import PacketColumns, PacketTable
from captures.store import ByteStore
from captures.tcpoptions import SackBlocks
from captures.transport import parse_transport

_COLUMNS = tuple((item.name, item.metadata) for item in fields(PacketColumns))

#: Bytes looked at when headers reach beyond `HEAD`: room for several IPv6 extension headers
#: behind Apple's PKTAP header.
_DEEP = 2048
#: Columns begin at multiples of a cache line.
_ALIGNED = 64
#: Room for so many rows (300 MB) is asked for whenever the file may hold them.
_FREE_ROWS = 2 << 20
#: Such rows are parsed this many at a time, to bound memory.
_DEEP_ROWS = 512


class TableBuilder:
    """Parses batches into columns that have room for the rows to come."""

    def __init__(self, store: ByteStore) -> None:
        self._store = store
        self._book = AddressBook()
        self._sacks = SackBlocks()
        self._columns = _allocate(0)
        self.rows = 0

    def add(self, batch: Batch, link_types: Int64) -> None:
        """Parse a batch; `link_types` has one per row, -1 for unknown."""
        first, self.rows = self.rows, self.rows + len(batch)
        self._make_room(batch)
        columns = _part(self._columns, first, self.rows)
        sacks = SackBlocks()
        deep = self._parse(batch, link_types, columns, sacks)
        self._sacks.extend(sacks, np.arange(first, self.rows))
        for start in range(0, len(deep), _DEEP_ROWS):
            self._parse_deep(batch, link_types, deep[start : start + _DEEP_ROWS], first)

    def finish(self) -> PacketTable:
        """Return the table; the builder is of no use afterwards."""
        columns = _part(self._columns, 0, self.rows)
        sack_rows, sack_left, sack_right = self._sacks.joined()
        return PacketTable(
            **{name: getattr(columns, name) for name, _ in _COLUMNS},
            addresses=self._book.addresses(),
            sack_rows=sack_rows,
            sack_left=sack_left,
            sack_right=sack_right,
        )

    def _make_room(self, batch: Batch) -> None:
        if self.rows <= len(self._columns):
            return
        # Packets so far per byte so far tell how many the file holds. Too much costs nothing:
        # fresh zeroed memory is not resident until it is written.
        read = int(batch.offset[-1]) + 1
        expected = int(self.rows * 1.05 * self._store.size / read) + 1024
        room = max(min(expected, max(64 * self.rows, _FREE_ROWS)), self.rows * 3 // 2)
        grown = _allocate(room)
        kept = self.rows - len(batch)
        for name, _ in _COLUMNS:
            getattr(grown, name)[:kept] = getattr(self._columns, name)[:kept]
        self._columns = grown

    def _parse(
        self, batch: Batch, link_types: Int64, columns: PacketColumns, sacks: SackBlocks
    ) -> Int64:
        """Parse a batch into its columns; return the rows that need `_parse_deep`."""
        for name, metadata in _COLUMNS:
            if "empty" in metadata:
                getattr(columns, name)[:] = metadata["empty"]
        columns.time_ns[:] = batch.time_ns
        columns.interface[:] = batch.interface
        columns.frame_length[:] = batch.length
        columns.captured_length[:] = batch.captured
        columns.frame_offset[:] = batch.offset
        layers = Layers(batch.heads, batch.captured, columns)
        find_network(layers, link_types)
        find_transport(layers, self._book)
        parse_transport(layers, batch.offset, sacks)
        if batch.direction is not None:
            told = batch.direction != 0
            columns.direction[told] = batch.direction[told]
        return np.flatnonzero(layers.deep)

    def _parse_deep(self, batch: Batch, link_types: Int64, rows: Int64, first: int) -> None:
        part = batch.select(rows)
        heads = np.zeros((len(rows), _DEEP), dtype=np.uint8)
        wanted = np.minimum(part.captured, _DEEP).tolist()
        for line, at, length in zip(heads, part.offset.tolist(), wanted, strict=True):
            data = self._store.read(at, length)
            line[: len(data)] = np.frombuffer(data, dtype=np.uint8)
        part.heads = heads
        columns, sacks = _allocate(len(rows)), SackBlocks()
        self._parse(part, link_types[rows], columns, sacks)
        self._sacks.extend(sacks, first + rows)
        for name, _ in _COLUMNS:
            getattr(self._columns, name)[first + rows] = getattr(columns, name)


def _allocate(rows: int) -> PacketColumns:
    """Return columns of zeros, side by side in one block.

    The kernel backs large blocks by large pages: they take a fraction of the time to touch.
    """
    sizes = [-(-rows * np.dtype(m["dtype"]).itemsize // _ALIGNED) * _ALIGNED for _, m in _COLUMNS]
    block, at, columns = np.zeros(sum(sizes), dtype=np.uint8), 0, []
    for (_, metadata), size in zip(_COLUMNS, sizes, strict=True):
        columns.append(block[at : at + size].view(metadata["dtype"])[:rows])
        at += size
    return PacketColumns(*columns)


def _part(columns: PacketColumns, start: int, stop: int) -> PacketColumns:
    return PacketColumns(*(getattr(columns, name)[start:stop] for name, _ in _COLUMNS))
