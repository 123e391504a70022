"""Spans in which a connection moved no new data although it was open, and what they waited for."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.side import Side
from analyzers.facts.tcp import Silence
from analyzers.gaps import CLIENT, SERVER, Gap, gaps
from analyzers.restarts import restarts
from analyzers.segments import Segments
from captures.packets import FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

SHORTEST_NS = 200_000_000

#: Waiting for one round trip is no silence: a span must be so many times the smallest one.
ROUND_TRIPS = 1.25


def silences(
    table: PacketTable, seen: Segments, arrived: Arrivals, server_rtt_s: Float64, last_ns: int
) -> dict[int, tuple[Silence, ...]]:
    """Return the silences of each stream.

    `server_rtt_s` has each stream's smallest round trip to its server (infinite: unknown),
    `last_ns` the time of the capture's last packet since its first.
    """
    begin, end = _spans(seen, arrived, server_rtt_s, last_ns)
    if not len(begin):
        return {}
    end_ns = np.where(end >= 0, seen.time_ns[end], last_ns)
    columns = (
        seen.half[begin] >> 1,
        seen.time_ns[begin] / 1e9,
        end_ns / 1e9,
        seen.rows[begin] + 1,
        np.where(end >= 0, seen.rows[end] + 1, 0),
    )
    found: dict[int, list[Silence]] = defaultdict(list)
    for gap, restart, (stream, start_s, end_s, after, before) in zip(
        gaps(table, seen, arrived, begin, end, end_ns),
        restarts(table, seen, end, server_rtt_s),
        zip(*(c.tolist() for c in columns), strict=True),
        strict=True,
    ):
        found[stream].append(
            Silence(
                start_s,
                end_s,
                after,
                before or None,
                _cause(gap, restart.after_loss),
                *_ends(gap),
                restart.lost_packets,
                restart.slow,
            )
        )
    return {stream: tuple(spans) for stream, spans in found.items()}


def _ends(gap: Gap) -> tuple[Side, Side | None]:
    """Who sent last before a span, and who ended it."""
    sides = (Side.CLIENT, Side.SERVER)
    return sides[gap.starter], sides[gap.ender] if gap.ender >= 0 else None


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
    shortest[known] = np.maximum(SHORTEST_NS, server_rtt_s[known] * ROUND_TRIPS * 1e9)
    long = until - seen.time_ns[order] > shortest[stream]
    long &= ~_closed(seen, order, stream)
    return order[long], following[long]


def _in_file_order(seen: Segments, places: Int64) -> Int64:
    """Sort segments by stream, then by row."""
    width = int(seen.rows.max()) + 1
    return np.asarray(places[np.argsort((seen.half[places] >> 1) * width + seen.rows[places])])


def _closed(seen: Segments, order: Int64, stream: Int64) -> Bools:
    """Return after which segments the connection is closed: a RST, or a FIN of each side."""
    flags, side = seen.flags[order], seen.half[order] & 1
    starts = Segments.firsts(stream)
    lengths = np.diff(np.append(starts, len(stream)))

    def seen_since_start(which: Bools) -> Bools:
        count = np.cumsum(which)
        return np.asarray(count > np.repeat(count[starts] - which[starts], lengths))

    fin = (flags & FIN) != 0
    both = seen_since_start(fin & (side == CLIENT)) & seen_since_start(fin & (side == SERVER))
    return both | seen_since_start((flags & RST) != 0)


def _cause(gap: Gap, after_loss: bool) -> str:
    """Name what the span waited for; see `Silence.cause`. `after_loss`: what ends it had been sent
    before, though the capture never had it."""
    if any(side.shut for side in gap.sides):
        return "window"
    for number, side in enumerate(gap.sides):
        peer = gap.sides[1 - number]
        # A copy that is acknowledged in the span holds nobody up: then the client could go on.
        settled = gap.ender == CLIENT and gap.ends_open and not side.unanswered
        if (side.resent and not settled) or (gap.ender == number and gap.ends_hole):
            return "loss" if peer.spoke or peer.speaks else "path_silent"
        if side.unanswered and gap.ender != number:
            if not peer.spoke:
                return "path_silent"
            if gap.ender < 0:
                # The receiver has bytes above a hole, and nothing more comes to fill it.
                return "unknown" if side.spoke else "path_silent"
    return "loss" if after_loss and gap.ends_open else _idle_cause(gap)


def _idle_cause(gap: Gap) -> str:
    """Name who could have gone on, when nothing was outstanding."""
    client, server = gap.sides
    if client.asked and not (server.spoke or server.speaks):
        return "path_silent"
    if gap.ends_open and gap.ender == CLIENT:
        return "unseen" if gap.ends_unseen else "client_idle"
    if gap.ends_open:
        return "sender_idle"
    if gap.starter == CLIENT:
        return "sender_idle"
    return "client_idle" if gap.ender == SERVER else "unknown"
