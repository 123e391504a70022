"""TCP options: the usual layout, every other one, and damaged lists."""

from __future__ import annotations

import struct

from captures.packets import ACK, SYN, Capture
from tests import packets
from tests.captures.containers import Record, capture, frames, pcap

NOP, END = b"\1", b"\0"
TIMESTAMPS = struct.pack("!BBII", 8, 10, 0xFFFFFFFF, 77)
USUAL = NOP * 2 + TIMESTAMPS


def mss(value: int) -> bytes:
    return struct.pack("!BBH", 2, 4, value)


def scale(shift: int) -> bytes:
    return bytes([3, 3, shift])


def sack(*blocks: tuple[int, int]) -> bytes:
    return bytes([5, 2 + 8 * len(blocks)]) + b"".join(struct.pack("!II", *item) for item in blocks)


def packet(options: bytes, flags: int = ACK) -> bytes:
    return packets.ip(
        "192.0.2.1", "198.51.100.2", 6, packets.tcp(1, 2, 3, 4, flags, options=options)
    )


def sacks(result: Capture) -> list[tuple[int, int, int]]:
    table = result.table
    columns = table.sack_rows.tolist(), table.sack_left.tolist(), table.sack_right.tolist()
    return list(zip(*columns, strict=True))


def test_a_linux_syn() -> None:
    with frames(packet(mss(1460) + b"\4\2" + TIMESTAMPS + NOP + scale(7), SYN)) as result:
        table = result.table
        assert (table.mss[0], table.window_scale[0]) == (1460, 7)
        assert table.sack_permitted[0]
        assert table.has_timestamps[0]
        assert (table.tsval[0], table.tsecr[0]) == (0xFFFFFFFF, 77)


def test_no_options() -> None:
    with frames(packet(b"")) as result:
        table = result.table
        assert (table.mss[0], table.window_scale[0]) == (0, -1)
        assert not table.sack_permitted[0]
        assert not table.has_timestamps[0]
        assert sacks(result) == []


def test_usual_timestamps_with_and_without_sack() -> None:
    blocks = [(10, 20), (30, 40), (50, 60)]
    with frames(
        packet(USUAL),
        packet(USUAL + NOP * 2 + sack(*blocks)),
        packet(NOP * 2 + sack((1, 2), (3, 4), (5, 6), (7, 8))),
        packet(b""),
        packet(sack((5, 4)) + NOP * 2 + TIMESTAMPS),
    ) as result:
        assert result.table.has_timestamps.tolist() == [True, True, False, False, True]
        assert result.table.tsecr.tolist() == [77, 77, 0, 0, 77]
        assert sacks(result) == [
            *((1, *block) for block in blocks),
            (2, 1, 2),
            (2, 3, 4),
            (2, 5, 6),
            (2, 7, 8),
            (4, 5, 4),
        ]


def test_sack_rows_count_over_batches() -> None:
    data = [packet(USUAL + NOP * 2 + sack((row, row + 1))) for row in range(40_000)]
    with frames(*data) as result:
        assert sacks(result) == [(row, row, row + 1) for row in range(40_000)]


def test_sacks_behind_long_headers_are_found_once() -> None:
    segment = packets.tcp(1, 2, 3, 4, ACK, options=NOP * 2 + sack((1, 2), (3, 4)))
    chain = bytes([6, 4]) + bytes(38)  # a hop-by-hop header that ends the options beyond byte 128
    deep = packets.ip("fe80::1", "fe80::2", 0, chain + segment)
    outer = bytes(12) + b"\x81\x00" + b"\0\1\x81\x00\0\1\x86\xdd"
    with frames(outer + deep, link_type=1) as result:
        assert sacks(result) == [(0, 1, 2), (0, 3, 4)]


def test_window_scales_are_at_most_14() -> None:
    with frames(packet(scale(14), SYN), packet(scale(255), SYN)) as result:
        assert result.table.window_scale.tolist() == [14, 14]


def test_damaged_lists_are_read_up_to_the_damage() -> None:
    with frames(
        packet(mss(1400) + b"\3\0\1\1"),  # a length of 0
        packet(mss(1400) + b"\3\1\1\1"),  # a length of 1
        packet(mss(1400) + b"\3\xff\1\1"),  # past the end
        packet(mss(1400) + NOP * 3 + b"\3"),  # no length at all
        packet(mss(1400) + END + scale(3)),  # after the end
        packet(b"\2\3\1" + mss(1400)),  # MSS of the wrong length
        packet(b"\xfd\6abcd" + mss(1400) + NOP * 2),  # an option nobody knows
    ) as result:
        assert result.table.mss.tolist() == [1400] * 7
        assert result.table.window_scale.tolist() == [-1] * 7


def test_cut_options_are_read_up_to_the_cut() -> None:
    whole = packet(mss(1460) + b"\4\2" + TIMESTAMPS + NOP + scale(7), SYN)
    data = pcap([Record(0, whole[:size], length=len(whole)) for size in range(40, len(whole))])
    with capture(data) as result:
        table = result.table
        assert table.mss.tolist() == [0] * 4 + [1460] * 16
        assert table.sack_permitted.tolist() == [False] * 6 + [True] * 14
        assert table.has_timestamps.tolist() == [False] * 16 + [True] * 4
        assert set(table.window_scale.tolist()) == {-1}
    usual = packet(USUAL)
    with capture(pcap([Record(0, usual[:-1], length=len(usual))])) as result:
        assert not result.table.has_timestamps[0]
