"""Array types, and the three operations every header parser is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Int8: TypeAlias = NDArray[np.int8]
Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
UInt16: TypeAlias = NDArray[np.uint16]
UInt32: TypeAlias = NDArray[np.uint32]
UInt64: TypeAlias = NDArray[np.uint64]

#: Some rows of a batch: all of them as `slice(None)`, which costs no copies, or indices.
Rows: TypeAlias = slice | NDArray[np.intp]

ALL = slice(None)


def word16(heads: UInt8, column: int) -> UInt16:
    """Return the big-endian 16-bit field at a byte column, shape (n,)."""
    return heads[:, column : column + 2].view(">u2")[:, 0]


def word32(heads: UInt8, column: int) -> UInt32:
    """Return the big-endian 32-bit field at a byte column, shape (n,)."""
    return heads[:, column : column + 4].view(">u4")[:, 0]


def word64(heads: UInt8, column: int) -> UInt64:
    """Return the big-endian 64-bit field at a byte column, shape (n,)."""
    return heads[:, column : column + 8].view(">u8")[:, 0]


def groups(keys: Int64 | Int32, rows: Rows = ALL) -> Iterator[tuple[int, Rows]]:
    """Yield each key >= 0 and the rows that have it; `keys` belong to `rows`."""
    if not len(keys):
        return
    first = int(keys[0])
    if first >= 0 and bool((keys == first).all()):
        yield first, rows
        return
    for key in np.flatnonzero(np.bincount(keys[keys >= 0])).tolist():
        yield key, narrow(rows, keys == key)


def narrow(rows: Rows, keep: Bools) -> Rows:
    """Return those of `rows` whose entry in `keep` is set."""
    if isinstance(rows, slice):
        return rows if bool(keep.all()) else np.flatnonzero(keep)
    return rows[keep]
