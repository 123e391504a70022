"""TCP, UDP and ICMP headers, whole, cut and contradictory."""

from __future__ import annotations

import struct

import pytest

from captures.packets import ACK, AE, BROKEN_HEADER, CWR, FIN, PSH, SYN
from tests import packets
from tests.captures.containers import Record, capture, frames, pcap

A, B = "192.0.2.1", "198.51.100.2"


def tcp_packet(payload: bytes = b"", flags: int = ACK, options: bytes = b"") -> bytes:
    segment = packets.tcp(
        443, 50_000, 0xFFFFFFF0, 0x80000001, flags, payload, window=501, options=options
    )
    return packets.ip(A, B, 6, segment)


def test_tcp_fields() -> None:
    with frames(tcp_packet(b"hello", PSH | ACK)) as result:
        table = result.table
        assert (table.source_port[0], table.destination_port[0]) == (443, 50_000)
        assert (table.seq[0], table.ack[0], table.window[0]) == (0xFFFFFFF0, 0x80000001, 501)
        assert table.tcp_flags[0] == PSH | ACK
        assert result.payload(0) == b"hello"


def test_all_nine_flags() -> None:
    packet = bytearray(tcp_packet())
    packet[32] |= 0x0F  # the lowest of these four is a flag
    packet[33] = CWR | FIN | SYN
    with frames(bytes(packet)) as result:
        assert result.table.tcp_flags[0] == AE | CWR | FIN | SYN


@pytest.mark.parametrize("offset", [0x00, 0x40, 0xF0])
def test_data_offsets_that_cannot_be_are_broken(offset: int) -> None:
    packet = bytearray(tcp_packet(b"x" * 30))
    packet[32] = offset
    with frames(bytes(packet), tcp_packet(b"x")) as result:
        table = result.table
        assert (table.fragment & BROKEN_HEADER != 0).tolist() == [True, False]
        assert table.tcp_flags.tolist() == [0, ACK]
        assert table.source_port.tolist() == [443, 443]
        assert table.payload_length.tolist() == [0, 1]


def test_cut_tcp_headers_keep_their_ports() -> None:
    packet = tcp_packet(b"x" * 50)
    data = pcap([Record(0, packet[:size], length=len(packet)) for size in (39, 24, 23, 40, 60)])
    with capture(data) as result:
        table = result.table
        assert table.source_port.tolist() == [443, 443, 0, 443, 443]
        assert (table.fragment & BROKEN_HEADER != 0).tolist() == [True, True, True, False, False]
        assert table.payload_length.tolist() == [0, 0, 0, 50, 50]
        assert table.payload_captured.tolist() == [0, 0, 0, 0, 20]
        assert table.payload_offset[3] == -1


def test_ip_lengths_shorter_than_the_tcp_header_are_broken() -> None:
    segment = packets.tcp(443, 1, 2, 3, ACK)
    with frames(packets.ip(A, B, 6, segment, length=39)) as result:
        assert result.table.fragment[0] & BROKEN_HEADER
        assert result.table.tcp_flags[0] == 0


def test_udp_lengths() -> None:
    def datagram(stated: int) -> bytes:
        body = struct.pack("!HHHH", 1000, 53, stated, 0) + b"0123456789"
        return packets.ip(A, B, 17, body)

    # True, shorter (surplus), longer, too short to be, jumbogram's.
    with frames(*map(datagram, (18, 12, 40, 3, 0))) as result:
        assert result.table.payload_length.tolist() == [10, 4, 10, 10, 10]
        assert result.payload(1) == b"0123"


def test_icmp_payload_starts_after_the_checksum() -> None:
    quoted = packets.ip(A, B, 17, packets.udp(1, 2))[:28]
    message = packets.icmp(3, 4, struct.pack("!HH", 0, 1400), quoted)
    with frames(packets.ip(B, A, 1, message)) as result:
        table = result.table
        assert (table.icmp_type[0], table.icmp_code[0]) == (3, 4)
        assert result.payload(0) == struct.pack("!HH", 0, 1400) + quoted
        assert table.source_port[0] == 0


def test_icmpv6() -> None:
    message = packets.icmp(2, 0, struct.pack("!I", 1280), b"quoted")
    with frames(packets.ip("fe80::1", "fe80::2", 58, message)) as result:
        assert (result.table.icmp_type[0], result.table.icmp_code[0]) == (2, 0)
        assert result.payload(0) == struct.pack("!I", 1280) + b"quoted"


def test_other_protocols_are_all_payload() -> None:
    with frames(packets.ip(A, B, 50, b"encrypted")) as result:
        assert result.payload(0) == b"encrypted"
        assert result.table.source_port[0] == 0


def test_mixed_packets_do_not_disturb_each_other() -> None:
    kinds = [
        tcp_packet(b"one"),
        packets.ip(A, B, 17, packets.udp(5, 6, b"two")),
        packets.ip("fe80::1", "fe80::2", 6, packets.tcp(7, 8, 9, 10, SYN, b"three")),
        packets.ip(A, B, 1, packets.icmp(8, 0, b"four")),
        b"",
    ]
    with frames(*kinds * 100) as result:
        payloads = [result.payload(row) for row in range(len(result.table))]
        assert payloads == [b"one", b"two", b"three", b"four", b""] * 100
        assert result.table.source_port.tolist() == [443, 5, 7, 0, 0] * 100
