"""Writes pcapng (draft-ietf-opsawg-pcapng), and merges tcpdump's files into one.

Only what badhop's own recorders need: one section, native byte order, nanoseconds.
"""

from __future__ import annotations

import heapq
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from captures.recorders.base import create_private

_SECTION, _INTERFACE, _PACKET, _STATISTICS = 0x0A0D0D0A, 1, 6, 5
_OPTION_USER_APPLICATION, _OPTION_NAME, _OPTION_TIME_UNIT = 4, 2, 9
_OPTION_DROPPED = 5
_NANOSECONDS = b"\x09"

#: pcap's magic number in native order, with the nanoseconds that its time unit stands for.
_PCAP_UNITS = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}

#: No link of ours carries more; a longer record means the file is damaged.
_MAX_PACKET = 16 * 1024 * 1024


class Packet(NamedTuple):
    """One recorded packet; ordered by time."""

    time_ns: int
    interface: int  #: index of the interface, from 0
    original_length: int
    data: bytes


class PcapngWriter:
    """Writes one pcapng file; give every interface before the first packet."""

    def __init__(self, file: BinaryIO, application: str) -> None:
        self._file = file
        # Section length -1: not known beforehand.
        head = struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1)
        self._block(_SECTION, head + _options((_OPTION_USER_APPLICATION, application.encode())))

    def interface(self, name: str, link_type: int, snaplen: int) -> None:
        """Describe the next interface; the first one has index 0."""
        options = _options((_OPTION_NAME, name.encode()), (_OPTION_TIME_UNIT, _NANOSECONDS))
        self._block(_INTERFACE, struct.pack("=HHI", link_type, 0, snaplen) + options)

    def packet(self, packet: Packet) -> None:
        """Write one packet."""
        high, low = packet.time_ns >> 32, packet.time_ns & 0xFFFF_FFFF
        lengths = (len(packet.data), packet.original_length)
        head = struct.pack("=IIIII", packet.interface, high, low, *lengths)
        self._block(_PACKET, head + _padded(packet.data))

    def statistics(self, interface: int, time_ns: int, dropped: int) -> None:
        """Write how many packets of an interface the kernel dropped."""
        head = struct.pack("=III", interface, time_ns >> 32, time_ns & 0xFFFF_FFFF)
        options = _options((_OPTION_DROPPED, struct.pack("=Q", dropped)))
        self._block(_STATISTICS, head + options)

    def _block(self, kind: int, body: bytes) -> None:
        length = len(body) + 12
        self._file.write(struct.pack("=II", kind, length) + body + struct.pack("=I", length))


def merge(
    parts: Sequence[tuple[str, Path]], path: Path, application: str, dropped: Sequence[int]
) -> None:
    """Merge pcap files, each with its interface's name, into the pcapng file `path` by time.

    A file that ends inside a record gives its complete records. Raises OSError.
    """
    with os.fdopen(create_private(path), "wb") as output:
        writer = PcapngWriter(output, application)
        files: list[BinaryIO] = []
        try:
            streams = []
            for index, (name, part) in enumerate(parts):
                file: BinaryIO = part.open("rb")
                files.append(file)
                unit, link_type, snaplen = _pcap_header(file)
                writer.interface(name, link_type, snaplen)
                streams.append(_pcap_packets(file, index, unit))
            last_ns = 0
            for packet in heapq.merge(*streams):
                writer.packet(packet)
                last_ns = packet.time_ns
            for index, count in enumerate(dropped):
                writer.statistics(index, last_ns, count)
        finally:
            for file in files:
                file.close()


def _pcap_header(file: BinaryIO) -> tuple[int, int, int]:
    """Read a native pcap header: nanoseconds in a unit, link type, snapshot length."""
    header = file.read(24)
    if len(header) < 24:
        # tcpdump ended before its first write; an empty Ethernet interface says as much.
        return 1, 1, 0
    magic, snaplen, link_type = struct.unpack("=I12xII", header)
    return _PCAP_UNITS.get(magic, 1000), link_type & 0xFFFF, snaplen


def _pcap_packets(file: BinaryIO, interface: int, unit: int) -> Iterator[Packet]:
    while len(header := file.read(16)) == 16:
        seconds, fraction, length, original = struct.unpack("=IIII", header)
        if length > _MAX_PACKET or len(data := file.read(length)) < length:
            return
        yield Packet(seconds * 1_000_000_000 + fraction * unit, interface, original, data)


def _options(*options: tuple[int, bytes]) -> bytes:
    encoded = b"".join(struct.pack("=HH", code, len(v)) + _padded(v) for code, v in options)
    return encoded + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
