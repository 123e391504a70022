"""DER in, hostile DER out: one element changed, and the lengths around it put right, or not."""

from __future__ import annotations

from random import Random

from tests.fuzz.damage import damage, text

_TAGS: tuple[int, ...] = (
    0x01,
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x0C,
    0x13,
    0x16,
    0x17,
    0x18,
    0x1C,
    0x1E,
    0x30,
    0x31,
)
_TAGS += (0x82, 0x86, 0x87, 0xA0, 0xA3, 0x1F)
_STRINGS = frozenset({0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E, 0x82, 0x86})
_TIMES = (
    b"491231235959Z",
    b"000101000000Z",
    b"99991231235959Z",
    b"00000101000000Z",
    b"20260230000000Z",
    b"2026010100000Z",
    b"20260101000000.5Z",
    b"20260101000000+0130",
    b"\x1b[31m",
    b"",
)
_MAX_DEPTH = 40


def mutate(encoded: bytes, rng: Random) -> bytes:
    """Change one element of an encoding."""
    if rng.random() < 0.1:
        return damage(encoded, rng)
    return _change(encoded, rng, 0)


def encode(tag: int, content: bytes) -> bytes:
    """One element with its shortest length."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of the elements side by side in `data`; what is none is left out."""
    found, at = [], 0
    while at + 2 <= len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            width = size & 0x7F
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        found.append((tag, data[at : at + size]))
        at += size
    return found


def _change(encoded: bytes, rng: Random, depth: int) -> bytes:
    """Change one of the elements of `encoded`, or something inside it."""
    parts = elements(encoded)
    if not parts:
        return damage(encoded, rng)
    chosen = rng.randrange(len(parts))
    tag, content = parts[chosen]
    inside = tag & 0x20 and content and depth < _MAX_DEPTH and rng.random() < 0.85
    if tag == 0x04 and content[:1] == b"\x30" and rng.random() < 0.7:
        inside = True  # an extension's value, or a key, wrapped
    new = encode(tag, _change(content, rng, depth + 1)) if inside else _element(tag, content, rng)
    return b"".join(new if place == chosen else encode(*part) for place, part in enumerate(parts))


def _element(tag: int, content: bytes, rng: Random) -> bytes:
    """Another element instead of this one."""
    kind = rng.randrange(9)
    if kind == 0:
        return b""
    if kind == 1:
        return encode(tag, content) * rng.choice((2, 2, 30))
    if kind == 2:
        return encode(rng.choice(_TAGS), content)
    if kind == 3:
        return encode(tag, b"")
    if kind == 4:
        for _ in range(rng.choice((5, 200))):
            content = encode(0x30, content)
        return content
    if kind == 5:
        return bytes([tag, *rng.choice(((0x80,), (0x84, 0xFF, 0xFF, 0xFF, 0xFF), (0xFF,)))])
    return encode(tag, _content(tag, content, rng))


def _content(tag: int, content: bytes, rng: Random) -> bytes:
    if tag in _STRINGS:
        return text(rng).encode(rng.choice(("utf-8", "utf-16-be", "utf-8")), "replace")
    if tag in (0x17, 0x18):
        return rng.choice(_TIMES)
    if tag == 0x02:
        return rng.choice((b"", b"\0", b"\xff" * 3, b"\x7f" * 600, rng.randbytes(21)))
    if tag == 0x06:
        return rng.choice((b"", b"\x80", b"\xff" * 30, b"\x2a\x03", rng.randbytes(9)))
    return damage(content, rng)
