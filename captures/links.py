"""Link headers: from the first bytes of a frame to the column of its IP header.

Link types are those of https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from captures.arrays import Int32, Int64, Rows, groups, word16, word32, word64
from captures.batch import Layers
from captures.packets import INBOUND, OUTBOUND, UNKNOWN

IPV4 = 0x0800
IPV6 = 0x86DD
#: What Linux calls ETH_P_802_2: the EtherType field was a length, an LLC header follows.
LLC = 4
#: "Some IP version": the header's first nibble tells.
ANY_IP = IPV4

#: Reads rows whose link header starts at a byte column, into `kind` and `network`.
LinkParser: TypeAlias = Callable[[Layers, Rows, int], None]
#: Steps over one tag: (rows, columns) to the kinds behind it and their columns.
Step: TypeAlias = Callable[[Layers, NDArray[np.intp], Int32], tuple[Int32, Int32]]

#: SLL packet types (linux/if_packet.h): to us, broadcast, multicast, to others, from us.
_SLL_DIRECTIONS = np.array([INBOUND, INBOUND, INBOUND, UNKNOWN, OUTBOUND], dtype=np.uint8)

#: More tags than any network stacks; a loop bound for made-up frames.
_MAX_TAGS = 16


def find_network(layers: Layers, link_types: Int64) -> None:
    """Fill `network`, `direction`, `device` and `link_source` of all rows."""
    for link_type, rows in groups(link_types):
        parser = LINKS.get(link_type)
        if parser is not None:
            parser(layers, rows, 0)
    _untag(layers)
    kind = layers.kind
    layers.network[(kind != IPV4) & (kind != IPV6)] = -1


def _ethernet(layers: Layers, rows: Rows, start: int) -> None:
    held = layers.holding(rows, start + 14)
    if held is None:
        return
    heads = layers.heads
    kind = word16(heads, start + 12)[held].astype(np.int32)
    # IEEE 802.3 3.2.6: up to 1500 the field is a length.
    kind[kind <= 1500] = LLC
    layers.kind[held] = kind
    layers.network[held] = start + 14
    layers.columns.link_source[held] = word64(heads, start + 6)[held] >> np.uint64(16)


def _raw(layers: Layers, rows: Rows, start: int) -> None:
    layers.kind[rows] = ANY_IP
    layers.network[rows] = start


def _null(layers: Layers, rows: Rows, start: int) -> None:
    """BSD loopback: 4 bytes of address family, in either byte order.

    AF_INET6 differs between systems and some tools write EtherTypes, so the family is not
    asked: the IP version in the next byte is surer.
    """
    held = layers.holding(rows, start + 4)
    if held is None:
        return
    layers.kind[held] = ANY_IP
    layers.network[held] = start + 4


def _sll(layers: Layers, rows: Rows, start: int) -> None:
    held = layers.holding(rows, start + 16)
    if held is None:
        return
    heads = layers.heads
    layers.kind[held] = word16(heads, start + 14)[held]
    layers.network[held] = start + 16
    _sll_sender(layers, held, word16(heads, start)[held], start + 4, start + 6)


def _sll2(layers: Layers, rows: Rows, start: int) -> None:
    held = layers.holding(rows, start + 20)
    if held is None:
        return
    heads = layers.heads
    layers.kind[held] = word16(heads, start)[held]
    layers.network[held] = start + 20
    layers.columns.device[held] = word32(heads, start + 4)[held]
    packet_type = heads[:, start + 10][held].astype(np.uint16)
    _sll_sender(layers, held, packet_type, start + 10, start + 12)


def _sll_sender(
    layers: Layers, rows: Rows, packet_type: NDArray[np.uint16], size_at: int, address_at: int
) -> None:
    """Write direction and MAC address; the address length is the low byte at `size_at`."""
    layers.columns.direction[rows] = _SLL_DIRECTIONS[
        np.where(packet_type < len(_SLL_DIRECTIONS), packet_type, 3)
    ]
    is_mac = layers.heads[:, size_at + 1][rows] == 6
    address = word64(layers.heads, address_at)[rows] >> np.uint64(16)
    layers.columns.link_source[rows] = np.where(is_mac, address, 0)


def _ppp(layers: Layers, rows: Rows, start: int) -> None:
    """RFC 1661, RFC 1662: address and control, if there, are FF 03; Cisco HDLC 0F or 8F 00."""
    held = layers.holding(rows, start + 4)
    if held is None:
        return
    framing = word16(layers.heads, start)[held]
    cisco = (framing == 0x0F00) | (framing == 0x8F00)
    index = _indices(layers, held)
    columns = np.full(len(index), start, dtype=np.int32)
    columns[framing == 0xFF03] += 2
    kind, columns = _ppp_protocol(layers, index, columns)
    inner = word16(layers.heads, start + 2)[held].astype(np.int32)
    layers.kind[index] = np.where(cisco, inner, kind)
    layers.network[index] = np.where(cisco, start + 4, columns)


def _pppd(layers: Layers, rows: Rows, start: int) -> None:
    """LINKTYPE_PPP_PPPD: a direction byte stands where FF would."""
    held = layers.holding(rows, start + 4)
    if held is None:
        return
    index = _indices(layers, held)
    framed = layers.heads[:, start + 1][index] == 0x03
    columns = np.where(framed, start + 2, start + 1).astype(np.int32)
    layers.kind[index], layers.network[index] = _ppp_protocol(layers, index, columns)


def _pppoe_session(layers: Layers, rows: Rows, start: int) -> None:
    """LINKTYPE_PPP_ETHER: frames start with the PPPoE header (RFC 2516)."""
    layers.kind[rows] = 0x8864
    layers.network[rows] = start


def _pktap(layers: Layers, rows: Rows, start: int) -> None:
    """Apple's per-packet header: its length, a record type, and the link type behind it."""
    held = layers.holding(rows, start + 12)
    if held is None:
        return
    words = layers.heads[:, start : start + 12].view("<u4")[held].astype(np.int64)
    # A length under 12 would point into this header; the largest in use is below 200.
    sane = (words[:, 0] >= 12) & (words[:, 0] < 4096) & (words[:, 2] < 4096)
    keys = np.where(sane, words[:, 0] * 4096 + words[:, 2], -1)
    for key, group in groups(keys, held):
        length, link_type = divmod(key, 4096)
        parser = LINKS.get(link_type)
        if parser is not None and parser is not _pktap:
            parser(layers, group, start + length)


def _indices(layers: Layers, rows: Rows) -> NDArray[np.intp]:
    return np.arange(len(layers.captured))[rows]


def _untag(layers: Layers) -> None:
    """Step over tags and shims until every row is at its innermost EtherType."""
    for _ in range(_MAX_TAGS):
        tagged = np.flatnonzero(_IS_TAG[layers.kind])
        if not len(tagged):
            return
        kinds = layers.kind[tagged]
        for kind in np.unique(kinds).tolist():
            size, step = _TAGS[kind]
            rows = tagged[kinds == kind]
            columns = layers.network[rows]
            held = layers.holds(rows, (columns + size).astype(np.int64))
            layers.kind[rows[~held]] = 0
            rows = rows[held]
            layers.kind[rows], layers.network[rows] = step(layers, rows, columns[held])


def _vlan(layers: Layers, rows: NDArray[np.intp], columns: Int32) -> tuple[Int32, Int32]:
    kind = layers.word16_at(rows, columns + 2)
    return np.where(kind <= 1500, np.int32(LLC), kind), columns + 4


def _mpls(layers: Layers, rows: NDArray[np.intp], columns: Int32) -> tuple[Int32, Int32]:
    """RFC 3032: labels to the bottom of stack; what follows is told by its first nibble."""
    bottom = layers.byte_at(rows, columns + 2) & 1 == 1
    nibble = layers.byte_at(rows, columns + 4) >> 4
    inner = np.where((nibble == 4) | (nibble == 6), ANY_IP, 0)
    return np.where(bottom, inner, 0x8847).astype(np.int32), columns + 4


def _pppoe(layers: Layers, rows: NDArray[np.intp], columns: Int32) -> tuple[Int32, Int32]:
    return _ppp_protocol(layers, rows, columns + 6)


def _ppp_protocol(layers: Layers, rows: NDArray[np.intp], columns: Int32) -> tuple[Int32, Int32]:
    """RFC 1661 6.5: an odd first byte is a protocol field compressed to one byte."""
    first = layers.byte_at(rows, columns)
    short = first & 1 == 1
    protocol = np.where(short, first, layers.word16_at(rows, columns))
    kind = np.where((protocol == 0x21) | (protocol == 0x57), ANY_IP, 0)
    # RFC 5332, RFC 3032: 0x0281 is MPLS unicast over PPP.
    kind[protocol == 0x0281] = 0x8847
    return kind.astype(np.int32), (columns + np.where(short, 1, 2)).astype(np.int32)


def _snap(layers: Layers, rows: NDArray[np.intp], columns: Int32) -> tuple[Int32, Int32]:
    """RFC 1042: AA AA 03, an organisation of zeros, then an EtherType."""
    is_snap = (
        (layers.word16_at(rows, columns) == 0xAAAA)
        & (layers.word16_at(rows, columns + 2) == 0x0300)
        & (layers.word16_at(rows, columns + 4) == 0)
    )
    kind = np.where(is_snap, layers.word16_at(rows, columns + 6), 0)
    return kind.astype(np.int32), columns + 8


_TAGS: dict[int, tuple[int, Step]] = {
    0x8100: (4, _vlan),
    0x88A8: (4, _vlan),
    0x9100: (4, _vlan),
    0x8847: (5, _mpls),
    0x8848: (5, _mpls),
    0x8864: (8, _pppoe),
    LLC: (8, _snap),
}

_IS_TAG = np.zeros(1 << 16, dtype=np.bool_)
_IS_TAG[list(_TAGS)] = True

LINKS: dict[int, LinkParser] = {
    0: _null,
    1: _ethernet,
    9: _ppp,
    12: _raw,
    14: _raw,
    50: _ppp,
    51: _pppoe_session,
    101: _raw,
    104: _ppp,
    108: _null,
    113: _sll,
    149: _pktap,
    166: _pppd,
    228: _raw,
    229: _raw,
    258: _pktap,
    276: _sll2,
}
