"""ClientHellos to send (RFC 8446 section 4.1.2): a name and a size in, one TLS record out.

They offer what go offers, in another order: a diagnosis must not take them for go's own.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable

_HANDSHAKE_RECORD, _CLIENT_HELLO = 22, 1
_TLS10, _TLS12, _TLS13 = 0x0301, 0x0303, 0x0304
_CIPHERS = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014)
_X25519, _P256, _P384, _X25519MLKEM768 = 29, 23, 24, 0x11EC
_SCHEMES = (0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0503, 0x0603)

#: A warning in a record of its own: the handshake goes no further, and nothing is wrong.
USER_CANCELED = bytes.fromhex("15 0303 0002 01 5a")

#: FIPS 203 section 8, ML-KEM-768: 3 polynomials of 256 coefficients below q, then a seed.
_COEFFICIENTS, _Q, _SEED = 768, 3329, 32


def client_hello(name: str, large: bool) -> bytes:
    """One whole record; a `large` hello has a post-quantum key share and needs two segments."""
    groups = ([_X25519MLKEM768] if large else []) + [_X25519, _P256, _P384]
    shares = [_share(_X25519MLKEM768, _mlkem_key() + secrets.token_bytes(32))] if large else []
    shares.append(_share(_X25519, secrets.token_bytes(32)))
    host = name.encode("ascii")
    extensions = [
        _extension(0, _vector2(b"\0" + _vector2(host))),
        _extension(10, _vector2(_words(groups))),
        _extension(11, b"\1\0"),
        _extension(13, _vector2(_words(_SCHEMES))),
        _extension(16, _vector2(b"\2h2\x08http/1.1")),
        _extension(23, b""),
        _extension(43, b"\4" + _words((_TLS13, _TLS12))),
        _extension(45, b"\1\1"),
        _extension(51, _vector2(b"".join(shares))),
    ]
    body = struct.pack("!H", _TLS12) + secrets.token_bytes(32)
    body += b"\x20" + secrets.token_bytes(32)
    body += _vector2(_words(_CIPHERS)) + b"\1\0" + _vector2(b"".join(extensions))
    message = struct.pack("!B", _CLIENT_HELLO) + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", _HANDSHAKE_RECORD, _TLS10, len(message)) + message


def _mlkem_key() -> bytes:
    """A key that passes the check of its modulus, as servers make it (FIPS 203 section 7.2).

    Nobody has its other half: the handshake is never finished.
    """
    numbers = [secrets.randbelow(_Q) for _ in range(_COEFFICIENTS)]
    packed = bytearray()
    for low, high in zip(numbers[::2], numbers[1::2], strict=True):
        packed += (low | high << 12).to_bytes(3, "little")
    return bytes(packed) + secrets.token_bytes(_SEED)


def _share(group: int, key: bytes) -> bytes:
    return struct.pack("!H", group) + _vector2(key)


def _extension(number: int, data: bytes) -> bytes:
    return struct.pack("!H", number) + _vector2(data)


def _vector2(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join(struct.pack("!H", number) for number in numbers)
