"""Distinguished names: DER in, attributes and RFC 4514 text out."""

from __future__ import annotations

from analyzers.pki.der import SEQUENCE, SET, Der, Malformed

COMMON_NAME = "2.5.4.3"
ORGANIZATION = "2.5.4.10"

#: Short names of RFC 4514 3; every other type is written as its number.
_SHORT = {
    COMMON_NAME: "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    ORGANIZATION: "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}

_NUMERIC, _PRINTABLE, _T61, _IA5, _UTF8, _BMP = 0x12, 0x13, 0x14, 0x16, 0x0C, 0x1E

#: X.680 41.4, and two characters that Go lets pass because certificates in use contain them.
_PRINTABLE_CHARACTERS = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '()+,-./:=?*&"
)

Attribute = tuple[str, str]
"""Type as a dotted number, and value."""


def attributes(name: bytes) -> tuple[tuple[Attribute, ...], ...]:
    """The relative distinguished names of a DER name, in the order encoded."""
    sequence = "x509: invalid RDNSequence"
    names = Der(name).inside(SEQUENCE, sequence)
    result: list[tuple[Attribute, ...]] = []
    while not names.empty:
        relative = names.inside(SET, sequence)
        pairs: list[Attribute] = []
        while not relative.empty:
            pair = relative.inside(SEQUENCE, f"{sequence}: invalid attribute")
            kind = pair.oid(f"{sequence}: invalid attribute type")
            tag, value = pair.any(f"{sequence}: invalid attribute value: invalid ASN.1 element")
            pairs.append((kind, _text(tag, value)))
        result.append(tuple(pairs))
    return tuple(result)


def rfc4514(name: tuple[tuple[Attribute, ...], ...]) -> str:
    """Write a name as RFC 4514 does: last RDN first."""
    return ",".join(
        "+".join(f"{_SHORT.get(kind, kind)}={_escaped(value)}" for kind, value in relative)
        for relative in reversed(name)
    )


def first(name: tuple[tuple[Attribute, ...], ...], kind: str) -> str | None:
    """The first value of an attribute type."""
    return next((v for relative in name for k, v in relative if k == kind), None)


def last(name: tuple[tuple[Attribute, ...], ...], kind: str) -> str | None:
    """The last value of an attribute type: what Go takes for the common name."""
    return next(
        (v for relative in reversed(name) for k, v in reversed(relative) if k == kind), None
    )


def _escaped(value: str) -> str:
    """RFC 4514 2.4."""
    text = "".join(f"\\{c}" if c in '\\",+;<>' else "\\00" if c == "\0" else c for c in value)
    if text.startswith(("#", " ")):
        text = "\\" + text
    if value.endswith(" ") and len(value) > 1:
        text = text[:-1] + "\\ "
    return text


def _text(tag: int, value: bytes) -> str:
    def bad(what: str) -> Malformed:
        return Malformed(f"x509: invalid RDNSequence: invalid attribute value: {what}")

    if tag == _UTF8:
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise bad("invalid UTF-8 string") from None
    if tag == _PRINTABLE:
        if not _PRINTABLE_CHARACTERS.issuperset(value):
            raise bad("invalid PrintableString")
        return value.decode("ascii")
    if tag == _T61:
        return value.decode("latin-1")
    if tag == _IA5:
        if not value.isascii():
            raise bad("invalid IA5String")
        return value.decode("ascii")
    if tag == _NUMERIC:
        if value.strip(b"0123456789 "):
            raise bad("invalid NumericString")
        return value.decode("ascii")
    if tag == _BMP:
        return _ucs2(value, bad("invalid BMPString"))
    # Go takes values of other types as they are; they are shown in hex.
    return f"#{tag:02x}{value.hex()}"


def _ucs2(value: bytes, bad: Malformed) -> str:
    if len(value) % 2:
        raise bad
    points = [int.from_bytes(value[i : i + 2], "big") for i in range(0, len(value), 2)]
    if points and points[-1] == 0:
        points.pop()
    if any(0xD800 <= p <= 0xDFFF or 0xFDD0 <= p <= 0xFDEF or p >= 0xFFFE for p in points):
        raise bad
    return "".join(map(chr, points))
