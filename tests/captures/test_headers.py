"""IP headers: lengths, options, extension headers, fragments."""

from __future__ import annotations

import struct

from captures.packets import (
    BROKEN_HEADER,
    CUT,
    DONT_FRAGMENT,
    LATER_FRAGMENT,
    MORE_FRAGMENTS,
)
from tests import packets
from tests.captures.containers import Record, capture, frames, pcap

UDP = packets.udp(1000, 53, b"query")
A, B = "192.0.2.1", "198.51.100.2"
A6, B6 = "2001:db8::1", "2001:db8::2"


def extension(following: int, size: int = 8) -> bytes:
    """A hop-by-hop, routing or destination options header."""
    return bytes([following, size // 8 - 1]) + bytes(size - 2)


def fragment_header(following: int, offset: int, more: bool, number: int) -> bytes:
    return struct.pack("!BBHI", following, 0, offset | more, number)


def test_ipv4_fields() -> None:
    packet = packets.ip(A, B, 17, UDP, ttl=57, ip_id=0xBEEF)
    with frames(packet) as result:
        table = result.table
        assert (table.version[0], table.protocol[0], table.ttl[0]) == (4, 17, 57)
        assert (table.ip_id[0], table.ip_length[0]) == (0xBEEF, len(packet))
        assert table.fragment[0] == DONT_FRAGMENT
        assert [str(address) for address in table.addresses] == [A, B]


def test_ipv6_fields() -> None:
    packet = packets.ip(A6, B6, 17, UDP, ttl=57)
    with frames(packet) as result:
        table = result.table
        assert (table.version[0], table.protocol[0], table.ttl[0]) == (6, 17, 57)
        assert (table.ip_id[0], table.ip_length[0]) == (0, len(packet))
        assert table.fragment[0] == 0


def test_ipv4_options_are_stepped_over() -> None:
    packet = packets.ip(A, B, 17, bytes(8) + UDP)
    with frames(b"\x47" + packet[1:]) as result:
        assert result.table.source_port[0] == 1000
        assert result.payload(0) == b"query"


def test_ipv4_headers_shorter_than_20_bytes_are_no_ip() -> None:
    packet = packets.ip(A, B, 17, UDP)
    with frames(b"\x44" + packet[1:], packet) as result:
        assert result.table.version.tolist() == [0, 4]


def test_offload_leaves_no_length() -> None:
    big = b"x" * 70_000
    four = packets.ip(A, B, 6, packets.tcp(1, 2, 3, 4, 16, big), length=0)
    six = packets.ip(A6, B6, 6, packets.tcp(1, 2, 3, 4, 16, big), length=0)
    with frames(four, six) as result:
        assert result.table.ip_length.tolist() == [20 + 20 + 70_000, 40 + 20 + 70_000]
        assert result.table.payload_length.tolist() == [70_000, 70_000]
        assert result.payload(1) == big


def test_cut_packets_keep_their_length() -> None:
    packet = packets.ip(A, B, 6, packets.tcp(1, 2, 3, 4, 16, b"x" * 1000))
    data = pcap([Record(0, packet[:96], length=len(packet)), Record(0, packet[:96])])
    with capture(data) as result:
        table = result.table
        assert table.ip_length.tolist() == [1040, 1040]
        assert table.payload_length.tolist() == [1000, 1000]
        assert table.payload_captured.tolist() == [56, 56]
        assert table.fragment.tolist() == [DONT_FRAGMENT | CUT] * 2


def test_padding_is_no_payload() -> None:
    frame = packets.ethernet(packets.ip(A, B, 6, packets.tcp(1, 2, 3, 4, 16))) + bytes(6)
    with frames(frame, link_type=1) as result:
        assert result.table.payload_length[0] == 0
        assert result.table.payload_offset[0] == -1


def test_ipv4_fragments() -> None:
    whole = packets.udp(1000, 53, b"0123456789abcdef")
    first = packets.ip(A, B, 17, whole[:16], ip_id=7, dont_fragment=False, more_fragments=True)
    last = packets.ip(A, B, 17, whole[16:], ip_id=7, dont_fragment=False, fragment_offset=16)
    with frames(first, last) as result:
        table = result.table
        assert table.fragment.tolist() == [MORE_FRAGMENTS, LATER_FRAGMENT]
        assert table.fragment_id.tolist() == [7, 7]
        assert table.fragment_offset.tolist() == [0, 16]
        assert table.source_port.tolist() == [1000, 0]
        assert result.payload(0) + result.payload(1) == b"0123456789abcdef"


def test_ipv6_fragments() -> None:
    whole = packets.udp(1000, 53, b"0123456789abcdef")
    first = packets.ip(A6, B6, 44, fragment_header(17, 0, True, 0xCAFEBABE) + whole[:16])
    last = packets.ip(A6, B6, 44, fragment_header(17, 16, False, 0xCAFEBABE) + whole[16:])
    with frames(first, last) as result:
        table = result.table
        assert table.protocol.tolist() == [17, 17]
        assert table.fragment.tolist() == [MORE_FRAGMENTS, LATER_FRAGMENT]
        assert table.fragment_id.tolist() == [0xCAFEBABE] * 2
        assert table.fragment_offset.tolist() == [0, 16]
        assert table.destination_port.tolist() == [53, 0]
        assert result.payload(0) + result.payload(1) == b"0123456789abcdef"


def test_later_fragments_that_look_like_headers_are_payload() -> None:
    later = packets.ip(A6, B6, 44, fragment_header(0, 8, False, 1) + b"\x06\xff" + bytes(30))
    with frames(later) as result:
        assert result.table.protocol[0] == 0
        assert result.table.payload_length[0] == 32


def test_extension_headers_are_stepped_over() -> None:
    authentication = struct.pack("!BB", 17, 4) + bytes(22)
    chain = extension(43) + extension(60, 16) + extension(51, 24) + authentication
    with frames(packets.ip(A6, B6, 0, chain + UDP)) as result:
        assert result.table.protocol[0] == 17
        assert result.table.source_port[0] == 1000
        assert result.payload(0) == b"query"


def test_headers_beyond_the_first_bytes_are_read() -> None:
    chain = extension(60, 800) + extension(17, 800)
    plain, deep = packets.ip(A6, B6, 17, UDP), packets.ip(A6, B6, 0, chain + UDP)
    with frames(*[plain, deep] * 600) as result:
        assert set(result.table.source_port.tolist()) == {1000}
        assert all(result.payload(row) == b"query" for row in range(1200))
        assert not (result.table.fragment & BROKEN_HEADER).any()


def test_unfinished_extension_headers_are_broken() -> None:
    endless = b"".join(extension(60) for _ in range(40))
    with frames(
        packets.ip(A6, B6, 0, extension(43)[:6]),
        packets.ip(A6, B6, 0, extension(60)),
        packets.ip(A6, B6, 0, endless),
        packets.ip(A6, B6, 50, bytes(40)),
    ) as result:
        table = result.table
        assert (table.fragment & BROKEN_HEADER != 0).tolist() == [True, True, True, False]
        assert table.payload_captured.tolist() == [0, 0, 0, 40]
        assert table.protocol[3] == 50
