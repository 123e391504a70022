"""Times of packets in seconds, as facts tell them."""

from __future__ import annotations

from captures.packets import PacketTable


def seconds_at(table: PacketTable, row: int) -> float:
    """Time of a row since the capture's first packet."""
    return seconds_between(table, 0, row)


def seconds_between(table: PacketTable, first: int, last: int) -> float:
    """Time from one row to another; made-up timestamps are too far apart for 64 bits."""
    return (int(table.time_ns[last]) - int(table.time_ns[first])) / 1e9
