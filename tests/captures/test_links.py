"""Link headers: hand-made frames of every link type lead to the same IP packet."""

from __future__ import annotations

import struct

import pytest

from captures.links import LINKS
from captures.packets import INBOUND, OUTBOUND, UNKNOWN
from tests import packets
from tests.captures.containers import frames

IPV4 = packets.ip("192.0.2.1", "198.51.100.2", 17, packets.udp(1000, 53, b"query"))
IPV6 = packets.ip("2001:db8::1", "2001:db8::2", 17, packets.udp(1000, 53, b"query"))

MACS = bytes.fromhex("0200000000010a0b0c0d0e0f")
SENDER = 0x0A0B0C0D0E0F


def ether(kind: int, rest: bytes) -> bytes:
    return MACS + struct.pack("!H", kind) + rest


def vlan(kind: int, rest: bytes) -> bytes:
    return struct.pack("!HH", 0x2005, kind) + rest


def label(bottom: bool, rest: bytes) -> bytes:
    return struct.pack("!I", 77 << 12 | bottom << 8 | 64) + rest


def pppoe(rest: bytes) -> bytes:
    return struct.pack("!BBHH", 0x11, 0, 1, len(rest)) + rest


def sll(kind: int, rest: bytes, packet_type: int = 4) -> bytes:
    return struct.pack("!HHH6sHH", packet_type, 1, 6, MACS[6:], 0, kind) + rest


def sll2(kind: int, rest: bytes, packet_type: int = 0) -> bytes:
    return struct.pack("!HHIHBB6sH", kind, 0, 7, 1, packet_type, 6, MACS[6:], 0) + rest


def pktap(link_type: int, rest: bytes, length: int = 108) -> bytes:
    return struct.pack("<III", length, 1, link_type) + bytes(length - 12) + rest


SNAP = b"\xaa\xaa\x03\0\0\0"

FRAMES = {
    "ethernet": (1, ether(0x0800, IPV4)),
    "ethernet, IPv6": (1, ether(0x86DD, IPV6)),
    "ethernet, padded": (1, ether(0x0800, IPV4 + bytes(20))),
    "VLAN": (1, ether(0x8100, vlan(0x0800, IPV4))),
    "QinQ": (1, ether(0x88A8, vlan(0x8100, vlan(0x86DD, IPV6)))),
    "old QinQ": (1, ether(0x9100, vlan(0x8100, vlan(0x0800, IPV4)))),
    "MPLS": (1, ether(0x8847, label(False, label(True, IPV4)))),
    "MPLS, IPv6": (1, ether(0x8847, label(True, IPV6))),
    "PPPoE": (1, ether(0x8864, pppoe(b"\x00\x21" + IPV4))),
    "PPPoE, IPv6 in a VLAN": (1, ether(0x8100, vlan(0x8864, pppoe(b"\x00\x57" + IPV6)))),
    "802.3 SNAP": (1, ether(len(IPV4) + 8, SNAP + b"\x08\x00" + IPV4)),
    "802.3 SNAP in a VLAN": (1, ether(0x8100, vlan(100, SNAP + b"\x86\xdd" + IPV6))),
    "null, little endian": (0, struct.pack("<I", 2) + IPV4),
    "null, big endian": (0, struct.pack(">I", 30) + IPV6),
    "loop": (108, struct.pack(">I", 24) + IPV6),
    "raw": (101, IPV4),
    "raw, BSD": (12, IPV6),
    "raw, OpenBSD": (14, IPV4),
    "IPv4": (228, IPV4),
    "IPv6": (229, IPV6),
    "PPP": (9, b"\x00\x21" + IPV4),
    "PPP, framed": (9, b"\xff\x03\x00\x57" + IPV6),
    "PPP, compressed": (50, b"\xff\x03\x21" + IPV4),
    "PPP, Cisco HDLC": (50, b"\x0f\x00\x08\x00" + IPV4),
    "Cisco HDLC": (104, b"\x8f\x00\x86\xdd" + IPV6),
    "pppd": (166, b"\x01\x03\x00\x21" + IPV4),
    "PPPoE alone": (51, pppoe(b"\x00\x21" + IPV4)),
    "SLL": (113, sll(0x0800, IPV4)),
    "SLL, VLAN": (113, sll(0x8100, vlan(0x86DD, IPV6))),
    "SLL2": (276, sll2(0x86DD, IPV6)),
    "PKTAP": (258, pktap(1, ether(0x0800, IPV4))),
    "PKTAP, raw": (149, pktap(12, IPV6)),
    "PKTAP, a long header": (258, pktap(1, ether(0x8100, vlan(0x86DD, IPV6)), length=200)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_packet_is_found(name: str) -> None:
    link_type, frame = FRAMES[name]
    is_ipv6 = frame.find(IPV6) >= 0
    with frames(frame, link_type=link_type) as result:
        table = result.table
        assert table.version[0] == (6 if is_ipv6 else 4)
        ends = [str(table.addresses[i[0]]) for i in (table.source, table.destination)]
        assert ends == (
            ["2001:db8::1", "2001:db8::2"] if is_ipv6 else ["192.0.2.1", "198.51.100.2"]
        )
        assert (table.source_port[0], table.destination_port[0]) == (1000, 53)
        assert result.payload(0) == b"query"
        assert table.payload_length[0] == 5
        assert result.unsupported_link_types == ()


def test_every_link_type_has_a_frame_here() -> None:
    assert {link_type for link_type, _ in FRAMES.values()} == set(LINKS)


@pytest.mark.parametrize("name", FRAMES)
def test_every_cut_of_a_frame_is_survived(name: str) -> None:
    link_type, frame = FRAMES[name]
    cuts = [frame[:length] for length in range(len(frame))]
    with frames(*cuts, link_type=link_type) as result:
        table = result.table
        assert len(table) == len(frame)
        assert (table.payload_captured <= table.captured_length).all()
        whole = [row for row in range(len(frame)) if result.payload(row)]
        assert all(b"query".startswith(result.payload(row)) for row in whole)


@pytest.mark.parametrize(
    "frame",
    [
        ether(0x0806, bytes(28)),
        ether(0x8847, label(True, b"\x00" + bytes(40))),
        ether(0x8864, pppoe(b"\xc0\x21" + bytes(40))),
        ether(40, b"\x42\x42\x03" + bytes(40)),
        ether(0x0800, b"\x55" + bytes(40)),
        ether(0x8100, b"\x81\x00\x00\x05" * 30),
    ],
    ids=["ARP", "pseudowire", "LCP", "spanning tree", "IP version 5", "tags without end"],
)
def test_what_is_no_ip_has_no_version(frame: bytes) -> None:
    with frames(frame, link_type=1) as result:
        assert result.table.version[0] == 0
        assert result.table.source[0] == result.table.destination[0] == -1


def test_pktap_inside_pktap_is_not_followed() -> None:
    with frames(pktap(258, pktap(1, ether(0x0800, IPV4))), link_type=258) as result:
        assert result.table.version[0] == 0


def test_senders_directions_and_devices() -> None:
    with frames(ether(0x0800, IPV4), link_type=1) as result:
        assert result.table.link_source[0] == SENDER
        assert result.table.direction[0] == UNKNOWN
    kinds = [sll(0x0800, IPV4, packet_type) for packet_type in (0, 3, 4, 99)]
    with frames(*kinds, link_type=113) as result:
        assert set(result.table.link_source.tolist()) == {SENDER}
        assert result.table.direction.tolist() == [INBOUND, UNKNOWN, OUTBOUND, UNKNOWN]
    with frames(sll2(0x0800, IPV4), link_type=276) as result:
        assert result.table.link_source[0] == SENDER
        assert result.table.direction[0] == INBOUND
        assert result.table.device[0] == 7
    with frames(IPV4) as result:
        assert result.table.link_source[0] == 0


def test_frames_of_many_layouts_in_one_file() -> None:
    data = [frame for link_type, frame in FRAMES.values() if link_type == 1] * 50
    with frames(*data, link_type=1) as result:
        assert (result.table.version != 0).all()
        assert all(result.payload(row) == b"query" for row in range(len(data)))
