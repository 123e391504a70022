"""TCP connections: a capture in, one `Connection` fact per stream out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.acks import duplicate_acks, sack_blocks
from analyzers.arrivals import arrivals
from analyzers.breakoffs import break_offs
from analyzers.connstate import summaries
from analyzers.duplicates import duplicates
from analyzers.endpoints import Endpoints, endpoints
from analyzers.facts.tcp import Connection
from analyzers.flows import StreamRows, rows_by_stream, tcp_streams
from analyzers.forwarding import as_it_arrived
from analyzers.grouping import tuples
from analyzers.halves import HalfParts, halves
from analyzers.openings import openings
from analyzers.resending import suspects
from analyzers.resets import resets
from analyzers.retransmissions import judge
from analyzers.rtt import Timings, timings
from analyzers.segments import Segments, batches, segments
from analyzers.silences import silences
from analyzers.totals import totals
from analyzers.turns import turns
from analyzers.windows import windows
from captures.lazyclass import dataclass
from captures.memory import require
from captures.packets import Capture, PacketTable
from captures.watching import Watch, unwatched

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Streams:
    """What the batches of one capture share."""

    recorded: PacketTable
    table: PacketTable
    """The same, with the TTLs that packets arrived with."""
    rows: StreamRows
    ends: Endpoints
    names: tuple[str, ...]
    """Text of each of the table's addresses."""
    blocks: Int64
    """SACK blocks (indices into the table's) by stream."""
    block_starts: Int64
    last_ns: int
    """Time of the capture's last packet since its first."""


def connections(capture: Capture, watch: Watch = unwatched) -> tuple[Connection, ...]:
    """Return all connections; the one at index i is stream i.

    Raises TooLarge when they are too many for this machine's memory.
    """
    table = capture.table
    numbers = tcp_streams(table)
    rows = rows_by_stream(numbers)
    if not len(rows):
        return ()
    require(len(table), len(rows))
    carriers = numbers[table.sack_rows]
    order = np.argsort(carriers, kind="stable")
    shared = _Streams(
        recorded=table,
        table=as_it_arrived(capture).table,
        rows=rows,
        ends=endpoints(table, rows),
        names=tuple(str(address) for address in table.addresses),
        blocks=order,
        block_starts=np.searchsorted(carriers[order], np.arange(len(rows) + 1)),
        last_ns=int(table.time_ns.max() - table.time_ns[0]),
    )
    found: list[Connection] = []
    for batch in batches(rows):
        watch("analysing", float(rows.starts[batch.start]) / len(rows.rows))
        found += _connections(shared, batch)
    return tuple(found)


def _connections(shared: _Streams, batch: range) -> Iterator[Connection]:
    """Yield the connections of a range of streams."""
    table, midway = shared.table, shared.ends.midway[batch.start : batch.stop]
    recorded = segments(table, shared.rows, shared.ends, batch)
    copy = duplicates(shared.recorded, recorded)
    seen = recorded.only(~copy) if copy.any() else recorded
    parts, times = _half_parts(shared, batch, seen)
    arrived, lowest = parts.arrived, times.lowest()
    duplicate = _copies(recorded, copy)
    reset = resets(table, seen, arrived, parts.total, lowest)
    silent = silences(table, seen, arrived, lowest[1::2], shared.last_ns)
    opened = openings(seen, midway)
    broken = break_offs(table, seen, arrived, opened, reset, shared.last_ns)
    turn = turns(seen, arrived, lowest[1::2], parts.judged.retransmissions)
    sides = halves(table, parts, *_ends(shared, batch))
    lines = zip(
        batch,
        opened,
        summaries(table, seen, arrived, _revealed(parts)),
        [rtt if rtt < np.inf else None for rtt in lowest[1::2].tolist()],
        strict=True,
    )
    for number, (stream, opening, (state, history), min_rtt_s) in enumerate(lines):
        rows = shared.rows.of(stream)
        first, last = int(rows[0]), int(rows[-1])
        yield Connection(
            stream=stream,
            client=next(sides),
            server=next(sides),
            first_frame=first + 1,
            last_frame=last + 1,
            first_s=int(table.time_ns[first] - table.time_ns[0]) / 1e9,
            last_s=int(table.time_ns[last] - table.time_ns[0]) / 1e9,
            starts_midway=bool(midway[number]),
            state=state,
            history=history,
            syn_frame=opening.syn_frame,
            syn_ack_frame=opening.syn_ack_frame,
            ack_frame=opening.ack_frame,
            established=opening.established,
            handshake_rtt_s=opening.handshake_rtt_s,
            connect_s=opening.connect_s,
            min_rtt_s=min_rtt_s,
            rtt=times.of(2 * number + 1),
            client_rtt=times.of(2 * number),
            resets=reset.get(number, ()),
            silences=silent.get(number, ()),
            duplicate_frames=duplicate.get(number, ()),
            break_off=broken.get(number),
            turns=turn.get(number, ()),
            rows=rows,
        )


def _half_parts(shared: _Streams, batch: range, seen: Segments) -> tuple[HalfParts, Timings]:
    """Return what the halves of a batch are made of, and their round-trip times."""
    table = shared.table
    bounds = shared.block_starts[[batch.start, batch.stop]].tolist()
    arrived = arrivals(table, seen)
    blocks = sack_blocks(table, seen, shared.blocks[slice(*bounds)])
    repeats = duplicate_acks(table, seen, arrived, blocks)
    times = timings(table, seen, arrived)
    total = totals(table, seen, arrived)
    window = windows(table, seen, arrived, total.first_syn)
    found = suspects(table, seen, arrived, blocks, repeats, times)
    judged = judge(seen, arrived, blocks, found)
    return HalfParts(seen, arrived, blocks, repeats, total, window, judged), times


def _copies(recorded: Segments, copy: Bools) -> dict[int, tuple[int, ...]]:
    """Return the frames recorded twice by stream, in file order."""
    places = np.flatnonzero(copy)
    streams, frames = recorded.half[places] >> 1, recorded.rows[places] + 1
    order = np.lexsort((frames, streams))
    return tuples(streams[order], frames[order].tolist())


def _revealed(parts: HalfParts) -> dict[int, int]:
    """Return the rows that acknowledge what the capture never saw, by the half that sent it."""
    places = parts.total.reveals_unseen
    found = np.flatnonzero(places >= 0)
    rows = parts.seen.rows[places[found]]
    return dict(zip(found.tolist(), rows.tolist(), strict=True))


def _ends(shared: _Streams, batch: range) -> tuple[list[str], list[int]]:
    """Return address and port of each half of a batch."""
    ends, part = shared.ends, slice(batch.start, batch.stop)
    addresses = np.column_stack((ends.client[part], ends.server[part])).ravel()
    ports = np.column_stack((ends.client_port[part], ends.server_port[part])).ravel()
    return [shared.names[address] for address in addresses.tolist()], ports.tolist()
