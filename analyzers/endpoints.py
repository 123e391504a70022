"""Which end of each TCP stream is the client, from SYNs where seen, else from port numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.flows import StreamRows
from captures.lazyclass import dataclass
from captures.packets import ACK, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: Ports that servers listen on although clients may be given lower ones: alternative HTTP ports
#: (IANA), and what Squid, Athens and Go's own tools listen on by default.
LISTENING_PORTS = (1080, 3000, 3128, 5000, 8000, 8080, 8081, 8443, 8888)

#: Below, ports are given to services only (RFC 6335 section 6).
FIRST_USER_PORT = 1024


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One row per stream: addresses (as indices into the table's) and ports of both ends."""

    client: Int64
    client_port: Int64
    server: Int64
    server_port: Int64
    midway: Bools
    """Neither SYN nor SYN-ACK was seen: ports decided."""


def endpoints(table: PacketTable, streams: StreamRows) -> Endpoints:
    """Tell client from server for every stream."""
    rows, count = streams.rows, len(streams)
    stream = np.repeat(np.arange(count), np.diff(streams.starts))
    handshake = table.tcp_flags[rows] & (SYN | ACK)
    witness = streams.rows[streams.starts[:-1]].copy()
    decided = np.zeros(count, dtype=np.bool_)
    answered = np.zeros(count, dtype=np.bool_)
    for kind in (SYN | ACK, SYN):
        places = np.flatnonzero(handshake == kind)
        numbers, first = np.unique(stream[places], return_index=True)
        witness[numbers] = rows[places[first]]
        decided[numbers] = True
        answered[numbers] = kind != SYN
    swap = np.where(decided, answered, _first_sender_serves(table, witness))
    ends = (table.source, table.destination, table.source_port, table.destination_port)
    source, destination, source_port, destination_port = (c[witness].astype(np.int64) for c in ends)
    return Endpoints(
        client=np.where(swap, destination, source),
        client_port=np.where(swap, destination_port, source_port),
        server=np.where(swap, source, destination),
        server_port=np.where(swap, source_port, destination_port),
        midway=~decided,
    )


def _first_sender_serves(table: PacketTable, rows: Int64) -> Bools:
    """Return whether port numbers say that the sender of each row is the server."""
    source = _listening_rank(table.source_port[rows])
    destination = _listening_rank(table.destination_port[rows])
    return source < destination


def _listening_rank(ports: npt.NDArray[np.uint16]) -> Int64:
    """Return numbers that are the lower the more a port looks like one that is listened on."""
    known = (ports < FIRST_USER_PORT) | np.isin(ports, LISTENING_PORTS)
    return np.where(known, 0, 1 << 16) + ports.astype(np.int64)
