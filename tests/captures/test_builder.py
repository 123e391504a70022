"""The table grows with the capture, whatever its beginning promised."""

from __future__ import annotations

from dataclasses import fields

from captures.container import MAX_ROWS
from captures.packets import PacketColumns
from tests import packets
from tests.captures.containers import Record, capture, pcap

SMALL = packets.ip("192.0.2.1", "192.0.2.2", 6, packets.tcp(1, 2, 3, 4, 16))


def test_more_rows_than_the_beginning_promised() -> None:
    large = packets.ip("192.0.2.2", "192.0.2.1", 6, packets.tcp(2, 1, 5, 6, 16, b"x" * 9000))
    records = [Record(row, large) for row in range(2000)]
    records += [Record(row, SMALL) for row in range(2000, 2 * MAX_ROWS)]
    with capture(pcap(records, nanoseconds=True)) as result:
        assert result.table.time_ns.tolist() == list(range(2 * MAX_ROWS))
        assert result.table.seq.tolist() == [5] * 2000 + [3] * (2 * MAX_ROWS - 2000)
        assert result.table.window_scale.tolist() == [-1] * (2 * MAX_ROWS)
        assert result.payload(1999) == b"x" * 9000


def test_columns_have_one_entry_per_packet() -> None:
    with capture(pcap([Record(0, SMALL)] * 3)) as result:
        table = result.table
        names = [field.name for field in fields(PacketColumns)]
        assert {len(getattr(table, name)) for name in names} == {3}
        assert len(table) == 3
