"""Probes that repeat a step of a connection part of the way: what each of them met.

SYNs, echo requests and datagrams of any traceroute, DNS queries, and ClientHellos on connections
whose SYN had a whole TTL. None of them is a try of anybody's to reach the other end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from analyzers.dnsmessages import parse
from analyzers.facts import (
    Connection,
    IcmpError,
    PathProbe,
    ProbeEnding,
    ProbeStep,
    TlsHandshake,
)
from analyzers.probes import DNS_PORT, Probe, limited_probes, limited_rows
from analyzers.quotes import TCP
from analyzers.times import seconds_at
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, Capture, PacketTable

Int64 = npt.NDArray[np.int64]

MAX_DATA_TTL = 32
"""Data that passes the capture point with less is either at the end of a very long way, or was
never meant to arrive."""
MIN_TTL_STEP = 16
"""Between a SYN and the data of its connection: no change of route takes so much."""


@dataclass(frozen=True, slots=True)
class Limited:
    """What of a capture was sent for a part of the way only."""

    frames: frozenset[int]
    """Openings, datagrams and echo requests, and the ICMP errors about them."""
    data: Mapping[int, Int64]
    """Rows of data by stream."""
    streams: frozenset[int]
    """Streams that consist of probes."""


def limited(
    capture: Capture, connections: Sequence[Connection], errors: Sequence[IcmpError]
) -> Limited:
    """Find them."""
    table = capture.table
    rows = limited_rows(table, errors)
    data = data_rows(table, connections)
    if not len(rows):
        return Limited(frozenset(), data, frozenset(data))
    frames = frozenset((rows + 1).tolist())
    opened = frozenset(
        c.stream for c in connections if c.client.syn_frames and frames >= set(c.client.syn_frames)
    )
    told = frozenset(e.frame for e in errors if e.quoted_frame in frames)
    return Limited(frames | told, data, opened | frozenset(data))


def data_rows(table: PacketTable, connections: Sequence[Connection]) -> dict[int, Int64]:
    """Rows of TTL-limited data by stream."""
    low = (table.ttl <= MAX_DATA_TTL) & (table.payload_length > 0) & (table.protocol == TCP)
    if not low.any():
        return {}
    found = {}
    for connection in connections:
        whole = connection.client.ttl_syn
        rows = connection.rows[low[connection.rows]]
        if whole is None or not len(rows):
            continue
        client = int(table.source[connection.syn_frame - 1]) if connection.syn_frame else -1
        rows = rows[(table.source[rows] == client) & (table.ttl[rows] <= whole - MIN_TTL_STEP)]
        if len(rows):
            found[connection.stream] = rows
    return found


def path_probes(
    capture: Capture,
    connections: Sequence[Connection],
    handshakes: Sequence[TlsHandshake],
    errors: Sequence[IcmpError],
    found: Limited,
) -> tuple[PathProbe, ...]:
    """All of them, in the order in which they were sent."""
    if not found.frames and not found.data:
        return ()
    names = {h.stream: h.client_hello.sni for h in handshakes if h.client_hello is not None}
    streams = {f: c.stream for c in connections for f in c.client.syn_frames}
    probes = [_opening(capture, p, streams) for p in limited_probes(capture, errors)]
    about: dict[int, list[IcmpError]] = defaultdict(list)
    for error in errors:
        if error.quoted_frame is not None:
            about[error.quoted_frame - 1].append(error)
    for stream, rows in found.data.items():
        probes += _hellos(capture, connections[stream], rows, names.get(stream), about)
    return tuple(sorted(probes, key=lambda p: (p.time_s, p.frames[0])))


def _opening(capture: Capture, probe: Probe, streams: Mapping[int, int]) -> PathProbe:
    table, row, error = capture.table, probe.row, probe.error
    step, name = _step(capture, probe)
    expired = error if error is not None and error.kind == "time_exceeded" else None
    at = probe.reply_row
    ending = None if at is None else _ending(table, at)
    if ending is None and error is not None and expired is None:
        at, ending = error.frame - 1, ProbeEnding.UNREACHABLE
    met = at if ending else None
    answers = {row} | {r for r in (probe.answer_row, met) if r is not None}
    return PathProbe(
        step=step,
        destination=str(table.addresses[probe.destination]),
        port=int(table.destination_port[row]) if probe.protocol != "icmp" else None,
        name=name,
        size=int(table.ip_length[row]),
        ttl=probe.ttl,
        time_s=seconds_at(table, row),
        copies=1,
        stream=streams.get(row + 1),
        frames=tuple(sorted(r + 1 for r in answers)),
        expired_at=expired.sender if expired else None,
        ending=ending,
        ending_from=str(table.addresses[table.source[met]]) if met is not None else None,
        ending_ttl=int(table.ttl[met]) if met is not None else None,
    )


def _step(capture: Capture, probe: Probe) -> tuple[ProbeStep, str | None]:
    if probe.protocol == "tcp":
        return ProbeStep.SYN, None
    if probe.protocol == "icmp":
        return ProbeStep.ECHO, None
    if int(capture.table.destination_port[probe.row]) == DNS_PORT:
        message = parse(capture.payload(probe.row))
        if message is not None and not message.is_response and message.name is not None:
            return ProbeStep.QUERY, message.name
    return ProbeStep.DATAGRAM, None


def _ending(table: PacketTable, row: int) -> ProbeEnding | None:
    """What a packet of the destination says to a probe."""
    if table.protocol[row] != TCP:
        return ProbeEnding.ANSWERED
    flags = int(table.tcp_flags[row])
    if flags & RST:
        return ProbeEnding.RESET
    if flags & SYN or table.payload_length[row]:
        return ProbeEnding.ANSWERED
    return ProbeEnding.CLOSED if flags & FIN else None


def _hellos(
    capture: Capture,
    connection: Connection,
    rows: Int64,
    name: str | None,
    about: Mapping[int, list[IcmpError]],
) -> Iterator[PathProbe]:
    """One probe per TTL; a segment that TCP repeats is a copy of it."""
    table = capture.table
    starts = [int(rows[table.ttl[rows] == ttl][0]) for ttl in np.unique(table.ttl[rows])]
    bounds = [*sorted(starts)[1:], int(connection.rows[-1]) + 1]
    for start, stop in zip(sorted(starts), bounds, strict=True):
        own = rows[(rows >= start) & (rows < stop)]
        first = int(table.seq[start])
        copies = own[table.seq[own] == first]
        expired = next(
            (e for row in copies.tolist() for e in about.get(row, ()) if _takes(e, first)), None
        )
        ending, at = _met(table, connection, start, stop, first)
        frames = {int(row) + 1 for row in own}
        frames |= {expired.frame} if expired else set()
        frames |= {at + 1} if at is not None else set()
        yield PathProbe(
            step=ProbeStep.HELLO,
            destination=connection.server.address,
            port=connection.server.port,
            name=name,
            size=int(table.ip_length[own].max()),
            ttl=int(table.ttl[start]),
            time_s=seconds_at(table, start),
            copies=len(copies),
            stream=connection.stream,
            frames=tuple(sorted(frames)),
            expired_at=expired.sender if expired else None,
            ending=ending,
            ending_from=connection.server.address if ending else None,
            ending_ttl=int(table.ttl[at]) if at is not None else None,
        )


def _takes(error: IcmpError, first: int) -> bool:
    """The first segment expired: a later, smaller one may get further than it."""
    return error.kind == "time_exceeded" and error.quoted_sequence == first


def _met(
    table: PacketTable, connection: Connection, start: int, stop: int, first: int
) -> tuple[ProbeEnding | None, int | None]:
    """The first thing said in the server's name, until the client ends the connection itself."""
    rows = connection.rows[(connection.rows > start) & (connection.rows < stop)]
    acknowledged = None
    client = table.source[start]
    for row in rows.tolist():
        if table.source[row] == client:
            if int(table.tcp_flags[row]) & RST:
                break
            continue
        ending = _ending(table, row)
        if ending is not None:
            return ending, row
        moved = (int(table.ack[row]) - first) & 0xFFFFFFFF
        if acknowledged is None and int(table.tcp_flags[row]) & ACK and 0 < moved < 1 << 31:
            acknowledged = row
    return (ProbeEnding.ACKNOWLEDGED if acknowledged is not None else None), acknowledged
