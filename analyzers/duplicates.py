"""Segments that the capture recorded twice: on two interfaces, before and after a router, by a tap.

A copy made by the capture is the same packet: same IP identification, same TCP header, moments
later. A retransmission is a new packet around old bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.segments import Segments
from captures.packets import FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: Bridges, `-i any` and mirror ports deliver the second copy within this time.
COPY_NS = 1_000_000

#: A router that also mirrors, or hairpins, takes longer; its copy has one hop less. So may a link
#: that delivers twice; the timestamp is the same then too.
ROUTED_NS = 10_000_000

#: Without an IP identification (IPv6, or 0 as RFC 6864 allows) nothing is resent so soon.
COPY_WITHOUT_ID_NS = 200_000

#: How many segments of the same half may come between a packet and its copy.
REACH = 32


def duplicates(table: PacketTable, seen: Segments) -> Bools:
    """Return which segments are copies of an earlier one that the capture made."""
    copy = np.zeros(len(seen.rows), dtype=np.bool_)
    if len(copy) < 2:
        return copy
    pending = np.flatnonzero((seen.stop <= seen.stop_before) & ~seen.acks_more)
    unsure: list[npt.NDArray[np.intp]] = []
    order = _order(seen)
    for direction in (1,) if order is None else (1, -1):
        left = pending[~copy[pending]]
        for step in range(1, REACH + 1):
            left, earlier = _near(seen, order, left, direction * step)
            if not len(left):
                break
            before = seen.rows[earlier] < seen.rows[left]
            pairs = _same_packet(table, seen, left[before], earlier[before])
            sure, likely = _judge(table, seen, *pairs)
            copy[sure] = True
            unsure.append(likely)
            left = left[~copy[left]]
    if copy.any() and unsure:
        likely = np.concatenate(unsure)
        streams = np.unique(seen.half[copy] >> 1)
        copy[likely[np.isin(seen.half[likely] >> 1, streams)]] = True
    return copy


def _order(seen: Segments) -> tuple[Int64, Int64] | None:
    """Return the segments in order of time within each half, and each one's place in that; None
    where it is the file's own order.

    Whoever records several interfaces at once gets them block by block: a packet and its copy of
    the same moment are then far apart in the file.
    """
    same = seen.half[1:] == seen.half[:-1]
    if not (same & (seen.time_ns[1:] < seen.time_ns[:-1])).any():
        return None
    order = np.lexsort((seen.rows, seen.time_ns, seen.half))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return order.astype(np.int64), place


def _near(
    seen: Segments, order: tuple[Int64, Int64] | None, segments: Int64, step: int
) -> tuple[Int64, Int64]:
    """Return those segments that have another of their half `step` places before them, and soon
    enough; and those others."""
    if order is None:
        others = segments - step
        inside = others >= 0
    else:
        by_time, place = order
        places = place[segments] - step
        inside = (places >= 0) & (places < len(by_time))
        others = by_time[np.where(inside, places, 0)]
    inside &= seen.half[others] == seen.half[segments]
    inside &= np.abs(seen.time_ns[segments] - seen.time_ns[others]) <= ROUTED_NS
    return segments[inside], others[inside]


def _same_packet(
    table: PacketTable, seen: Segments, late: Int64, early: Int64
) -> tuple[Int64, Int64]:
    """Return those of the pairs that agree in every header field that a copy keeps."""
    # What tells most pairs apart comes first: few are left for the fields behind it.
    for column in (table.ip_id, table.seq, table.tsval, table.ack, table.tsecr, table.window):
        same = column[seen.rows[late]] == column[seen.rows[early]]
        late, early = late[same], early[same]
        if not len(late):
            return late, early
    same = seen.flags[late] == seen.flags[early]
    same &= seen.length[late] == seen.length[early]
    return late[same], early[same]


def _judge(table: PacketTable, seen: Segments, late: Int64, early: Int64) -> tuple[Int64, Int64]:
    """Return those of `late` that are copies, and those that are if their stream has others.

    A bare ACK repeats all its fields when it repeats at all, and forged resets come in series:
    of these only another interface, or a TTL one off, makes a copy.
    """
    a, b = seen.rows[late], seen.rows[early]
    apart = np.abs(seen.time_ns[late] - seen.time_ns[early])
    named = table.ip_id[a] != 0
    elsewhere = (table.interface[a] != table.interface[b]) | (table.device[a] != table.device[b])
    routed = np.abs(table.ttl[a].astype(np.int16) - table.ttl[b].astype(np.int16)) == 1
    elsewhere |= routed
    flags = seen.flags[late]
    telling = (seen.length[late] > 0) | ((flags & (SYN | FIN)) != 0) | named
    telling &= (flags & RST) == 0
    # Nobody sends again within a tick of the clock whose time the segment carries.
    stamped = table.has_timestamps[a] & (seen.length[late] > 0)
    soon = (named & (routed | stamped)) | ((named | elsewhere) & (apart <= COPY_NS))
    soon |= apart <= COPY_WITHOUT_ID_NS
    sure = soon & (telling | elsewhere)
    return late[sure], late[soon & ~sure]
