"""What the bench's clients and servers say: a recorded ClientHello, and records around noise."""

from __future__ import annotations

import struct
from functools import cache
from random import Random
from typing import NamedTuple

import captures
from analyzers.facts import Side
from analyzers.reassembly import byte_stream
from analyzers.tcp import connections
from analyzers.tls import handshakes
from tests.samples import samples

_HANDSHAKE, _CHANGE_CIPHER, _APPLICATION = 22, 20, 23
_RECORD = 16 * 1024
_POOL_RECORDS = 16


class Words(NamedTuple):
    """What one side of every download says."""

    start: bytes
    """Up to the end of the handshake, and the request."""
    pool: bytes
    """What follows, over and over."""

    def at(self, position: int, length: int) -> bytes:
        """Some of it."""
        ahead = len(self.start)
        if position < ahead:
            head = self.start[position : position + length]
            return head + self.at(ahead, length - len(head)) if len(head) < length else head
        place = (position - ahead) % len(self.pool)
        part = self.pool[place : place + length]
        return part if len(part) == length else part + self.pool[: length - len(part)]


class Script(NamedTuple):
    """A dialogue of TLS 1.3."""

    name: str
    """The server's, as the ClientHello asks for it."""
    hello: int
    """Bytes of the ClientHello, of the server's flight, of the rest that the client says."""
    flight: int
    request: int
    client: Words
    server: Words


@cache
def script() -> Script:
    """The dialogue: go's own ClientHello out of the first sample that has one."""
    random = Random(1)
    name, hello = _recorded_hello()
    session = hello[44 : 44 + hello[43]]
    flight = _server_hello(session, random)
    flight += _record(_CHANGE_CIPHER, b"\1") + _record(_APPLICATION, random.randbytes(3300))
    request = _record(_CHANGE_CIPHER, b"\1") + _record(_APPLICATION, random.randbytes(53))
    request += _record(_APPLICATION, random.randbytes(230))
    bodies = (_record(_APPLICATION, random.randbytes(_RECORD + 17)) for _ in range(_POOL_RECORDS))
    pool = b"".join(bodies)
    client = Words(hello + request, pool)
    return Script(name, len(hello), len(flight), len(request), client, Words(flight, pool))


def _recorded_hello() -> tuple[str, bytes]:
    for sample in samples():
        with captures.open(sample.directory / "capture.pcapng") as capture:
            found = connections(capture)
            for handshake in handshakes(capture, found, ()):
                hello = handshake.client_hello
                if hello is not None and hello.complete and hello.sni:
                    stream = byte_stream(capture, found[handshake.stream], Side.CLIENT)
                    length = int.from_bytes(stream.read(3, 2), "big")
                    return hello.sni, stream.read(0, 5 + length)
    raise LookupError("no sample has a whole ClientHello")


def _server_hello(session: bytes, random: Random) -> bytes:
    """RFC 8446 section 4.1.3: TLS_AES_128_GCM_SHA256 and x25519."""
    share = struct.pack("!HHHH", 51, 36, 29, 32) + random.randbytes(32)
    extensions = struct.pack("!HHH", 43, 2, 0x0304) + share
    body = b"\3\3" + random.randbytes(32) + bytes([len(session)]) + session
    body += b"\x13\x01\0" + struct.pack("!H", len(extensions)) + extensions
    return _record(_HANDSHAKE, b"\2" + len(body).to_bytes(3, "big") + body)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body
