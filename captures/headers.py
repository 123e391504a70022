"""IP headers: addresses, lengths, fragments, and where the transport header starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from captures.addresses import AddressBook
from captures.arrays import Int32, Int64, Rows, groups, narrow, word16, word32, word64
from captures.batch import Layers
from captures.packets import (
    BROKEN_HEADER,
    CUT,
    LATER_FRAGMENT,
    MORE_FRAGMENTS,
)

_FRAGMENT = 44
_AUTHENTICATION = 51
_NO_NEXT = 59

#: IPv6 extension headers that are stepped over (IANA "IPv6 Extension Header Types"); ESP (50)
#: hides what follows, so it counts as the final protocol.
_IS_EXTENSION = np.zeros(256, dtype=np.bool_)
_IS_EXTENSION[[0, 43, _FRAGMENT, _AUTHENTICATION, 60, 135, 139, 140]] = True

#: A loop bound: RFC 8200 4.1 wants each header once, destination options twice.
_MAX_EXTENSIONS = 16


def find_transport(layers: Layers, book: AddressBook) -> None:
    """Fill the IP columns, `transport` and `transport_length` from `network`."""
    for column, rows in groups(layers.network):
        held = layers.holding(rows, column + 1)
        if held is None:
            continue
        # The nibble decides, not the EtherType: RAW has none, and receivers look at both.
        nibble = layers.heads[:, column][held] >> 4
        for version, parser in ((4, _ipv4), (6, _ipv6)):
            chosen = nibble == version
            if chosen.any():
                parser(layers, narrow(held, chosen), column, book)


def _ipv4(layers: Layers, rows: Rows, column: int, book: AddressBook) -> None:
    held = layers.holding(rows, column + 20)
    if held is None:
        return
    heads, columns = layers.heads, layers.columns
    header = (heads[:, column][held] & 15).astype(np.int32) * 4
    if int(header.min()) < 20:
        sound = header >= 20
        if not sound.any():
            return
        held, header = narrow(held, sound), header[sound]

    length = word16(heads, column + 2)[held].astype(np.int64)
    _write_length(layers, held, column, length, unset=length == 0)
    columns.version[held] = 4
    columns.ip_id[held] = word16(heads, column + 4)[held]
    columns.ttl[held] = heads[:, column + 8][held]
    columns.protocol[held] = heads[:, column + 9][held]
    columns.source[held] = book.ipv4(word32(heads, column + 12)[held])
    columns.destination[held] = book.ipv4(word32(heads, column + 16)[held])

    control = word16(heads, column + 6)[held].astype(np.uint16)
    # Flags are RFC 791's: bit 14 DF, bit 13 MF; ours are 1 and 2.
    columns.fragment[held] |= ((control >> 14 & 1) | (control >> 12 & 2)).astype(np.uint8)
    if (control & 0x3FFF).any():
        _ipv4_fragments(layers, held, control)

    layers.transport[held] = column + header
    layers.transport_length[held] = columns.ip_length[held].astype(np.int64) - header


def _ipv4_fragments(layers: Layers, rows: Rows, control: NDArray[np.uint16]) -> None:
    columns = layers.columns
    offset = (control & 0x1FFF) << 3
    columns.fragment_offset[rows] = offset
    columns.fragment[rows] |= np.where(offset > 0, np.uint8(LATER_FRAGMENT), np.uint8(0))
    columns.fragment_id[rows] = np.where(control & 0x3FFF, columns.ip_id[rows], 0)


def _write_length(
    layers: Layers, rows: Rows, column: int, length: Int64, unset: NDArray[np.bool_]
) -> None:
    """Write `ip_length` and CUT.

    Segmentation offload leaves the length 0 on packets over 64 KiB (Linux BIG TCP, RFC 2675
    jumbograms): then the frame tells.
    """
    if unset.any():
        on_wire = layers.columns.frame_length[rows].astype(np.int64) - column
        length = np.where(unset, np.maximum(on_wire, 0), length)
    layers.columns.ip_length[rows] = length
    cut = column + length > layers.captured[rows]
    layers.columns.fragment[rows] = np.where(cut, np.uint8(CUT), np.uint8(0))


def _ipv6(layers: Layers, rows: Rows, column: int, book: AddressBook) -> None:
    held = layers.holding(rows, column + 40)
    if held is None:
        return
    heads, columns = layers.heads, layers.columns
    length = word16(heads, column + 4)[held].astype(np.int64)
    following = heads[:, column + 6][held]
    unset = (length == 0) & (following != _NO_NEXT)
    _write_length(layers, held, column, length + 40, unset)
    columns.version[held] = 6
    columns.ttl[held] = heads[:, column + 7][held]
    columns.protocol[held] = following
    columns.source[held] = book.ipv6(
        word64(heads, column + 8)[held], word64(heads, column + 16)[held]
    )
    columns.destination[held] = book.ipv6(
        word64(heads, column + 24)[held], word64(heads, column + 32)[held]
    )
    layers.transport[held] = column + 40
    layers.transport_length[held] = columns.ip_length[held].astype(np.int64) - 40
    extended = _IS_EXTENSION[following]
    if extended.any():
        _extensions(layers, np.arange(len(heads))[held][extended])


def _extensions(layers: Layers, rows: NDArray[np.intp]) -> None:
    """Step over extension headers, one per turn, until every row is at its last."""
    columns = layers.columns
    for _ in range(_MAX_EXTENSIONS):
        at = layers.transport[rows]
        held = layers.holds(rows, at.astype(np.int64) + 8)
        held &= layers.transport_length[rows] >= 8
        _break(layers, rows[~held])
        rows, at = rows[held], at[held]
        protocol = columns.protocol[rows]
        size = _extension_size(layers, rows, at, protocol)
        columns.protocol[rows] = layers.byte_at(rows, at)
        layers.transport[rows] = at + size
        layers.transport_length[rows] -= size
        fragment = protocol == _FRAGMENT
        if fragment.any():
            _ipv6_fragments(layers, rows[fragment], at[fragment])
        # What follows in a later fragment is not a header.
        more = _IS_EXTENSION[columns.protocol[rows]]
        more &= columns.fragment[rows] & LATER_FRAGMENT == 0
        rows = rows[more]
        if not len(rows):
            return
    _break(layers, rows)


def _break(layers: Layers, rows: NDArray[np.intp]) -> None:
    layers.columns.fragment[rows] |= BROKEN_HEADER
    layers.transport[rows] = -1


def _extension_size(
    layers: Layers, rows: NDArray[np.intp], at: Int32, protocol: NDArray[np.uint8]
) -> Int32:
    units = layers.byte_at(rows, at + 1)
    size = (units + 1) * 8
    size[protocol == _FRAGMENT] = 8
    # RFC 4302 2.2: in 4-byte words, minus 2.
    return np.where(protocol == _AUTHENTICATION, (units + 2) * 4, size)


def _ipv6_fragments(layers: Layers, rows: NDArray[np.intp], at: Int32) -> None:
    columns = layers.columns
    control = layers.word16_at(rows, at + 2)
    offset = control & 0xFFF8
    columns.fragment_offset[rows] = offset
    high = layers.word16_at(rows, at + 4).astype(np.uint32)
    columns.fragment_id[rows] = high << np.uint32(16) | layers.word16_at(rows, at + 6).astype(
        np.uint32
    )
    flags = np.where(control & 1, MORE_FRAGMENTS, 0) | np.where(offset > 0, LATER_FRAGMENT, 0)
    columns.fragment[rows] |= flags.astype(np.uint8)
