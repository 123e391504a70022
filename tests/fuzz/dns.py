"""DNS messages in, hostile ones out: names, pointers, counts, records, options."""

from __future__ import annotations

import struct
from random import Random

from tests.fuzz.damage import damage, number, put, text

#: A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, OPT, DS, HTTPS, ANY.
_TYPES = (1, 2, 5, 6, 12, 16, 28, 33, 41, 43, 65, 255)


def mutate(message: bytes, rng: Random) -> bytes:
    """Change a message, or write another one with its id."""
    if len(message) < 12:
        return damage(message, rng)
    return rng.choice((_header, _counts, _label, _pointer, _append, _append, _anew, damage))(
        message, rng
    )


def _header(message: bytes, rng: Random) -> bytes:
    return put(message, 2, rng.randrange(0x10000), 2)


def _counts(message: bytes, rng: Random) -> bytes:
    return put(message, rng.choice((4, 6, 8, 10)), number(rng, 2), 2)


def _label(message: bytes, rng: Random) -> bytes:
    return put(message, rng.randrange(12, len(message) + 1), rng.choice((0, 1, 63, 64, 191)), 1)


def _pointer(message: bytes, rng: Random) -> bytes:
    at = rng.randrange(12, len(message) + 1)
    target = rng.choice((at, at + 1, at - 1, 12, 0, 0x3FFF, rng.randrange(0x4000)))
    return put(message, at, 0xC000 | target & 0x3FFF, 2)


def _append(message: bytes, rng: Random) -> bytes:
    """Add records, and count them."""
    records = [_record(rng) for _ in range(rng.choice((1, 1, 2, 40)))]
    at = rng.choice((6, 8, 10))
    (count,) = struct.unpack_from("!H", message, at)
    return put(message, at, (count + len(records)) % 0x10000, 2) + b"".join(records)


def _anew(message: bytes, rng: Random) -> bytes:
    """A message of chance, which answers the question of the old one where that is easy."""
    answers = [_record(rng) for _ in range(rng.choice((0, 1, 3, 200)))]
    flags = rng.choice((0x0100, 0x8180, 0x8182, 0x8183, 0x8185, 0x8380, rng.randrange(0x10000)))
    end = message.find(b"\0", 12) + 5
    kept = end > 5 and rng.random() < 0.7
    question = message[12:end] if kept else _name(rng) + struct.pack("!HH", rng.choice(_TYPES), 1)
    head = message[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, rng.choice((0, 1)))
    return head + question + b"".join(answers)


def _record(rng: Random) -> bytes:
    kind = rng.choice(_TYPES)
    if kind == 41:
        data = b"".join(_option(rng) for _ in range(rng.choice((0, 1, 3))))
    else:
        data = rng.choice((rng.randbytes(4), rng.randbytes(16), _name(rng), b"", rng.randbytes(40)))
    size = len(data) if rng.random() < 0.9 else number(rng, 2)
    name = rng.choice((b"\xc0\x0c", b"\0", _name(rng)))
    return name + struct.pack("!HHIH", kind, 1, number(rng, 4), size & 0xFFFF) + data


def _option(rng: Random) -> bytes:
    """An EDNS option; 15 is an extended error with text (RFC 8914)."""
    words = struct.pack("!H", rng.choice((15, 16, 17, 22, 49))) + text(rng).encode()[:300]
    return struct.pack("!HH", rng.choice((15, 15, 10, 12)), len(words)) + words


def _name(rng: Random) -> bytes:
    labels = [text(rng).encode()[:63] for _ in range(rng.choice((1, 2, 4, 10)))]
    name = b"".join(bytes([len(label)]) + label for label in labels if label)
    return name + rng.choice((b"\0", b"\0", b"\xc0\x0c"))
