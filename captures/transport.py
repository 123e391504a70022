"""TCP, UDP and ICMP headers, and where the payload of every IP packet lies."""

from __future__ import annotations

import numpy as np

from captures.arrays import Int64, Rows, groups, narrow, word16, word32
from captures.batch import Layers
from captures.packets import BROKEN_HEADER, LATER_FRAGMENT
from captures.tcpoptions import SackBlocks, parse_options

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


def parse_transport(layers: Layers, offset: Int64, sacks: SackBlocks) -> None:
    """Fill the transport columns from `transport` and `transport_length`.

    `offset` is where each frame starts in the store; SACK blocks are added to `sacks`.
    """
    columns = layers.columns
    keys = np.where(
        layers.transport < 0, -1, layers.transport.astype(np.int64) << 8 | columns.protocol
    )
    later = columns.fragment & LATER_FRAGMENT != 0
    if later.any():
        # Fragment payloads have no header: give them a key of no protocol that has one.
        keys = np.where(later & (keys >= 0), keys | 0xFF, keys)
    layers.payload[:] = layers.transport
    for key, rows in groups(keys):
        parser = _PARSERS.get(key & 0xFF)
        if parser is not None:
            parser(layers, rows, key >> 8, sacks)
    _write_payload(layers, offset)


def _write_payload(layers: Layers, offset: Int64) -> None:
    """Turn the columns where payloads start into lengths and places."""
    columns, payload = layers.columns, layers.payload
    length = layers.transport_length - (payload - layers.transport)
    length = np.where(payload < 0, 0, np.maximum(length, 0))
    captured = np.clip(layers.captured - payload, 0, length)
    columns.payload_length[:] = length
    columns.payload_captured[:] = captured
    np.copyto(columns.payload_offset, offset + payload, where=captured > 0)


def _whole(layers: Layers, rows: Rows, column: int, size: int) -> Rows | None:
    """Return the rows whose transport header has `size` bytes; mark the others."""
    held = layers.holds(rows, column + size) & (layers.transport_length[rows] >= size)
    if held.all():
        return rows
    _break(layers, narrow(rows, ~held))
    return narrow(rows, held) if held.any() else None


def _break(layers: Layers, rows: Rows) -> None:
    """Mark headers that are not whole; nothing of these packets counts as payload."""
    layers.columns.fragment[rows] |= BROKEN_HEADER
    layers.payload[rows] = -1


def _ports(layers: Layers, rows: Rows, column: int) -> None:
    """Write the ports, which come first and so survive most cuts (RFC 792 quotes 8 bytes)."""
    held = layers.holds(rows, column + 4) & (layers.transport_length[rows] >= 4)
    if held.any():
        rows = narrow(rows, held)
        layers.columns.source_port[rows] = word16(layers.heads, column)[rows]
        layers.columns.destination_port[rows] = word16(layers.heads, column + 2)[rows]


def _tcp(layers: Layers, rows: Rows, column: int, sacks: SackBlocks) -> None:
    _ports(layers, rows, column)
    held = _whole(layers, rows, column, 20)
    if held is None:
        return
    heads, columns = layers.heads, layers.columns
    control = word16(heads, column + 12)[held].astype(np.uint16)
    size = (control >> 12).astype(np.int64) * 4
    sound = (size >= 20) & (size <= layers.transport_length[held])
    if not sound.all():
        _break(layers, narrow(held, ~sound))
        if not sound.any():
            return
        held, control, size = narrow(held, sound), control[sound], size[sound]
    columns.tcp_flags[held] = control & 0x1FF
    columns.seq[held] = word32(heads, column + 4)[held]
    columns.ack[held] = word32(heads, column + 8)[held]
    columns.window[held] = word16(heads, column + 14)[held]
    layers.payload[held] = column + size
    layers.holds(held, column + size)
    shallow = ~layers.deep[held]
    if not shallow.all():
        held, size = narrow(held, shallow), size[shallow]
    for length, group in groups(size, held):
        if length > 20:
            parse_options(layers, group, column + 20, length - 20, sacks)


def _udp(layers: Layers, rows: Rows, column: int, sacks: SackBlocks) -> None:
    _ports(layers, rows, column)
    held = _whole(layers, rows, column, 8)
    if held is None:
        return
    layers.payload[held] = column + 8
    # RFC 768: the length includes the header. Smaller than the IP payload it leaves a surplus
    # (RFC 9868) or padding; larger it is a first fragment's, or wrong; 0 is a jumbogram's.
    stated = word16(layers.heads, column + 4)[held].astype(np.int64)
    room = layers.transport_length[held]
    layers.transport_length[held] = np.where((stated >= 8) & (stated < room), stated, room)


def _icmp(layers: Layers, rows: Rows, column: int, sacks: SackBlocks) -> None:
    held = _whole(layers, rows, column, 4)
    if held is None:
        return
    layers.columns.icmp_type[held] = layers.heads[:, column][held]
    layers.columns.icmp_code[held] = layers.heads[:, column + 1][held]
    layers.payload[held] = column + 4


_PARSERS = {ICMP: _icmp, TCP: _tcp, UDP: _udp, ICMPV6: _icmp}
