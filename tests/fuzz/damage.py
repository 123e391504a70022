"""Bytes in, damaged bytes out, and the numbers and texts that tend to hurt."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

TEXTS = (
    "",
    "\0",
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[31mHEALTHY",
    "\x9b31m",
    "\u202eevil\u2066",
    "\u2028\u2029\u200b\ufeff",
    "\n\nHEALTHY  nothing is wrong\n",
    "\r\t\x0b\x0c\x85\x7f",
    "%s%n{0}{x!r}$(id)`id`;|&'\"\\",
    "a" * 70,
    "a" * 5000,
    ".".join(["x" * 63] * 4),
    "xn--" + "z" * 60,
    "..",
    "*",
    "*.*.example.org",
    "1e999",
    "-0",
    "\U0001f4a9" * 40,
    "e\u0301" * 500,
    "\ue000\U0010ffff",
    "١٢٣",
    "²",
    "zscaler\x1b[8m",
    "[::1]:99999",
    "https://[::ffff:1.2.3.4%25eth0]:0/\x00",
    "http://user:pass@host:port/@v/list?#",
    "sum.golang.org",
    "proxy.golang.org",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+23:59",
)
"""Texts that steer terminals, look like numbers, dates, addresses and URLs, or are long."""

NUMBERS: tuple[int, ...] = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    15,
    16,
    19,
    20,
    63,
    64,
    127,
    128,
    255,
    256,
    1500,
    16384,
    16385,
)
NUMBERS += (0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Ends of ranges, and their neighbours."""


def number(rng: Random, width: int) -> int:
    """A number of so many bytes, most often one that hurts."""
    top = 1 << 8 * width
    return rng.choice(NUMBERS) % top if rng.random() < 0.7 else rng.randrange(top)


def text(rng: Random) -> str:
    """A text that hurts, or two of them."""
    one = rng.choice(TEXTS)
    return one + rng.choice(TEXTS) if rng.random() < 0.1 else one


def put(data: bytes, at: int, value: int, width: int, order: str = "big") -> bytes:
    """Write a number over bytes, where it fits."""
    if at < 0 or at + width > len(data):
        return data
    encoded = value.to_bytes(width, "little" if order == "little" else "big")
    return data[:at] + encoded + data[at + width :]


def damage(data: bytes, rng: Random) -> bytes:
    """Change bytes somewhere."""
    return rng.choice(_ANYHOW)(data, rng) if data else rng.randbytes(rng.randrange(1, 40))


def damage_in_place(data: bytes, rng: Random) -> bytes:
    """Change bytes somewhere, keep their number."""
    return rng.choice(_IN_PLACE)(data, rng) if data else data


def _flip(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _number(data: bytes, rng: Random) -> bytes:
    width = rng.choice((1, 1, 2, 2, 3, 4))
    at = rng.randrange(len(data))
    return put(data, at, number(rng, width), width, rng.choice(("big", "little")))


def _fill(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    length = min(rng.choice((1, 4, 40, 400)), len(data) - at)
    filling = rng.choice((b"\0" * length, b"\xff" * length, rng.randbytes(length)))
    return data[:at] + filling + data[at + length :]


def _write(data: bytes, rng: Random) -> bytes:
    written = text(rng).encode()[:200]
    at = rng.randrange(len(data))
    return (data[:at] + written + data[at + len(written) :])[: len(data)]


def _insert(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((rng.randbytes(9), text(rng).encode(), b"\0" * 70)) + data[at:]


def _delete(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 2, 4, 16, 100)) :]


def _truncate(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _repeat(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    end = at + rng.choice((1, 4, 16, 100))
    return data[:at] + data[at:end] * rng.choice((2, 3, 50)) + data[end:]


def _swap(data: bytes, rng: Random) -> bytes:
    one, other = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return data[:one] + data[other:] + data[one:other]


_Damage = Callable[[bytes, Random], bytes]
_IN_PLACE: tuple[_Damage, ...] = (_flip, _flip, _number, _number, _fill, _write)
_ANYHOW: tuple[_Damage, ...] = (*_IN_PLACE, _insert, _delete, _truncate, _repeat, _swap)
