"""TCP options: MSS, window scale, SACK and timestamps (RFC 9293 3.2, 2018, 7323)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from captures.arrays import Bools, Int32, Int64, Rows, UInt32, narrow, word32
from captures.batch import Layers
from captures.lazyclass import dataclass

_END, _NOTHING, _MSS, _SCALE, _SACK_PERMITTED, _SACK, _TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8

#: NOP NOP TIMESTAMPS 10, the layout of RFC 7323 appendix A: nearly all options of nearly all
#: segments, so it is worth a path of its own.
_USUAL = 0x0101080A
#: NOP NOP SACK and its length, which follow them while something is missing.
_USUAL_SACK = 0x01010500
_MOST_BLOCKS = 4

_MAX_SCALE = 14  # RFC 7323 2.3


@dataclass(slots=True)
class SackBlocks:
    """SACK blocks in the order they are found."""

    rows: list[Int64] = field(default_factory=list)
    left: list[UInt32] = field(default_factory=list)
    right: list[UInt32] = field(default_factory=list)

    def add(self, rows: NDArray[np.intp], left: UInt32, right: UInt32) -> None:
        """Append one block per row."""
        self.rows.append(rows.astype(np.int64))
        self.left.append(left)
        self.right.append(right)

    def extend(self, other: SackBlocks, rows: Int64) -> None:
        """Append another's blocks; its row i is our row rows[i]."""
        self.rows.extend(rows[part] for part in other.rows)
        self.left.extend(other.left)
        self.right.extend(other.right)

    def joined(self) -> tuple[Int32, UInt32, UInt32]:
        """Return all blocks by ascending row, blocks of a row in option order."""
        if not self.rows:
            none = np.empty(0, dtype=np.uint32)
            return none.astype(np.int32), none, none
        rows = np.concatenate(self.rows)
        # Stable, and blocks are added first to last, so a row's blocks keep their order: RFC 2883
        # needs the first one told from the others.
        order = np.argsort(rows, kind="stable")
        left, right = np.concatenate(self.left), np.concatenate(self.right)
        return rows[order].astype(np.int32), left[order], right[order]


def parse_options(layers: Layers, rows: Rows, column: int, length: int, sacks: SackBlocks) -> None:
    """Read the options of rows that all have `length` bytes of them at `column`."""
    if length >= 12:
        held = layers.limit[rows] >= column + length
        usual = held & (_first_word(layers, rows, column) == _USUAL)
        if usual.any():
            _timestamps(layers, narrow(rows, usual), column + 4)
        read = usual
        if length > 12:
            read = _usual_sack(layers, rows, usual, column + 12, length - 12, sacks)
        rest = ~read
        if not rest.any():
            return
        skip = np.where(usual, 12, 0)[rest]
        rows = narrow(rows, rest)
    else:
        skip = np.zeros(1, dtype=np.int64)
    index = np.arange(len(layers.heads))[rows]
    end = np.minimum(layers.limit[index], column + length)
    _walk(layers, index, column + skip + np.zeros(len(index), dtype=np.int64), end, sacks)


def _usual_sack(
    layers: Layers, rows: Rows, usual: Bools, column: int, length: int, sacks: SackBlocks
) -> Bools:
    """Read NOP NOP SACK behind usual timestamps (RFC 2018 section 3); return where it was."""
    blocks, odd = divmod(length - 4, 8)
    if odd or not 1 <= blocks <= _MOST_BLOCKS:
        return np.zeros_like(usual)
    read: Bools = usual & (_first_word(layers, rows, column) == _USUAL_SACK + length - 2)
    if read.any():
        found = np.arange(len(layers.heads))[narrow(rows, read)]
        for block in range(blocks):
            at = column + 4 + 8 * block
            left, right = word32(layers.heads, at)[found], word32(layers.heads, at + 4)[found]
            sacks.add(found, left.astype(np.uint32), right.astype(np.uint32))
    return read


def _first_word(layers: Layers, rows: Rows, column: int) -> UInt32:
    if column + 4 > layers.heads.shape[1]:
        return np.zeros(len(layers.limit[rows]), dtype=np.uint32)
    return word32(layers.heads, column)[rows]


def _timestamps(layers: Layers, rows: Rows, column: int) -> None:
    layers.columns.has_timestamps[rows] = True
    layers.columns.tsval[rows] = word32(layers.heads, column)[rows]
    layers.columns.tsecr[rows] = word32(layers.heads, column + 4)[rows]


def _walk(layers: Layers, rows: NDArray[np.intp], at: Int64, end: Int64, sacks: SackBlocks) -> None:
    """Step through the options of all rows at once, one option per turn."""
    while len(rows):
        inside = at < end
        kind = np.where(inside, layers.byte_at(rows, at), _END)
        padding = kind == _NOTHING
        size = np.where(padding | (at + 1 >= end), 1, layers.byte_at(rows, at + 1))
        # Less than 2, or past the end, is a damaged list: RFC 9293 3.1 lets us stop there.
        sound = (kind != _END) & (padding | (size >= 2)) & (at + size <= end)
        rows, at, end, kind, size = (part[sound] for part in (rows, at, end, kind, size))
        _read(layers, rows, at, kind, size, sacks)
        at = at + size


def _read(
    layers: Layers,
    rows: NDArray[np.intp],
    at: Int64,
    kind: Int32,
    size: Int32,
    sacks: SackBlocks,
) -> None:
    columns = layers.columns

    def pick(option: int, length: int) -> tuple[NDArray[np.intp], Int64]:
        chosen: Bools = (kind == option) & (size == length)
        return rows[chosen], at[chosen]

    if (kind != _NOTHING).any():
        found, where = pick(_TIMESTAMPS, 10)
        if len(found):
            columns.has_timestamps[found] = True
            columns.tsval[found] = _word32_at(layers, found, where + 2)
            columns.tsecr[found] = _word32_at(layers, found, where + 6)
        found, where = pick(_MSS, 4)
        columns.mss[found] = layers.word16_at(found, where + 2)
        found, where = pick(_SCALE, 3)
        columns.window_scale[found] = np.minimum(layers.byte_at(found, where + 2), _MAX_SCALE)
        found, where = pick(_SACK_PERMITTED, 2)
        columns.sack_permitted[found] = True
        for block in range(4):
            more = (kind == _SACK) & (size >= 10 + 8 * block)
            if not more.any():
                break
            found, where = rows[more], at[more] + 2 + 8 * block
            left, right = _word32_at(layers, found, where), _word32_at(layers, found, where + 4)
            sacks.add(found, left, right)


def _word32_at(layers: Layers, rows: NDArray[np.intp], columns: Int64) -> UInt32:
    high, low = layers.word16_at(rows, columns), layers.word16_at(rows, columns + 2)
    return high.astype(np.uint32) << np.uint32(16) | low.astype(np.uint32)
