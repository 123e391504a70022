"""DER, read as strictly as Go reads it (golang.org/x/crypto/cryptobyte), one element at a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31

#: Longest object identifier, in bytes, that is spelled out; no registered one comes near.
MAX_OID_LENGTH = 128


class Malformed(ValueError):
    """Bytes are not the DER that was expected; the text is Go's reason."""


class Der:
    """A cursor over concatenated DER elements."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = start
        self.end = len(data) if end is None else end

    @property
    def empty(self) -> bool:
        """Nothing is left."""
        return self.position >= self.end

    def peek(self, tag: int) -> bool:
        """Tell whether the next element has this tag."""
        return self.position < self.end and self.data[self.position] == tag

    def _bounds(self, reason: str) -> tuple[int, int, int]:
        """Tag, start and end of the next element's content (X.690 8.1, 10.1)."""
        data, at, end = self.data, self.position, self.end
        if end - at < 2 or data[at] & 0x1F == 0x1F:
            raise Malformed(reason)
        length = data[at + 1]
        start = at + 2
        if length & 0x80:
            width = length & 0x7F
            if not 1 <= width <= 4 or end - start < width:
                raise Malformed(reason)
            length = int.from_bytes(data[start : start + width], "big")
            if length < 128 or length >> (width - 1) * 8 == 0:
                raise Malformed(reason)
            start += width
        if length > end - start:
            raise Malformed(reason)
        return data[at], start, start + length

    def any(self, reason: str) -> tuple[int, bytes]:
        """Tag and content of the next element."""
        tag, start, end = self._bounds(reason)
        self.position = end
        return tag, self.data[start:end]

    def content(self, tag: int, reason: str) -> bytes:
        """Content of the next element, which must have this tag."""
        found, start, end = self._bounds(reason)
        if found != tag:
            raise Malformed(reason)
        self.position = end
        return self.data[start:end]

    def inside(self, tag: int, reason: str) -> Der:
        """A cursor over the content of the next element."""
        found, start, end = self._bounds(reason)
        if found != tag:
            raise Malformed(reason)
        self.position = end
        return Der(self.data, start, end)

    def element(self, tag: int, reason: str) -> bytes:
        """The next element with its header."""
        at = self.position
        self.content(tag, reason)
        return self.data[at : self.position]

    def optional(self, tag: int, reason: str) -> Der | None:
        """A cursor over the next element's content, None when it has another tag."""
        return self.inside(tag, reason) if self.peek(tag) else None

    def integer(self, reason: str, tag: int = INTEGER) -> int:
        """The next INTEGER, minimally encoded."""
        content = self.content(tag, reason)
        if not content or (
            len(content) > 1 and (content[0], content[1] >> 7) in ((0x00, 0), (0xFF, 1))
        ):
            raise Malformed(reason)
        return int.from_bytes(content, "big", signed=True)

    def boolean(self, reason: str) -> bool:
        """The next BOOLEAN (X.690 11.1)."""
        content = self.content(BOOLEAN, reason)
        if content not in (b"\x00", b"\xff"):
            raise Malformed(reason)
        return content == b"\xff"

    def bit_string(self, reason: str) -> tuple[bytes, int]:
        """Bytes of the next BIT STRING, and how many of its last bits do not count."""
        content = self.content(BIT_STRING, reason)
        if not content:
            raise Malformed(reason)
        unused, bits = content[0], content[1:]
        if unused > 7 or (unused and not bits) or (bits and bits[-1] & (1 << unused) - 1):
            raise Malformed(reason)
        return bits, unused

    def oid(self, reason: str) -> str:
        """The next OBJECT IDENTIFIER in dotted form."""
        return _dotted(self.content(OID, reason), reason)

    def time(self) -> datetime:
        """The next UTCTime or GeneralizedTime, in UTC."""
        if self.peek(UTC_TIME):
            reason = "x509: malformed UTCTime"
            return _moment(self.content(UTC_TIME, reason), _UTC, reason)
        if self.peek(GENERALIZED_TIME):
            reason = "x509: malformed GeneralizedTime"
            return _moment(self.content(GENERALIZED_TIME, reason), _GENERALIZED, reason)
        raise Malformed("x509: unsupported time format")


def _dotted(content: bytes, reason: str) -> str:
    if not content or content[-1] & 0x80 or len(content) > MAX_OID_LENGTH:
        raise Malformed(reason)
    arcs: list[int] = []
    value = 0
    for byte in content:
        if value == 0 and byte == 0x80:
            raise Malformed(reason)
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


_ZONE = rb"(?:Z|([+-])(\d\d)(\d\d))"
_UTC = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?" + _ZONE)
_GENERALIZED = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)" + _ZONE)


def _moment(content: bytes, form: re.Pattern[bytes], reason: str) -> datetime:
    match = form.fullmatch(content)
    if match is None:
        raise Malformed(reason)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if form is _UTC:
        # Two digits mean 1950 to 2049 (RFC 5280 4.1.2.5.1).
        year += 2000 if year < 50 else 1900
    try:
        sign, hours, minutes = match.groups()[6:]
        zone = UTC if sign is None else timezone(_offset(sign, int(hours), int(minutes)))
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(reason) from error


def _offset(sign: bytes, hours: int, minutes: int) -> timedelta:
    if minutes > 59 or hours > 23:
        raise ValueError("no time zone")
    offset = timedelta(hours=hours, minutes=minutes)
    if not offset:
        # Go writes a zero offset as Z, and wants back what it read.
        raise ValueError("zero offset not written as Z")
    return offset if sign == b"+" else -offset
