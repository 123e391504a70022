"""A frame in, ICMP errors about it out: true ones, nonsense, and quotes of quotes."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from random import Random

from tests import packets
from tests.fuzz.damage import damage, number
from tests.fuzz.layers import layers, with_payload
from tests.fuzz.seeds import Packet

_KINDS = {4: (3, 3, 3, 4, 5, 11, 11, 12), 6: (1, 1, 2, 2, 3, 3, 4)}


def error_about(packet: Packet, rng: Random) -> Packet | None:
    """An error that quotes `packet`, as raw IP; None when it is no IP packet."""
    found = layers(packet)
    if found is None:
        return None
    data = packet.data[found.network :]
    if found.version == 4:
        source = str(IPv4Address(data[12:16]))
        router = str(rng.choice((IPv4Address(rng.randbytes(4)), IPv4Address(data[16:20]))))
    else:
        source = str(IPv6Address(data[8:24]))
        router = str(rng.choice((IPv6Address(rng.randbytes(16)), IPv6Address(data[24:40]))))
    quote = data[: rng.choice((0, 8, 20, 27, 28, 40, 48, 68, 128, 548, 1232))]
    if rng.random() < 0.3:
        quote = damage(quote, rng)
    message = packets.icmp(
        rng.choice(_KINDS[found.version]),
        rng.choice((0, 0, 1, 2, 3, 4, 9, 10, 13, 255)),
        struct.pack("!I", number(rng, 4)),
        quote,
    )
    protocol = 1 if found.version == 4 else 58
    whole = packets.ip(router, source, protocol, message, ttl=rng.choice((1, 62, 64, 255)))
    later = Packet(packet.time_ns + rng.randrange(10**8), whole, len(whole), packets.RAW)
    return (
        error_about(later, rng) if rng.random() < 0.05 else _on_link(packet, later, found.network)
    )


def _on_link(like: Packet, packet: Packet, header: int) -> Packet:
    """Put a raw IP packet behind the link header of another frame of its IP version."""
    data = like.data[:header] + packet.data
    return Packet(packet.time_ns, data, len(data), like.link)


def mutate(packet: Packet, rng: Random) -> Packet:
    """Damage the body of an ICMP message: its quote, or the extensions behind it."""
    found = layers(packet)
    if found is None:
        return packet
    body = packet.data[found.payload :]
    if rng.random() < 0.3:
        # RFC 4884: a length in words, then an extension structure with an MPLS stack.
        data = bytearray(packet.data)
        data[found.transport + 4 : found.transport + 8] = struct.pack("!BBH", 0, 32, 0)
        packet = packet.with_data(bytes(data))
        objects = struct.pack("!HBB", rng.choice((8, 4, 0, 65535)), 1, 1) + rng.randbytes(4)
        body = body[:128].ljust(128, b"\0") + b"\x20\0\0\0" + objects * rng.choice((1, 60))
    else:
        body = damage(body, rng)
    return with_payload(packet, found, body)
