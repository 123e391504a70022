"""Packets that a router's capture shows twice: as they came in, and as they left, one hop on.

Distances count from where a packet arrived, whichever copy the file has first. Without such copies
(most captures) the table stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from captures.packets import Capture, PacketTable

Int64 = npt.NDArray[np.int64]

#: A router passes a packet on within this time.
PASSED_NS = 10_000_000
#: An address that is forwarded has about as many packets one hop on: loss and filters take some.
MIN_PASSED = 0.25
#: With more addresses than this, one array of all their TTLs would take too much room.
MOST_ADDRESSES = 65_536
_TTLS = 256


def as_it_arrived(capture: Capture) -> Capture:
    """The same capture; both copies of a forwarded packet have the TTL that it arrived with."""
    ttl = arrival_ttl(capture.table)
    if ttl is capture.table.ttl:
        return capture
    return replace(capture, table=replace(capture.table, ttl=ttl))


def arrival_ttl(table: PacketTable) -> npt.NDArray[np.uint8]:
    """The column `ttl`, with the higher TTL for both copies; the column itself without copies."""
    rows = _candidates(table)
    if len(rows) < 2:
        return table.ttl
    alike = _likeness(table, rows)
    order = np.lexsort((table.time_ns[rows], alike))
    first, second = order[:-1], order[1:]
    ttl, time_ns = table.ttl[rows].astype(np.int16), table.time_ns[rows]
    pairs = np.flatnonzero(
        (alike[first] == alike[second])
        & (time_ns[second] - time_ns[first] <= PASSED_NS)
        & (np.abs(ttl[first] - ttl[second]) == 1)
    )
    if not len(pairs):
        return table.ttl
    arrived = table.ttl.copy()
    one, other = rows[first[pairs]], rows[second[pairs]]
    arrived[one] = arrived[other] = np.maximum(table.ttl[one], table.ttl[other])
    return arrived


def _candidates(table: PacketTable) -> Int64:
    """Rows of addresses whose packets have two TTLs, one apart, about equally often."""
    count = len(table.addresses)
    if not count or count > MOST_ADDRESSES:
        return np.empty(0, dtype=np.int64)
    known = table.source >= 0
    keys = table.source[known].astype(np.int64) * _TTLS + table.ttl[known]
    counts = np.bincount(keys, minlength=count * _TTLS).reshape(count, _TTLS)
    fewer = np.minimum(counts[:, 1:], counts[:, :-1])
    more = np.maximum(counts[:, 1:], counts[:, :-1])
    passed = np.any((fewer > 0) & (fewer >= MIN_PASSED * more), axis=1)
    if not passed.any():
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(known & passed[table.source])


def _likeness(table: PacketTable, rows: Int64) -> npt.NDArray[np.uint64]:
    """One number per row that copies have in common, where the receiver was rewritten (NAT) too."""
    number = np.zeros(len(rows), dtype=np.uint64)
    for column in (
        table.source,
        table.protocol,
        table.ip_id,
        table.ip_length,
        table.source_port,
        table.tcp_flags,
        table.seq,
        table.ack,
        table.tsval,
        table.icmp_type,
    ):
        number *= np.uint64(0x9E3779B97F4A7C15)
        number ^= column[rows].astype(np.uint64)
        number ^= number >> np.uint64(29)
    return number
