"""Spans in which a connection moved no new data although it was open, and what they waited for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import Silence
from analyzers.segments import NOWHERE, Segments
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

SHORTEST_NS = 200_000_000

#: Waiting for one round trip is no silence: a gap must be longer than the smallest by this much.
ROUND_TRIP_SHARE = 1.25

CLIENT, SERVER = 0, 1


@dataclass(slots=True)
class _Gap:
    """One span as the rules read it; pairs are (client, server)."""

    starter: int
    """Who sent the segment that it begins with."""
    ender: int
    """Who sent the segment that ends it, -1 when none does."""
    ends_open: bool
    """A SYN or new data ends it, not a FIN or RST."""
    ends_hole: bool
    """What ends it had been lost or overtaken before."""
    shut: tuple[bool, bool]
    """The side announced no room in it, or before it and not otherwise since."""
    unanswered: tuple[bool, bool]
    """The side has sent something that was not acknowledged by the end of the span."""
    resent: tuple[bool, bool]
    asked: tuple[bool, bool]
    """The side sent a keep-alive or the like."""
    spoke: tuple[bool, bool]
    """The side sent anything in it."""
    speaks: tuple[bool, bool]
    """The side sent anything at its end or later."""


def silences(
    table: PacketTable, seen: Segments, arrived: Arrivals, server_rtt_s: Float64, last_ns: int
) -> dict[int, tuple[Silence, ...]]:
    """Return the silences of each stream.

    `server_rtt_s` has each stream's smallest round trip to its server (infinite: unknown),
    `last_ns` the time of the capture's last packet since its first.
    """
    begin, end = _spans(seen, arrived, server_rtt_s, last_ns)
    found: dict[int, list[Silence]] = defaultdict(list)
    if not len(begin):
        return {}
    until = np.where(end >= 0, seen.time_ns[end], last_ns)
    after = np.where(end >= 0, seen.rows[end] + 1, 0)
    columns = (seen.half[begin] >> 1, seen.time_ns[begin], until, seen.rows[begin] + 1, after)
    gaps = _gaps(table, seen, arrived, begin, end)
    for gap, (stream, start, stop, frame, before) in zip(
        gaps, zip(*(c.tolist() for c in columns), strict=True), strict=True
    ):
        found[stream].append(Silence(start / 1e9, stop / 1e9, frame, before or None, _cause(gap)))
    return {stream: tuple(spans) for stream, spans in found.items()}


def _spans(
    seen: Segments, arrived: Arrivals, server_rtt_s: Float64, last_ns: int
) -> tuple[Int64, Int64]:
    """Return the segments that begin and end each span; -1 when the capture ends in it."""
    control = (seen.flags & (SYN | FIN)) != 0
    moves = (arrived.new_bytes > 0) | (control & (seen.stop > arrived.before))
    moves |= (seen.flags & RST) != 0
    order = _in_file_order(seen, np.flatnonzero(moves))
    stream = seen.half[order] >> 1
    following = np.full(len(order), -1, dtype=np.int64)
    following[:-1] = np.where(stream[1:] == stream[:-1], order[1:], -1)
    until = np.where(following >= 0, seen.time_ns[following], last_ns)
    shortest = np.full(len(server_rtt_s), SHORTEST_NS, dtype=np.float64)
    known = np.isfinite(server_rtt_s)
    shortest[known] = np.maximum(SHORTEST_NS, server_rtt_s[known] * ROUND_TRIP_SHARE * 1e9)
    long = until - seen.time_ns[order] > shortest[stream]
    long &= ~_closed(seen, order, stream)
    return order[long], following[long]


def _in_file_order(seen: Segments, places: Int64) -> Int64:
    """Sort segments by stream, then by row."""
    width = int(seen.rows.max()) + 1 if len(seen.rows) else 1
    return np.asarray(places[np.argsort((seen.half[places] >> 1) * width + seen.rows[places])])


def _closed(seen: Segments, order: Int64, stream: Int64) -> Bools:
    """Return after which segments the connection is closed: a RST, or a FIN of each side."""
    flags, side = seen.flags[order], seen.half[order] & 1
    ended = [(flags & RST) != 0]
    ended += [((flags & FIN) != 0) & (side == which) for which in (CLIENT, SERVER)]
    starts = Segments.firsts(stream)
    lengths = np.diff(np.append(starts, len(stream)))
    counts = [np.cumsum(mark) for mark in ended]
    since = [
        count - np.repeat(count[starts] - mark[starts], lengths)
        for count, mark in zip(counts, ended, strict=True)
    ]
    return np.asarray((since[0] > 0) | ((since[1] > 0) & (since[2] > 0)))


def _gaps(
    table: PacketTable, seen: Segments, arrived: Arrivals, begin: Int64, end: Int64
) -> list[_Gap]:
    """Collect what happened in each span."""
    width = int(seen.rows.max()) + 1
    keys = seen.half * width + seen.rows
    stream = seen.half[begin] >> 1
    stop_row = np.where(end >= 0, seen.rows[end], width - 1 + (end < 0))
    shut = _shut(table, seen)
    again = ((seen.flags & (SYN | FIN)) != 0) & (seen.stop <= arrived.before)
    counts = [np.cumsum(mark) for mark in (arrived.behind | again, arrived.keep_alive)]
    sides: list[list[list[bool]]] = []
    highest, acked = seen.highest(seen.stop), seen.highest(seen.ack)
    lasts = [_last_before(seen, keys, stream * 2 + s, stop_row, width) for s in (CLIENT, SERVER)]
    for side in (CLIENT, SERVER):
        half = stream * 2 + side
        last = lasts[side]
        first = _last_before(seen, keys, half, seen.rows[begin] + 1, width)
        final = np.searchsorted(seen.half, half, side="right") - 1
        heard = np.where(lasts[1 - side] >= 0, acked[lasts[1 - side]], NOWHERE)
        sent = np.where(last >= 0, highest[last], NOWHERE)
        since = [np.where(last >= 0, c[last], 0) - _count_at(c, seen, first, half) for c in counts]
        sides.append([
            (shut[last] & (last >= 0)).tolist(),
            (sent > heard).tolist(),
            (since[0] > 0).tolist(),
            (since[1] > 0).tolist(),
            (last > first).tolist(),
            ((final > last) & (seen.half[final] == half)).tolist(),
        ])  # fmt: skip
    ends = end >= 0
    return [
        _Gap(starter, ender, open_, hole, *((c, s) for c, s in zip(client, server, strict=True)))
        for starter, ender, open_, hole, client, server in zip(
            (seen.half[begin] & 1).tolist(),
            np.where(ends, seen.half[end] & 1, -1).tolist(),
            (ends & ((seen.flags[end] & (FIN | RST)) == 0)).tolist(),
            (ends & (arrived.behind[end] | again[end])).tolist(),
            zip(*sides[CLIENT], strict=True),
            zip(*sides[SERVER], strict=True),
            strict=True,
        )
    ]


def _count_at(count: Int64, seen: Segments, place: Int64, half: Int64) -> Int64:
    """Return a running count at a place, or at the end of the half before when there is none."""
    before = np.searchsorted(seen.half, half) - 1
    return np.where(place >= 0, count[place], np.where(before >= 0, count[before], 0))


def _last_before(seen: Segments, keys: Int64, half: Int64, row: Int64, width: int) -> Int64:
    """Return the last segment of a half before a row, -1 without any."""
    place: Int64 = np.searchsorted(keys, half * width + row) - 1
    place[seen.half[place] != half] = -1
    return place


def _shut(table: PacketTable, seen: Segments) -> Bools:
    """Return for each segment whether its half's latest window, then, was zero."""
    tells = (seen.flags & (ACK | SYN | FIN | RST)) == ACK
    latest = np.maximum.accumulate(np.where(tells, np.arange(len(tells)), -1))
    same = (latest >= 0) & (seen.half[latest] == seen.half)
    return np.asarray(same & (table.window[seen.rows[latest]] == 0))


def _cause(gap: _Gap) -> str:
    """Name what the span waited for; see `Silence.cause`."""
    if any(gap.shut):
        return "window"
    for side in (CLIENT, SERVER):
        peer = 1 - side
        heard = gap.spoke[peer] or gap.speaks[peer]
        if gap.resent[side] or (gap.ender == side and gap.ends_hole):
            return "loss" if heard else "path_silent"
        if gap.unanswered[side] and not gap.spoke[peer] and gap.ender != side:
            return "path_silent"
        if gap.unanswered[side] and gap.spoke[peer] and gap.ender < 0:
            # The receiver has bytes above a hole, and nothing more comes to fill it.
            return "path_silent" if not gap.spoke[side] else "unknown"
    if gap.asked[CLIENT] and not (gap.spoke[SERVER] or gap.speaks[SERVER]):
        return "path_silent"
    if gap.ends_open:
        return "client_idle" if gap.ender == CLIENT else "sender_idle"
    if gap.starter == CLIENT:
        return "sender_idle"
    return "client_idle" if gap.ender == SERVER else "unknown"
