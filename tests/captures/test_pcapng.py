"""pcapng: sections, interfaces, every packet block, options, damage."""

from __future__ import annotations

import struct

import pytest

from captures.errors import UnreadableCapture
from captures.packets import INBOUND, OUTBOUND, UNKNOWN
from captures.store import WINDOW
from tests.captures.containers import (
    ETHERNET,
    RAW,
    Record,
    block,
    capture,
    enhanced,
    interface,
    old,
    option,
    pcapng,
    section,
    simple,
)

START_US = 1_700_000_000_123_456


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    records = [Record(1_700_000_000_123_456_789, b"first"), Record(5, b"second!", length=900)]
    with capture(pcapng(records, order=order)) as result:
        assert result.container == "pcapng"
        assert result.table.time_ns.tolist() == [1_700_000_000_123_456_789, 5]
        assert result.table.captured_length.tolist() == [5, 7]
        assert result.table.frame_length.tolist() == [5, 900]
        assert [result.frame_bytes(row) for row in range(2)] == [b"first", b"second!"]
        assert not result.cut


def test_sections_of_different_byte_order_number_interfaces_on() -> None:
    data = (
        section("<")
        + interface(RAW, "<")
        + enhanced(b"a", START_US, "<")
        + section(">")
        + interface(ETHERNET, ">")
        + interface(RAW, ">")
        + enhanced(b"b", START_US, ">", number=1)
        + enhanced(b"c", START_US, ">", number=0)
    )
    with capture(data) as result:
        assert result.table.interface.tolist() == [0, 2, 1]
        assert [item.link_type for item in result.interfaces] == [RAW, ETHERNET, RAW]
        assert result.table.time_ns.tolist() == [START_US * 1000] * 3


def test_interfaces_have_names_and_clocks() -> None:
    data = (
        section()
        + interface(options=option(2, b"eth0\0") + option(3, b"Uplink") + option(9, b"\x03"))
        + interface(options=option(9, b"\x8a") + option(14, struct.pack("<q", 100)))
        + enhanced(b"a", 1500, number=0)
        + enhanced(b"b", 1024 + 512, number=1)
    )
    with capture(data) as result:
        assert [item.name for item in result.interfaces] == ["eth0", ""]
        assert result.interfaces[0].description == "Uplink"
        assert result.table.time_ns.tolist() == [1_500_000_000, 101_500_000_000]


@pytest.mark.parametrize("order", ["<", ">"])
def test_simple_and_old_blocks_mix_with_enhanced_ones(order: str) -> None:
    data = (
        section(order)
        + interface(order=order, snaplen=4)
        + simple(b"early", order=order)
        + enhanced(b"enhanced", START_US, order)
        + simple(b"1234", length=50, order=order)
        + old(b"packet", START_US + 1, order=order, drops=9)
    )
    with capture(data) as result:
        frames = [result.frame_bytes(row) for row in range(4)]
        assert frames == [b"earl", b"enhanced", b"1234", b"packet"]
        assert result.table.frame_length.tolist() == [5, 8, 50, 6]
        # Simple blocks have no time of their own.
        times = [START_US, START_US, START_US, START_US + 1]
        assert result.table.time_ns.tolist() == [time * 1000 for time in times]
        assert result.notes == (
            "simple packet blocks carry no time: they get that of the packet before",
        )


def test_custom_and_journal_blocks_count_as_frames() -> None:
    data = (
        section()
        + interface()
        + block(0xBAD, struct.pack("<I", 32473) + b"ours")
        + enhanced(b"a", START_US)
        + block(9, b"__REALTIME_TIMESTAMP=1\n")
        + enhanced(b"b", START_US)
    )
    with capture(data) as result:
        assert result.table.captured_length.tolist() == [0, 1, 0, 1]
        assert set(result.table.time_ns.tolist()) == {START_US * 1000}


def test_comments_directions_secrets_and_counters() -> None:
    key_log = b"CLIENT_RANDOM 00 11\n"
    data = (
        section(options=option(1, b"the file"))
        + interface(options=option(1, b"the interface"))
        + enhanced(b"a", START_US, options=option(2, struct.pack("<I", 2)))
        + enhanced(
            b"b",
            START_US,
            options=option(2, struct.pack("<I", 1)) + option(1, b"odd") + option(1, b"one"),
        )
        + enhanced(b"c", START_US)
        + block(10, struct.pack("<II", 0x544C534B, len(key_log)) + key_log)
        + block(10, struct.pack("<II", 0x57474B4C, 4) + b"WGKL")
        + block(4, bytes(40))  # name resolution
        + _counters(received=10, dropped=1)
        + _counters(received=20, dropped=2, os_dropped=3)
    )
    with capture(data) as result:
        assert result.comments == (
            (None, "the file"),
            (None, "the interface"),
            (2, "odd"),
            (2, "one"),
        )
        assert result.table.direction.tolist() == [OUTBOUND, INBOUND, UNKNOWN]
        assert result.secrets == (key_log,)
        assert (result.interfaces[0].received, result.interfaces[0].dropped) == (20, 5)


def _counters(received: int, dropped: int, os_dropped: int | None = None) -> bytes:
    options = option(4, struct.pack("<Q", received)) + option(5, struct.pack("<Q", dropped))
    if os_dropped is not None:
        options += option(7, struct.pack("<Q", os_dropped))
    return block(5, struct.pack("<III", 0, 0, 0) + options)


@pytest.mark.parametrize("order", ["<", ">"])
def test_names_of_addresses(order: str) -> None:
    records = option(1, bytes((192, 0, 2, 80)) + b"a.example\0b.example\0", order)
    records += option(2, bytes.fromhex("20010db8" + "00" * 11 + "50") + b"six.example\0", order)
    records += option(1, b"\1\2", order) + option(9, b"unknown", order)
    records += option(0, b"", order) + option(2, b"dns server", order)
    with capture(section(order) + interface(order=order) + block(4, records, order)) as result:
        assert result.names == (
            ("192.0.2.80", "a.example"),
            ("192.0.2.80", "b.example"),
            ("2001:db8::50", "six.example"),
        )


def test_texts_without_end_are_bounded() -> None:
    many = option(1, bytes((192, 0, 2, 80)) + b"a\0" * 30_000) * 12
    with capture(section() + interface() + block(4, many)) as result:
        assert 1000 < len(result.names) < 300_000
        assert result.notes[0].startswith("more than 16 MiB of comments, names and secrets")
    empty = option(1, b"") * 400_000
    with capture(section() + interface(options=empty)) as result:
        assert 1000 < len(result.comments) < 300_000


def test_counters_that_were_not_recorded_are_none() -> None:
    with capture(section() + interface()) as result:
        assert result.interfaces[0].received is None
        assert result.interfaces[0].dropped is None
        assert len(result.table) == 0


def test_packets_of_undescribed_interfaces_keep_their_rows() -> None:
    data = section() + enhanced(b"\x45" + bytes(30), START_US) + interface(RAW)
    with capture(data) as result:
        assert result.table.version.tolist() == [0]
        assert result.notes == ("packets name an interface that the file does not describe",)
        assert result.unsupported_link_types == ()


def test_captured_lengths_are_bounded_by_their_block() -> None:
    lying = bytearray(enhanced(b"abcd", START_US))
    lying[20:24] = struct.pack("<I", 0xFFFFFFFF)
    with capture(section() + interface() + bytes(lying) + enhanced(b"ok", START_US)) as result:
        assert [result.frame_bytes(row) for row in range(2)] == [b"abcd", b"ok"]
        assert result.notes == ("packets claim more captured bytes than their block holds",)


@pytest.mark.parametrize("length", [0, 4, 11, 13, 28, 0xFFFFFFFF, 0x7FFFFFFC])
def test_absurd_block_lengths_end_the_reading(length: int) -> None:
    bad = bytearray(enhanced(b"abcd", START_US))
    bad[4:8] = struct.pack("<I", length)
    with capture(section() + interface() + enhanced(b"ok", START_US) + bytes(bad)) as result:
        assert len(result.table) == 1
        assert result.cut


def test_blocks_that_give_two_lengths_end_the_reading() -> None:
    bad = block(0x77, bytes(8))[:-4] + struct.pack("<I", 16)
    data = section() + interface() + bad + enhanced(b"lost", START_US)
    with capture(data) as result:
        assert len(result.table) == 0
        assert result.cut_reason == (
            "the block at byte 48 gives two lengths: the file is damaged there"
        )


def test_a_cut_file_is_read_up_to_the_cut() -> None:
    data = pcapng([Record(1, b"first"), Record(2, b"second")])
    for missing in range(1, 40):
        with capture(data[:-missing]) as result:
            assert len(result.table) == 1
            assert result.cut_reason == "the file ends inside the block at byte 96"


def test_sections_of_other_versions_are_not_read() -> None:
    data = section() + interface() + enhanced(b"a") + section(major=2) + enhanced(b"b")
    with capture(data) as result:
        assert len(result.table) == 1
        assert result.cut_reason is not None
    with pytest.raises(UnreadableCapture, match="is no capture"):
        capture(section(major=2))


def test_blocks_larger_than_a_window_are_stepped_over() -> None:
    data = section() + interface() + enhanced(b"a") + block(0x77, bytes(WINDOW)) + enhanced(b"b")
    with capture(data) as result:
        assert [result.frame_bytes(row) for row in range(2)] == [b"a", b"b"]
        assert len(result.notes) == 1


def test_packets_across_windows() -> None:
    records = [Record(number, bytes([number % 251]) * 60_001) for number in range(300)]
    with capture(pcapng(records)) as result:
        assert result.table.time_ns.tolist() == list(range(300))
        assert all(result.frame_bytes(row) == records[row].data for row in range(0, 300, 7))


def test_too_many_interfaces_end_the_reading() -> None:
    with capture(section() + interface() * 65_537) as result:
        assert len(result.interfaces) == 65_536
        assert result.cut_reason == "more than 65536 interfaces"


def _stamp(ticks: int) -> bytes:
    return struct.pack("<II", ticks >> 32, ticks & 0xFFFFFFFF)


def test_how_long_recording_went_on_is_read_in_the_interfaces_ticks() -> None:
    # Given counters with their start and end, in microseconds as the interface counts
    body = struct.pack("<I", 0) + _stamp(START_US + 9)
    times = option(2, _stamp(START_US)) + option(3, _stamp(START_US + 5_000_000))
    with capture(section() + interface() + block(5, body + times)) as result:
        assert result.interfaces[0].started_ns == START_US * 1000
        assert result.interfaces[0].ended_ns == START_US * 1000 + 5_000_000_000
    # Without them the time of the counters is the end
    with capture(section() + interface() + block(5, body)) as result:
        assert result.interfaces[0].started_ns is None
        assert result.interfaces[0].ended_ns == (START_US + 9) * 1000


def test_microseconds_that_dumpcap_writes_for_nanoseconds_are_understood() -> None:
    nanoseconds = option(9, b"\x09")
    body = struct.pack("<I", 0) + _stamp(START_US)
    with capture(section() + interface(options=nanoseconds) + block(5, body)) as result:
        assert result.interfaces[0].ended_ns == START_US * 1000
