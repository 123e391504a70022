"""Bytes of an HTTP stream in, hostile ones out: start lines, headers, lengths, chunks."""

from __future__ import annotations

from random import Random

from tests.fuzz.damage import damage, text

_STATUSES: tuple[bytes, ...] = (
    b"000",
    b"099",
    b"100",
    b"101",
    b"200",
    b"204",
    b"302",
    b"304",
    b"407",
    b"429",
    b"502",
)
_STATUSES += (b"999", b"1000", b"-1", b"2e2", b"\xb2\xb9\xb3", b"", b"\x1b[m")
_SIZES: tuple[bytes, ...] = (
    b"0",
    b"-1",
    b"1",
    b"99999999999999999999",
    b"5, 5",
    b"5, 6",
    b"0x10",
    b"1e3",
    b"\xd9\xa1",
)
_NAMES = (
    b"Content-Length",
    b"Transfer-Encoding",
    b"Location",
    b"Host",
    b"Server",
    b"Via",
    b"Retry-After",
    b"Content-Type",
    b"Proxy-Authenticate",
    b"WWW-Authenticate",
    b"Date",
    b"X-Cache",
    b"Connection",
    b"",
    b"X\x1b[31m",
)
_CHUNKS = (b"FFFFFFFFFFFFFFFF", b"-1", b"5;x=\x1b[m", b"0", b"g", b"", b"00000000000000000000005")
_METHODS = (b"GET", b"CONNECT", b"HEAD", b"POST", b"PRI", b"\x1b[31m", b"get", b"")


def mutate(stream: bytes, rng: Random) -> bytes:
    """Change the first head of a stream, or what follows it."""
    head, separator, body = stream.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    kind = rng.randrange(8)
    if kind == 0:
        lines[0] = _start(lines[0], rng)
    elif kind in (1, 2):
        lines.insert(rng.randrange(1, len(lines) + 1), _header(rng))
    elif kind == 3:
        lines += [_header(rng) for _ in range(rng.choice((20, 400)))]
    elif kind == 4:
        lines = [_resize(line, rng) for line in lines]
    elif kind == 5:
        lines.append(b"Transfer-Encoding: chunked")
        body = _chunk(rng) + body + _chunk(rng)
    elif kind == 6:
        return damage(stream, rng)
    else:
        return stream + rng.choice((stream, b"\r\n" * 200, text(rng).encode()))
    return b"\r\n".join(lines) + separator + body


def _start(line: bytes, rng: Random) -> bytes:
    words = line.split(b" ")
    if words[0].startswith(b"HTTP/"):
        version = rng.choice((words[0], b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/"))
        return b" ".join((version, rng.choice(_STATUSES), text(rng).encode()[:300]))
    target = rng.choice((text(rng).encode(), b"*", b"//", b"http://" + text(rng).encode(), b":0"))
    return b" ".join((rng.choice(_METHODS), target[:6000], words[-1]))


def _header(rng: Random) -> bytes:
    value = rng.choice((text(rng).encode(), rng.choice(_SIZES), rng.randbytes(9), b"chunked"))
    return rng.choice(_NAMES) + rng.choice((b": ", b":", b"", b" : ")) + value


def _resize(line: bytes, rng: Random) -> bytes:
    if not line.lower().startswith(b"content-length"):
        return line
    return b"Content-Length: " + rng.choice(_SIZES)


def _chunk(rng: Random) -> bytes:
    return rng.choice(_CHUNKS) + rng.choice((b"\r\n", b"\n", b""))
