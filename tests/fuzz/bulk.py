"""Captures that repeat one thing very often: what is quadratic shows itself on them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.captures import containers
from tests.captures.containers import Record
from tests.fuzz.make import Made
from tests.packets import ACK, PSH, RST, SYN, icmp, ip, tcp, udp

CLIENT, SERVER, RESOLVER, ROUTER = "10.0.0.2", "198.51.100.7", "10.0.0.53", "10.9.0.1"
_START_NS = 1_700_000_000 * 10**9
_PORT = 1024
_GET = b"GET http://a.example/m%d/@v/v1.0.0.zip HTTP/1.1\r\nHost: a.example\r\n\r\n"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def made(frames: Iterator[bytes]) -> Made:
    """An input of raw IP packets, a tenth of a millisecond apart."""
    records = [Record(_START_NS + n * 10**5, frame) for n, frame in enumerate(frames)]
    return Made(0, "bulk", (), containers.pcap(records, nanoseconds=True))


def unanswered_connections(count: int) -> Iterator[bytes]:
    """SYNs, each of another connection."""
    for n in range(count):
        yield _to_server(_PORT + n, n, 0, SYN)


def connections_reset(count: int) -> Iterator[bytes]:
    """One connection after the other, accepted and reset."""
    for n in range(count):
        yield _to_server(_PORT + n, 0, 0, SYN)
        yield _to_client(_PORT + n, 0, 1, SYN | ACK)
        yield _to_client(_PORT + n, 1, 1, RST)


def prohibited_connections(count: int) -> Iterator[bytes]:
    """SYNs, each refused by a router."""
    for frame in unanswered_connections(count):
        yield frame
        yield ip(ROUTER, CLIENT, 1, icmp(3, 13, body=frame))


def negative_lookups(count: int) -> Iterator[bytes]:
    """One name that does not exist, asked again and again."""
    for n in range(count):
        yield ip(CLIENT, RESOLVER, 17, udp(5000, 53, _dns(n, 0x0100)))
        yield ip(RESOLVER, CLIENT, 17, udp(53, 5000, _dns(n, 0x8183)))


def requests_not_found(count: int) -> Iterator[bytes]:
    """Requests for other modules on one connection, none of which there is."""
    asked = b"".join(_GET % n for n in range(count))
    yield _to_server(_PORT, 0, 0, SYN, port=80)
    yield _to_client(_PORT, 0, 1, SYN | ACK, port=80)
    for at in range(0, len(asked), 1400):
        yield _to_server(_PORT, 1 + at, 1, PSH | ACK, asked[at : at + 1400], port=80)
    told = _NOT_FOUND * count
    for at in range(0, len(told), 1400):
        said = told[at : at + 1400]
        yield _to_client(_PORT, 1 + at, 1 + len(asked), PSH | ACK, said, port=80)


SHAPES = (
    unanswered_connections,
    connections_reset,
    prohibited_connections,
    negative_lookups,
    requests_not_found,
)


def _to_server(
    own: int, sequence: int, acked: int, flags: int, data: bytes = b"", port: int = 443
) -> bytes:
    return ip(CLIENT, SERVER, 6, tcp(own, port, sequence, acked, flags, data))


def _to_client(
    own: int, sequence: int, acked: int, flags: int, data: bytes = b"", port: int = 443
) -> bytes:
    return ip(SERVER, CLIENT, 6, tcp(port, own, sequence, acked, flags, data))


def _dns(number: int, flags: int) -> bytes:
    return struct.pack("!HHHHHH", number, flags, 1, 0, 0, 0) + b"\1a\7example\0\0\1\0\1"
