"""pcap: byte orders, time units, old and modified formats, damage."""

from __future__ import annotations

import struct

import pytest

from captures.container import MAX_RECORD, MAX_ROWS
from captures.errors import UnreadableCapture
from captures.store import WINDOW
from tests.captures.containers import ETHERNET, RAW, Record, capture, pcap

RECORDS = [Record(1_700_000_000_123_456_789, b"first"), Record(5_000, b"second", length=900)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_both_byte_orders_and_units(order: str, nanoseconds: bool) -> None:
    with capture(pcap(RECORDS, order=order, nanoseconds=nanoseconds)) as result:
        expected = 1_700_000_000_123_456_789 if nanoseconds else 1_700_000_000_123_456_000
        assert result.container == "pcap"
        assert result.table.time_ns.tolist() == [expected, 5_000]
        assert result.table.captured_length.tolist() == [5, 6]
        assert result.table.frame_length.tolist() == [5, 900]
        assert [result.frame_bytes(row) for row in range(2)] == [b"first", b"second"]
        assert not result.cut


def test_modified_format_has_longer_record_headers() -> None:
    with capture(pcap(RECORDS, modified=True)) as result:
        assert [result.frame_bytes(row) for row in range(2)] == [b"first", b"second"]


@pytest.mark.parametrize("version", [(2, 2), (543, 0)])
def test_old_versions_swap_the_lengths(version: tuple[int, int]) -> None:
    data = pcap(RECORDS, version=(2, 2))
    data = data[:4] + struct.pack("<HH", *version) + data[8:]
    with capture(data) as result:
        assert result.table.captured_length.tolist() == [5, 6]
        assert result.table.frame_length.tolist() == [5, 900]


def test_frame_check_bits_are_no_part_of_the_link_type() -> None:
    data = bytearray(pcap(RECORDS, link_type=ETHERNET))
    data[20:24] = struct.pack("<I", 0x24000000 | ETHERNET)
    with capture(bytes(data)) as result:
        assert result.interfaces[0].link_type == ETHERNET
        assert result.unsupported_link_types == ()


def test_no_packets_is_a_capture() -> None:
    with capture(pcap([])) as result:
        assert len(result.table) == 0
        assert result.table.addresses == ()
        assert not result.cut


def test_invalid_and_late_times_survive() -> None:
    data = pcap([])
    data += struct.pack("<IIII", 0xFFFFFFFF, 2_000_000, 0, 0)
    with capture(data) as result:
        assert result.table.time_ns.tolist() == [0xFFFFFFFF * 10**9 + 2 * 10**9]


@pytest.mark.parametrize("missing", [1, 6, 7, 21, 22])
def test_a_cut_file_is_read_up_to_the_cut(missing: int) -> None:
    # 22 is the second record: 16 bytes of header and 6 of data.
    with capture(pcap(RECORDS)[:-missing]) as result:
        assert len(result.table) == 1
        assert result.cut_reason == (None if missing == 22 else "the file ends inside record 2")


@pytest.mark.parametrize("claimed", [MAX_RECORD + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_absurd_length_ends_the_reading(claimed: int) -> None:
    data = pcap(RECORDS) + struct.pack("<IIII", 0, 0, claimed, 60) + bytes(60)
    with capture(data) as result:
        assert len(result.table) == 2
        assert result.cut_reason == (f"record 3 claims {claimed} bytes: the file is damaged there")


def test_a_file_that_ends_inside_its_header_is_refused() -> None:
    with pytest.raises(UnreadableCapture, match="ends inside its own header"):
        capture(pcap([])[:20])


def test_unknown_link_types_keep_their_rows() -> None:
    with capture(pcap(RECORDS, link_type=147)) as result:
        assert result.table.version.tolist() == [0, 0]
        assert result.unsupported_link_types == (147,)


def test_records_across_windows_and_batches() -> None:
    # More rows than one batch takes, more bytes than one window.
    small = [Record(number, b"x" * (number % 7)) for number in range(2 * MAX_ROWS + 5)]
    large = [Record(number, b"y" * 200_000) for number in range(WINDOW // 200_000 + 3)]
    with capture(pcap(small + large + small, link_type=RAW, nanoseconds=True)) as result:
        lengths = [len(record.data) for record in small + large + small]
        assert result.table.captured_length.tolist() == lengths
        assert not result.cut
        last = len(lengths) - 1
        assert result.frame_bytes(last) == small[-1].data
