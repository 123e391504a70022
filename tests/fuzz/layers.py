"""One frame in, where its headers and its payload are out; and frames with other payloads."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.fuzz.seeds import Packet

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58

#: Bytes before the IP header by link type: NULL, Ethernet, PPP, raw, LOOP, SLL, IPv4, IPv6, SLL2.
_LINK_HEADERS = {0: 4, 1: 14, 9: 2, 12: 0, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20}


@dataclass(frozen=True, slots=True)
class Layers:
    """Offsets into the bytes of a frame."""

    network: int
    version: int
    protocol: int
    transport: int
    payload: int

    def ports(self, data: bytes) -> tuple[int, int]:
        """Source and destination port; zeroes for other protocols."""
        if self.protocol not in (TCP, UDP):
            return 0, 0
        one, other = struct.unpack_from("!HH", data, self.transport)
        return one, other


def layers(packet: Packet) -> Layers | None:
    """Find the headers of a frame; None when it holds no whole IP and transport header."""
    data = packet.data
    network = _LINK_HEADERS.get(packet.link)
    if network is None or len(data) < network + 28:
        return None
    version = data[network] >> 4
    if version == 4:
        protocol, transport = data[network + 9], network + (data[network] & 15) * 4
    elif version == 6:
        protocol, transport = data[network + 6], network + 40
    else:
        return None
    if len(data) < transport + {TCP: 20}.get(protocol, 8):
        return None
    header = (data[transport + 12] >> 4) * 4 if protocol == TCP else 8
    return Layers(network, version, protocol, transport, min(transport + header, len(data)))


def with_payload(packet: Packet, found: Layers, payload: bytes) -> Packet:
    """The same frame around another payload, its lengths put right as far as they can hold it."""
    data = packet.data[: found.payload] + payload
    if found.version == 4:
        data = _word(data, found.network + 2, len(data) - found.network)
    else:
        data = _word(data, found.network + 4, len(data) - found.network - 40)
    if found.protocol == UDP:
        data = _word(data, found.transport + 4, len(data) - found.transport)
    return packet.with_data(data)


def _word(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + struct.pack("!H", min(value, 0xFFFF)) + data[at + 2 :]
