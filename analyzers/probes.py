"""Packets sent to learn about a path: TTL-limited probes and pings, with what answered them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from analyzers.facts import IcmpError
from analyzers.quotes import ICMP, ICMPV6, TCP, UDP
from captures.lazyclass import dataclass
from captures.packets import ACK, LATER_FRAGMENT, RST, SYN, Capture, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: traceroute and mtr go up to 30; paths longer than this do not occur.
MAX_PROBE_TTL = 40
DNS_PORT = 53
#: A walk along the path begins near the sender.
FIRST_TTLS = 3
#: The same packet at two interfaces of the capturing host (`-i any`) is seen within this.
DUPLICATE_NS = 1_000_000

_ECHO_REQUESTS, _ECHO_REPLIES = (8, 128), (0, 129)


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe, and the first answer to it."""

    row: int
    ttl: int
    source: int
    destination: int
    """Addresses as indices into the table's."""
    protocol: str
    answer_row: int | None
    error: IcmpError | None
    """The answer, where it is an ICMP error; None for one of the destination itself."""
    reply_row: int | None
    """What came in the name of the destination, also where a router reported the probe expired."""


def limited_rows(table: PacketTable, errors: Iterable[IcmpError]) -> Int64:
    """Rows of TTL-limited probes: low TTLs that make a walk, or that a router reported expired."""
    low = (table.ttl <= MAX_PROBE_TTL) & (table.ttl > 0)
    rows: Int64 = np.flatnonzero(low & _can_probe(table))
    if not len(rows):
        return rows
    rows = rows[~multicast_addresses(table)[table.destination[rows]]]
    pair = table.source[rows].astype(np.int64) << 32 | table.destination[rows].astype(np.int64)
    _, walk = np.unique(pair, return_inverse=True)
    walk = walk * 256 + table.protocol[rows]
    expired = [e.quoted_frame - 1 for e in errors if e.kind == "time_exceeded" and e.quoted_frame]
    chosen = walk[np.isin(rows, expired)]
    steps = np.unique(walk * 256 + table.ttl[rows])
    walks, first, count = np.unique(steps >> 8, return_index=True, return_counts=True)
    near = (steps[first] & 255) <= FIRST_TTLS
    return rows[np.isin(walk, chosen) | np.isin(walk, walks[(count > 1) & near])]


def limited_probes(capture: Capture, errors: Sequence[IcmpError]) -> list[Probe]:
    """TTL-limited probes with their answers, in file order."""
    return _answered(capture, limited_rows(capture.table, errors), errors)


def pings(capture: Capture, errors: Sequence[IcmpError]) -> list[Probe]:
    """Echo requests with a TTL that gets them there, with their answers, in file order."""
    table = capture.table
    rows = np.flatnonzero(_is_echo(table, _ECHO_REQUESTS) & (table.ttl > MAX_PROBE_TTL))
    return _answered(capture, rows, errors)


def _can_probe(table: PacketTable) -> Bools:
    opens: Bools = (table.protocol == TCP) & ((table.tcp_flags & (SYN | ACK)) == SYN)
    whole: Bools = (table.fragment & LATER_FRAGMENT) == 0
    probes: Bools = whole & (opens | (table.protocol == UDP) | _is_echo(table, _ECHO_REQUESTS))
    return probes


def _is_echo(table: PacketTable, types: tuple[int, int]) -> Bools:
    v4: Bools = (table.protocol == ICMP) & (table.icmp_type == types[0])
    v6: Bools = (table.protocol == ICMPV6) & (table.icmp_type == types[1])
    return v4 | v6


def multicast_addresses(table: PacketTable) -> Bools:
    """Which addresses, by index, are no single host; the last entry is for "no address", -1."""
    return np.array([a.is_multicast for a in table.addresses] + [True], dtype=np.bool_)


def _answered(capture: Capture, rows: Int64, errors: Iterable[IcmpError]) -> list[Probe]:
    table = capture.table
    by_row: dict[int, IcmpError] = {}
    for error in errors:
        if error.quoted_frame is not None and error.kind != "redirect":
            by_row.setdefault(error.quoted_frame - 1, error)
    replies = _Replies(capture, rows)
    names = {TCP: "tcp", UDP: "udp"}
    probes = []
    for row in _without_duplicates(capture, rows):
        answer = by_row.get(row)
        protocol = names.get(int(table.protocol[row]), "icmp")
        # Datagrams between two ports are alike: a reply is taken by the first that lacks one.
        alike = protocol == "udp" and int(table.destination_port[row]) != DNS_PORT
        reply = None if answer and alike else replies.to(row)
        probes.append(
            Probe(
                row=row,
                ttl=int(table.ttl[row]),
                source=int(table.source[row]),
                destination=int(table.destination[row]),
                protocol=protocol,
                answer_row=answer.frame - 1 if answer else reply,
                error=answer,
                reply_row=reply,
            )
        )
    return probes


def _without_duplicates(capture: Capture, rows: Int64) -> Iterator[int]:
    seen: dict[tuple[object, ...], int] = {}
    for row in rows.tolist():
        table = capture.table
        key = (*_key(capture, row), int(table.ttl[row]), int(table.ip_id[row]))
        time_ns = int(table.time_ns[row])
        before, seen[key] = seen.get(key), time_ns
        if before is None or abs(time_ns - before) > DUPLICATE_NS:
            yield row


def _key(capture: Capture, row: int) -> tuple[object, ...]:
    """What tells a probe from the others, apart from its TTL."""
    table = capture.table
    key = (
        int(table.source[row]),
        int(table.destination[row]),
        int(table.source_port[row]),
        int(table.destination_port[row]),
    )
    if table.protocol[row] == TCP:
        return *key, (int(table.seq[row]) + 1) & 0xFFFFFFFF
    if table.protocol[row] == UDP:
        return *key, _query_id(capture, row, key[3])
    return *key, capture.payload(row)[:4]


def _query_id(capture: Capture, row: int, port: int) -> bytes:
    """Of a DNS message: a resolver repeats it, whatever else it answers meanwhile."""
    return capture.payload(row)[:2] if port == DNS_PORT else b""


class _Replies:
    """What destinations sent back to those who probed them."""

    def __init__(self, capture: Capture, probes: Int64) -> None:
        self._capture = capture
        self._rows: dict[tuple[object, ...], list[int]] = defaultdict(list)
        self._used: dict[tuple[object, ...], int] = defaultdict(int)
        table = capture.table
        if not len(probes):
            return
        ends = np.zeros((2, len(table.addresses) + 1), dtype=np.bool_)
        ends[0, table.destination[probes]] = True
        ends[1, table.source[probes]] = True
        answers = (table.protocol == TCP) & (
            ((table.tcp_flags & (SYN | ACK)) == (SYN | ACK)) | ((table.tcp_flags & RST) != 0)
        )
        answers |= (table.protocol == UDP) | _is_echo(table, _ECHO_REPLIES)
        answers &= ends[0][table.source] & ends[1][table.destination]
        for row in np.flatnonzero(answers).tolist():
            self._rows[self._key(row)].append(row)

    def to(self, probe: int) -> int | None:
        """The first reply after a probe that no earlier probe has taken."""
        key = _key(self._capture, probe)
        rows = self._rows.get(key, [])
        at = self._used[key] if rows else 0
        while at < len(rows) and rows[at] < probe:
            at += 1
        if at >= len(rows):
            return None
        self._used[key] = at + 1
        return rows[at]

    def _key(self, row: int) -> tuple[object, ...]:
        """As `_key` of the probe that a reply answers."""
        table = self._capture.table
        key = (
            int(table.destination[row]),
            int(table.source[row]),
            int(table.destination_port[row]),
            int(table.source_port[row]),
        )
        if table.protocol[row] == TCP:
            return *key, int(table.ack[row])
        if table.protocol[row] == UDP:
            return *key, _query_id(self._capture, row, key[3])
        return *key, self._capture.payload(row)[:4]
