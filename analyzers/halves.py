"""Builds `Half` facts: what one side of each connection sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.dialogues import dialogues
from analyzers.facts.tcp import Half
from analyzers.grouping import distinct, tuples
from analyzers.paces import paces
from analyzers.retransmissions import Judgement
from analyzers.segments import Segments
from analyzers.totals import Totals
from analyzers.windows import Windows
from captures.lazyclass import dataclass
from captures.packets import RST, SYN, PacketTable

Int64 = npt.NDArray[np.int64]

Column: TypeAlias = Sequence[Any]
"""One field of `Half`, for each half."""


@dataclass(frozen=True, slots=True)
class HalfParts:
    """All that is known about the halves of a batch."""

    seen: Segments
    arrived: Arrivals
    blocks: Blocks
    repeats: Int64
    """Duplicate ACKs."""
    total: Totals
    window: Windows
    judged: Judgement


def halves(
    table: PacketTable, parts: HalfParts, names: Sequence[str], ports: Sequence[int]
) -> Iterator[Half]:
    """Yield the halves of a batch in order; `names` and `ports` are theirs."""
    columns = [names, ports, *_amounts(parts), *_options(table, parts), *_progress(parts)]
    columns += [*_notable(parts), *_ends(table, parts), *_courses(parts)]
    for values in zip(*columns, strict=True):
        yield Half(*values)


def _amounts(parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.packets` to `Half.last_data_frame`."""
    total, seconds, frames = parts.total, parts.seen.time_ns / 1e9, parts.seen.rows + 1
    return [
        total.packets.tolist(),
        total.payload_bytes.tolist(),
        total.data_packets.tolist(),
        _at(seconds, total.first),
        _at(seconds, total.last),
        _at(seconds, total.first_data),
        _at(frames, total.first_data),
        _at(seconds, total.last_data),
        _at(frames, total.last_data),
    ]


def _options(table: PacketTable, parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.ttl` to `Half.max_ip_length`."""
    total, rows = parts.total, parts.seen.rows
    syn = total.first_syn
    return [
        [ttl if ttl >= 0 else None for ttl in total.ttl.tolist()],
        _at(table.ttl[rows], syn),
        [mss or None for mss in _at(table.mss[rows], syn)],
        [s if s is not None and s >= 0 else None for s in _at(table.window_scale[rows], syn)],
        [bool(sack) for sack in _at(table.sack_permitted[rows], syn)],
        total.stamps.tolist(),
        total.max_segment.tolist(),
        total.max_ip_length.tolist(),
    ]


def _progress(parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.acked_bytes` to `Half.missing_bytes`."""
    total = parts.total
    return [
        total.acked.tolist(),
        _at(parts.seen.rows + 1, total.acked_by),
        total.unseen.tolist(),
        total.missing.tolist(),
    ]


def _notable(parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.retransmissions` to `Half.syn_times_s`."""
    seen, judged, reports = parts.seen, parts.judged, parts.blocks
    syns = np.flatnonzero((seen.flags & (SYN | RST)) == SYN)
    found: list[Mapping[int, tuple[object, ...]]] = [
        judged.retransmissions,
        {h: tuple(o.frame for o in late) for h, late in judged.overtaken.items()},
        _frames(seen, parts.repeats),
        parts.window.zero,
        _frames(seen, parts.window.full),
        _frames(seen, np.flatnonzero(parts.arrived.keep_alive)),
        _frames(seen, distinct(reports.segment[reports.duplicate])),
        _frames(seen, syns),
        tuples(seen.half[syns], (seen.time_ns[syns] / 1e9).tolist()),
    ]
    return [[by_half.get(half, ()) for half in range(seen.halves)] for by_half in found]


def _ends(table: PacketTable, parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.fin_frame` on."""
    fin, late = parts.total.first_fin, parts.judged.late_originals
    return [
        _at(parts.seen.rows + 1, fin),
        _at(parts.seen.time_ns / 1e9, fin),
        _at(table.ttl[parts.seen.rows], fin),
        [window if window >= 0 else None for window in parts.window.highest.tolist()],
        [late.get(half, ()) for half in range(parts.seen.halves)],
    ]


def _courses(parts: HalfParts) -> list[Column]:
    """Return the columns from `Half.sent_bytes` to `Half.pace`."""
    seen, numbers = parts.seen, range(parts.seen.halves)
    asked, pace = dialogues(seen, parts.arrived, parts.blocks), paces(seen)
    return [
        parts.total.sent.tolist(),
        [parts.judged.overtaken.get(half, ()) for half in numbers],
        asked,
        [pace.get(half) for half in numbers],
    ]


def _frames(seen: Segments, places: Int64) -> dict[int, tuple[int, ...]]:
    """Return the frames of some segments, by half."""
    return tuples(seen.half[places], (seen.rows[places] + 1).tolist())


def _at(values: npt.NDArray[Any], places: Int64) -> list[Any]:
    """Return the values at places, None where the place is -1."""
    found = zip(values[places].tolist(), places.tolist(), strict=True)
    return [value if place >= 0 else None for value, place in found]
