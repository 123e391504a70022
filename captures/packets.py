"""The packet table and the capture around it: what every analyzer reads."""

from __future__ import annotations

from dataclasses import field
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import numpy as np

from captures.arrays import Bools, Int8, Int32, Int64, UInt8, UInt16, UInt32, UInt64
from captures.lazyclass import dataclass

if TYPE_CHECKING:
    from types import TracebackType

    from captures.store import ByteStore

#: Bits of `PacketTable.fragment`.
DONT_FRAGMENT = 1
MORE_FRAGMENTS = 2
LATER_FRAGMENT = 4
#: The IP packet is longer than the bytes of it that the file holds.
CUT = 8
#: The transport header is not whole, or contradicts the IP length: its columns are zero.
BROKEN_HEADER = 16

#: Bits of `PacketTable.tcp_flags` (RFC 9293 3.1; AE is RFC 9768, formerly NS).
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = (1 << bit for bit in range(9))

#: Values of `PacketTable.direction`.
UNKNOWN, INBOUND, OUTBOUND = range(3)


@dataclass(frozen=True, slots=True)
class PacketColumns:
    """One array per header field, all of length n, row r = Wireshark frame r + 1."""

    time_ns: Int64 = field(metadata={"dtype": np.int64})
    """Since the epoch, UTC; as recorded, so it may go backwards or lie."""
    interface: UInt16 = field(metadata={"dtype": np.uint16})
    """Index into `Capture.interfaces`, counted over all sections of the file."""
    frame_length: UInt32 = field(metadata={"dtype": np.uint32})
    """Bytes on the wire, link header included."""
    captured_length: UInt32 = field(metadata={"dtype": np.uint32})
    """Bytes of the frame that the file holds."""
    frame_offset: Int64 = field(metadata={"dtype": np.int64})
    """Where the frame starts in the capture's byte store."""
    direction: UInt8 = field(metadata={"dtype": np.uint8})
    """0 not told, 1 inbound, 2 outbound, as the capturing host saw it."""
    device: UInt32 = field(metadata={"dtype": np.uint32})
    """Interface index that Linux wrote into an SLL2 header, else 0."""
    link_source: UInt64 = field(metadata={"dtype": np.uint64})
    """Sender's 48-bit MAC address, 0 when the link type carries none."""

    version: UInt8 = field(metadata={"dtype": np.uint8})
    """4 or 6, 0 when the row is not IP or its IP header is not whole."""
    protocol: UInt8 = field(metadata={"dtype": np.uint8})
    """IP protocol after IPv6 extension headers; 0 when not IP."""
    source: Int32 = field(metadata={"dtype": np.int32, "empty": -1})
    """Index into `addresses`, -1 when not IP."""
    destination: Int32 = field(metadata={"dtype": np.int32, "empty": -1})
    """Index into `addresses`, -1 when not IP."""
    ttl: UInt8 = field(metadata={"dtype": np.uint8})
    """TTL or hop limit."""
    ip_id: UInt16 = field(metadata={"dtype": np.uint16})
    """IPv4 identification; 0 for IPv6."""
    ip_length: UInt32 = field(metadata={"dtype": np.uint32})
    """Whole IP packet on the wire, from its header (from the frame if TSO left 0)."""
    fragment: UInt8 = field(metadata={"dtype": np.uint8})
    """DONT_FRAGMENT | MORE_FRAGMENTS | LATER_FRAGMENT | CUT | BROKEN_HEADER."""
    fragment_offset: UInt16 = field(metadata={"dtype": np.uint16})
    """Where this fragment's payload belongs in the IP payload, in bytes."""
    fragment_id: UInt32 = field(metadata={"dtype": np.uint32})
    """Identification shared by fragments of one packet; 0 when not fragmented."""

    source_port: UInt16 = field(metadata={"dtype": np.uint16})
    """TCP and UDP, else 0; 0 in fragments other than the first."""
    destination_port: UInt16 = field(metadata={"dtype": np.uint16})
    """TCP and UDP, else 0; 0 in fragments other than the first."""
    icmp_type: UInt8 = field(metadata={"dtype": np.uint8})
    """ICMP (protocol 1) or ICMPv6 (58) type."""
    icmp_code: UInt8 = field(metadata={"dtype": np.uint8})
    """ICMP or ICMPv6 code."""

    tcp_flags: UInt16 = field(metadata={"dtype": np.uint16})
    """Nine bits, AE to FIN."""
    seq: UInt32 = field(metadata={"dtype": np.uint32})
    """Raw sequence number."""
    ack: UInt32 = field(metadata={"dtype": np.uint32})
    """Raw acknowledgment number."""
    window: UInt16 = field(metadata={"dtype": np.uint16})
    """As in the header, not scaled."""
    mss: UInt16 = field(metadata={"dtype": np.uint16})
    """MSS option, 0 none."""
    window_scale: Int8 = field(metadata={"dtype": np.int8, "empty": -1})
    """Window scale option, -1 none, at most 14 (RFC 7323 2.3)."""
    sack_permitted: Bools = field(metadata={"dtype": np.bool_})
    """SACK-permitted option seen."""
    has_timestamps: Bools = field(metadata={"dtype": np.bool_})
    """Timestamps option seen; then `tsval` and `tsecr` hold it."""
    tsval: UInt32 = field(metadata={"dtype": np.uint32})
    """Timestamp value, raw."""
    tsecr: UInt32 = field(metadata={"dtype": np.uint32})
    """Timestamp echo reply, raw."""

    payload_length: UInt32 = field(metadata={"dtype": np.uint32})
    """Bytes on the wire after the TCP or UDP header, or after ICMP's type, code and
    checksum, or after the IP headers for other protocols and later fragments."""
    payload_captured: UInt32 = field(metadata={"dtype": np.uint32})
    """Bytes of the payload that the file holds."""
    payload_offset: Int64 = field(metadata={"dtype": np.int64, "empty": -1})
    """Where the payload starts in the capture's byte store, -1 none."""

    def __len__(self) -> int:
        return len(self.time_ns)


@dataclass(frozen=True, slots=True)
class PacketTable(PacketColumns):
    """The columns of a whole capture, its addresses and its SACK blocks."""

    addresses: tuple[IPv4Address | IPv6Address, ...]
    """Distinct addresses; `source` and `destination` index it."""
    sack_rows: Int32
    """Row of each SACK block, ascending; blocks of a row in option order."""
    sack_left: UInt32
    """First sequence number of each block."""
    sack_right: UInt32
    """Sequence number after each block."""


@dataclass(frozen=True, slots=True)
class InterfaceInfo:
    """Where packets were captured, and what was lost there."""

    name: str
    """As the capturing program wrote it, "" when the file does not say."""
    link_type: int
    """LINKTYPE_ value, https://www.tcpdump.org/linktypes.html."""
    snaplen: int
    """Most bytes kept of a packet, 0 for no limit."""
    description: str = ""
    """Text for people, "" when the file does not say."""
    received: int | None = None
    """Packets the interface received while capturing, None when not recorded."""
    dropped: int | None = None
    """Packets the capture itself lost, None when not recorded."""
    started_ns: int | None = None
    """When recording began, ns since the epoch; None when the file does not say."""
    ended_ns: int | None = None
    """Until when it recorded, perhaps long after the last packet."""


@dataclass(slots=True)
class Capture:
    """One capture file, read: the table and access to its bytes."""

    name: str
    """File name as given, "-" for standard input."""
    container: str
    """"pcap" or "pcapng"."""
    table: PacketTable
    interfaces: tuple[InterfaceInfo, ...]
    file_size: int
    """Bytes of the capture, after decompression."""
    cut_reason: str | None
    """Why reading stopped before the end of the file, None when it did not."""
    comments: tuple[tuple[int | None, str], ...]
    """(frame number, text); None for comments on the file or an interface."""
    secrets: tuple[bytes, ...]
    """TLS key log text from decryption secrets blocks."""
    names: tuple[tuple[str, str], ...]
    """(address, name) from pcapng name resolution blocks: what whoever saved the file resolved."""
    notes: tuple[str, ...]
    """Damage and oddities found in the container, one line each."""
    unsupported_link_types: tuple[int, ...]
    """Link types that carry packets here and are not read (their `version` is 0)."""
    store: ByteStore

    @property
    def cut(self) -> bool:
        """The file ends, or stops making sense, inside a record."""
        return self.cut_reason is not None

    def payload(self, row: int) -> bytes:
        """Return the captured transport payload of a row."""
        length = int(self.table.payload_captured[row])
        return self.store.read(int(self.table.payload_offset[row]), length) if length else b""

    def frame_bytes(self, row: int) -> bytes:
        """Return the captured bytes of a row's frame, link header included."""
        return self.store.read(
            int(self.table.frame_offset[row]), int(self.table.captured_length[row])
        )

    def close(self) -> None:
        """Give the file back; `payload` and `frame_bytes` stop working."""
        self.store.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
