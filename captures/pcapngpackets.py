"""pcapng packet blocks: from where they start to a batch of packets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from captures.arrays import Bools, Int64, UInt8, UInt32, UInt64
from captures.batch import Batch
from captures.container import Findings
from captures.pcapngblocks import COMMENT, Section, stranger
from captures.pcapngtime import to_ns
from captures.store import HEAD, Window

ENHANCED, _SIMPLE, _OLD = 6, 3, 2

#: Wireshark numbers these as frames, so they are rows here too: systemd journal entries,
#: sysdig events, custom blocks.
_NO_PACKETS = (9, 0x204, 0x216, 0x221, 0xBAD, 0x40000BAD)

#: Shortest sound block of each type that makes a row.
SMALLEST = {ENHANCED: 32, _SIMPLE: 16, _OLD: 32} | dict.fromkeys(_NO_PACKETS, 12)

#: From a block's start to its body, and to the packet's first byte.
_BODY = 8
_DATA = 28
_SIMPLE_DATA = 12
#: Bytes of a block that are not packet or options.
_AROUND = 32

_FLAGS, _DROPS = 2, 4
_MAX_OPTIONS = 64


def read_packets(window: Window, starts: list[int], section: Section, found: Findings) -> Batch:
    """Return the packets of blocks that all belong to one section, in order."""
    at = np.array(starts, dtype=np.int64)
    rows = window.gather(at, _DATA + HEAD)
    words: UInt32 = rows[:, :_DATA].view(section.order + "u4")
    kind, block = words[:, 0], words[:, 1].astype(np.int64)
    captured = words[:, 5].astype(np.int64)
    room = block - _AROUND
    batch = Batch(
        heads=rows[:, _DATA:],
        offset=window.at + at + _DATA,
        captured=np.minimum(captured, room),
        length=words[:, 6].astype(np.int64),
        time_ns=np.zeros(len(at), dtype=np.int64),
        interface=words[:, 2].astype(np.int64),
    )
    ticks = words[:, 3].astype(np.uint64) << np.uint64(32) | words[:, 4]
    enhanced = kind == ENHANCED
    if not enhanced.all():
        _other_blocks(batch, rows, words, section, found)
        ticks[(kind != ENHANCED) & (kind != _OLD)] = 0
        enhanced |= kind == _OLD
    if (enhanced & (captured > room)).any():
        found.note("packets claim more captured bytes than their block holds")
    _name_interfaces(batch, ticks, section, found)
    _carry_time(batch, enhanced, found)
    optional = np.flatnonzero(enhanced & (room - (batch.captured + 3 & ~3) >= 4))
    if len(optional):
        _read_options(batch, window, at + block - 4, optional, section, found)
    return batch


def _other_blocks(
    batch: Batch, rows: UInt8, words: UInt32, section: Section, found: Findings
) -> None:
    """Correct the rows of blocks that are not laid out as enhanced packet blocks."""
    kind = words[:, 0]
    old = kind == _OLD
    # A 16-bit interface, then a 16-bit drop count.
    shift = 0 if section.order == "<" else 16
    batch.interface[old] = batch.interface[old] >> shift & 0xFFFF

    simple = kind == _SIMPLE
    if simple.any():
        found.note("simple packet blocks carry no time: they get that of the packet before")
        snaplen = found.interfaces[section.interfaces[0]].snaplen if section.interfaces else 0
        length = words[simple, 2].astype(np.int64)
        captured = np.minimum(length, words[simple, 1].astype(np.int64) - 16)
        batch.length[simple] = length
        batch.captured[simple] = np.minimum(captured, snaplen) if snaplen else captured
        batch.offset[simple] += _SIMPLE_DATA - _DATA
        heads = batch.heads.copy()
        heads[simple] = rows[simple, _SIMPLE_DATA : _SIMPLE_DATA + HEAD]
        batch.heads = heads

    foreign = ~(old | simple | (kind == ENHANCED))
    batch.offset[foreign] += _BODY - _DATA
    batch.captured[foreign] = 0
    batch.length[foreign] = 0
    batch.interface[simple | foreign] = 0


def _name_interfaces(batch: Batch, ticks: UInt64, section: Section, found: Findings) -> None:
    """Turn the section's interface numbers into the file's, and ticks into time."""
    known = len(section.interfaces)
    strange = batch.interface >= known
    indices = np.array([*section.interfaces, 0], dtype=np.int64)
    if strange.any():
        indices[-1] = stranger(section, found)
        batch.interface[strange] = known
    batch.time_ns = to_ns(
        ticks,
        np.array([*section.resolutions, 6], dtype=np.uint8)[batch.interface],
        np.array([*section.offsets_s, 0], dtype=np.int64)[batch.interface],
    )
    batch.interface = indices[batch.interface]


def _carry_time(batch: Batch, timed: Bools, found: Findings) -> None:
    """Give rows without a time that of the timed row before, or else of the first one after."""
    known = np.flatnonzero(timed)
    if len(known) < len(timed):
        before = np.maximum.accumulate(np.where(timed, np.arange(len(timed)), -1))
        early = found.last_time_ns
        if early is None and len(known):
            early = int(batch.time_ns[known[0]])
        batch.time_ns = np.where(before < 0, early or 0, batch.time_ns[before])
    if len(known):
        found.last_time_ns = int(batch.time_ns[-1])


def _read_options(
    batch: Batch,
    window: Window,
    ends: Int64,
    rows: NDArray[np.intp],
    section: Section,
    found: Findings,
) -> None:
    """Step through the options of all rows at once: comments, direction, drop counts."""
    data = np.frombuffer(window.data, dtype=np.uint8)
    low, high = (0, 1) if section.order == "<" else (1, 0)
    at = batch.offset[rows] - window.at + (batch.captured[rows] + 3 & ~3)
    end = ends[rows]
    direction = np.zeros(len(batch), dtype=np.uint8)
    for _ in range(_MAX_OPTIONS):
        inside = at + 4 <= end
        rows, at, end = rows[inside], at[inside], end[inside]
        code = data[at + low] | data[at + high].astype(np.int64) << 8
        size = data[at + 2 + low] | data[at + 2 + high].astype(np.int64) << 8
        sound = (code != 0) & (at + 4 + size <= end)
        rows, at, end, code, size = (part[sound] for part in (rows, at, end, code, size))
        if not len(rows):
            break
        flags = (code == _FLAGS) & (size == 4)
        direction[rows[flags]] = data[at[flags] + 4 + 3 * low] & 3
        for chosen in np.flatnonzero(code == COMMENT).tolist():
            start = int(at[chosen]) + 4
            text = bytes(window.data[start : start + int(size[chosen])])
            found.comment(found.rows + int(rows[chosen]) + 1, text)
        at = at + 4 + (size + 3 & ~3)
    # Value 3 is not assigned.
    batch.direction = np.where(direction < 3, direction, 0).astype(np.uint8)
