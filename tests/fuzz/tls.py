"""Bytes of a TLS stream in, hostile ones out: records, handshake messages, extensions, chains."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random

from tests.fuzz import der
from tests.fuzz.damage import damage, damage_in_place, number, put, text

HANDSHAKE = 22
_CERTIFICATE, _CLIENT_HELLO = 11, 1
_TYPES = (20, 21, 22, 23, 24, 0, 128, 255)
_MESSAGES = (0, 1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 20, 22, 255)


def mutate(stream: bytes, rng: Random) -> bytes:
    """Change records, or what the handshake messages in them say."""
    records = list(_records(stream))
    if not records:
        return damage(stream, rng)
    change = rng.choice((_record, _messages, _messages, _messages, _alert, _shuffle))
    return change(records, rng)


def _records(stream: bytes) -> Iterator[bytes]:
    """Whole records, and what is left after them."""
    at = 0
    while at < len(stream):
        size = int.from_bytes(stream[at + 3 : at + 5], "big") if len(stream) >= at + 5 else 0
        yield stream[at : at + 5 + size]
        at += 5 + size


def _record(records: list[bytes], rng: Random) -> bytes:
    """Change one record's header or body, its length left as it was or wrong."""
    chosen = rng.randrange(len(records))
    old = records[chosen]
    kind = rng.randrange(5)
    if kind == 0:
        old = put(old, 3, number(rng, 2), 2)
    elif kind == 1:
        old = put(old, 0, rng.choice(_TYPES), 1)
    elif kind == 2:
        old = put(old, 1, rng.choice((0x0300, 0x0301, 0x0304, 0x0002, 0xFFFF)), 2)
    elif kind == 3:
        old = old[:5] + damage_in_place(old[5:], rng)
    else:
        old = damage(old, rng)
    return b"".join((*records[:chosen], old, *records[chosen + 1 :]))


def _shuffle(records: list[bytes], rng: Random) -> bytes:
    chosen = rng.randrange(len(records))
    records[chosen : chosen + 1] = rng.choice(
        ([], [records[chosen]] * 2, [b"\x16\x03\x03\0\0"] * 30, [rng.choice(records)])
    )
    return b"".join(records)


def _alert(records: list[bytes], rng: Random) -> bytes:
    chosen = rng.randrange(len(records) + 1)
    body = bytes([rng.choice((1, 2, 2, 0)), rng.choice((0, 40, 42, 48, 70, 90, 112, 255))])
    body = rng.choice((body, body, body, body[:1], body * 20))
    return b"".join((*records[:chosen], _wrap(body, 21), *records[chosen:]))


def _messages(records: list[bytes], rng: Random) -> bytes:
    """Change one handshake message; lengths and records around it are made to fit."""
    first = next((i for i, r in enumerate(records) if r[:1] == b"\x16"), None)
    if first is None:
        return _record(records, rng)
    last = first
    while last < len(records) and records[last][:1] == b"\x16":
        last += 1
    joined = b"".join(record[5:] for record in records[first:last])
    messages = list(_split(joined))
    if not messages:
        return _record(records, rng)
    chosen = rng.randrange(len(messages))
    messages[chosen] = _message(messages[chosen], rng)
    body = b"".join(messages)
    limit = rng.choice((16384, 16384, 16384, 100, 1))
    # A stream of one-byte records grows sixfold: enough for a few thousand bytes of handshake.
    limit = limit if len(body) < 3000 or limit > 1 else 50
    pieces = [_wrap(body[at : at + limit], HANDSHAKE) for at in range(0, len(body), limit)]
    return b"".join((*records[:first], *pieces, *records[last:]))


def _split(joined: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(joined):
        end = at + 4 + int.from_bytes(joined[at + 1 : at + 4], "big")
        yield joined[at:end]
        at = end


def _message(message: bytes, rng: Random) -> bytes:
    kind, body = message[0], message[4:]
    if kind == _CERTIFICATE and rng.random() < 0.85:
        return _handshake(kind, _certificates(body, rng))
    if kind == _CLIENT_HELLO and rng.random() < 0.7:
        return _handshake(kind, _hello(body, rng))
    return rng.choice(
        (
            _handshake(kind, damage(body, rng)),
            _handshake(kind, damage_in_place(body, rng)),
            _handshake(rng.choice(_MESSAGES), body),
            put(message, 1, number(rng, 3), 3),
            message * rng.choice((2, 30)),
            _handshake(kind, b""),
        )
    )


def _certificates(body: bytes, rng: Random) -> bytes:
    """Another chain (TLS 1.2: RFC 5246 7.4.2)."""
    chain, at = [], 3
    while at + 3 <= len(body):
        size = int.from_bytes(body[at : at + 3], "big")
        chain.append(body[at + 3 : at + 3 + size])
        at += 3 + size
    if not chain:
        return damage(body, rng)
    chosen = rng.randrange(len(chain))
    chain[chosen : chosen + 1] = rng.choice(
        (
            [der.mutate(chain[chosen], rng)],
            [der.mutate(chain[chosen], rng)],
            [der.mutate(chain[chosen], rng)],
            [chain[chosen]] * rng.choice((2, 60)),
            [],
            [b"", chain[chosen]],
        )
    )
    listed = b"".join(len(one).to_bytes(3, "big") + one for one in chain)
    return len(listed).to_bytes(3, "big") + listed


def _hello(body: bytes, rng: Random) -> bytes:
    """A hello with one extension more: a name, or any other."""
    at = body.rfind(b"\0\0\0")  # where the server_name extension may start
    name = text(rng).encode()[:2000]
    entry = b"\0" + struct.pack("!H", len(name)) + name
    listed = struct.pack("!H", len(entry) if rng.random() < 0.8 else 0xFFFF) + entry
    extension = struct.pack("!HH", rng.choice((0, 0, 0, 16, 43, 51)), len(listed)) + listed
    head = body[: at if at > 40 else len(body)]
    session = 35 + head[34] if len(head) > 34 else 0
    suites = int.from_bytes(head[session : session + 2], "big")
    extensions = session + 2 + suites + 2
    if not 40 < extensions < len(head):
        return damage(body, rng)
    rest = rng.choice((head[extensions + 2 :], b"", extension * 40))
    tail = extension + rest
    return head[:extensions] + struct.pack("!H", len(tail) & 0xFFFF) + tail


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + (len(body) & 0xFFFFFF).to_bytes(3, "big") + body


def _wrap(body: bytes, kind: int) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body) & 0xFFFF) + body
