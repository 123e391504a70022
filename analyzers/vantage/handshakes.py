"""What is changed between two points: the options of SYN and SYN-ACK, addresses, numbers, TTLs."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Connection
from analyzers.facts.vantage import Change, Way
from captures.packets import Capture, PacketTable


def changes(near: Capture, far: Capture, a: Connection, b: Connection) -> Iterator[Change]:
    """Differences between the handshakes of one connection at the near and the far point."""
    pairs = ((Way.OUT, a.syn_frame, b.syn_frame), (Way.BACK, a.syn_ack_frame, b.syn_ack_frame))
    for way, near_frame, far_frame in pairs:
        if near_frame is None or far_frame is None:
            continue
        before = _fields(near.table, near_frame - 1)
        after = _fields(far.table, far_frame - 1)
        if way is Way.BACK:
            before, after = after, before
        for what, value in before.items():
            if value != after[what]:
                yield Change(what, way, value, after[what], a.stream, near_frame, far_frame)
    yield from _ends(a, b)


def _fields(table: PacketTable, row: int) -> dict[str, str]:
    """What routers leave alone in a segment that opens a connection."""
    scale = int(table.window_scale[row])
    return {
        "mss": str(int(table.mss[row]) or None),
        "window_scale": str(scale if scale >= 0 else None),
        "sack": "yes" if table.sack_permitted[row] else "no",
        "timestamps": "yes" if table.has_timestamps[row] else "no",
        "window": str(int(table.window[row])),
        "sequence_numbers": str(int(table.seq[row])),
    }


def _ends(a: Connection, b: Connection) -> Iterator[Change]:
    """Address translation, in the direction of the SYN."""
    frames = (a.syn_frame or a.first_frame, b.syn_frame or b.first_frame)
    for what, one, other in (
        ("client_address", a.client, b.client),
        ("server_address", a.server, b.server),
    ):
        if (one.address, one.port) != (other.address, other.port):
            before, after = (f"{h.address} port {h.port}" for h in (one, other))
            yield Change(what, Way.OUT, before, after, a.stream, *frames)
