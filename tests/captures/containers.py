"""Capture files built by hand: pcap and pcapng in both byte orders, every block type."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from captures.files import open as open_capture
from captures.packets import Capture

ETHERNET, RAW = 1, 101


@dataclass(frozen=True)
class Record:
    """One packet of a file to be written."""

    time_ns: int
    data: bytes
    length: int | None = None
    """Bytes on the wire, if not those of `data`."""

    @property
    def wire(self) -> int:
        return len(self.data) if self.length is None else self.length


def pcap(
    records: Sequence[Record],
    *,
    order: str = "<",
    nanoseconds: bool = False,
    link_type: int = RAW,
    version: tuple[int, int] = (2, 4),
    modified: bool = False,
) -> bytes:
    """A pcap file; `modified` is Kuznetzov's format with longer record headers."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2CD34 if modified else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, *version, 0, 0, 262144, link_type)]
    for record in records:
        seconds, rest = divmod(record.time_ns, 10**9)
        fraction = rest if nanoseconds else rest // 1000
        lengths = [len(record.data), record.wire]
        if version < (2, 3):
            lengths.reverse()
        parts.append(struct.pack(order + "IIII", seconds, fraction, *lengths))
        parts.append(bytes(8 if modified else 0) + record.data)
    return b"".join(parts)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """One pcapng option, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """One pcapng block, padded."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<", options: bytes = b"", major: int = 1) -> bytes:
    """A section header block."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1) + options, order)


def interface(
    link_type: int = RAW, order: str = "<", snaplen: int = 262144, options: bytes = b""
) -> bytes:
    """An interface description block."""
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def enhanced(
    data: bytes,
    ticks: int = 0,
    order: str = "<",
    number: int = 0,
    options: bytes = b"",
    length: int | None = None,
) -> bytes:
    """An enhanced packet block."""
    wire = len(data) if length is None else length
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def simple(data: bytes, length: int | None = None, order: str = "<") -> bytes:
    """A simple packet block."""
    wire = len(data) if length is None else length
    return block(3, struct.pack(order + "I", wire) + data, order)


def old(data: bytes, ticks: int = 0, number: int = 0, drops: int = 0, order: str = "<") -> bytes:
    """A packet block as it was before enhanced ones."""
    head = struct.pack(
        order + "HHIIII",
        number,
        drops,
        ticks >> 32,
        ticks & 0xFFFFFFFF,
        len(data),
        len(data),
    )
    return block(2, head + data, order)


def pcapng(records: Sequence[Record], *, order: str = "<", link_type: int = RAW) -> bytes:
    """A pcapng file of one section and one interface that counts nanoseconds."""
    parts = [section(order), interface(link_type, order, options=option(9, b"\x09", order))]
    parts += [
        enhanced(record.data, record.time_ns, order, length=record.length) for record in records
    ]
    return b"".join(parts)


def capture(data: bytes) -> Capture:
    """Read a file given as bytes."""
    return open_capture(BytesIO(data))


def frames(*data: bytes, link_type: int = RAW) -> Capture:
    """Read a pcap file with these frames."""
    return capture(pcap([Record(0, item) for item in data], link_type=link_type))
