"""TLS records and the clear handshake messages in them, read from one side's byte stream.

Work per stream is bounded: records are walked only as far as a handshake can reach, whatever
lengths they announce (RFC 8446 5.1; RFC 5246 6.2.1 for the larger limit).
"""

from __future__ import annotations

from typing import Protocol

from captures.lazyclass import dataclass

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = range(20, 25)

HEADER = 5

#: TLSCiphertext of TLS 1.2 may carry 2048 bytes more than its 2^14 of plaintext.
MAX_RECORD = (1 << 14) + 2048

#: crypto/tls takes certificate messages up to 256 KiB; real flights are below 20 KB.
MAX_HANDSHAKE_BYTES = 256 * 1024
MAX_RECORDS = 2048
#: Clear messages of a side: below ten, whatever the options.
MAX_MESSAGES = 64
#: Encrypted records walked: a handshake has below ten, and some of what follows is wanted too.
MAX_ENCRYPTED = 64

#: Read at a time while records are short, as in a handshake, and where they are long.
_CHUNK, _SHORT_CHUNK = 4096, 64


class Stream(Protocol):
    """What is needed of analyzers.reassembly.ByteStream."""

    @property
    def end(self) -> int:
        """Offset after the highest byte seen."""

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""

    def frame_at(self, offset: int) -> int:
        """The frame that first carried a byte."""

    def time_at(self, offset: int) -> float:
        """The time of that frame."""

    def frames(self, start: int, stop: int) -> tuple[int, ...]:
        """The frames that first carried the bytes of [start, stop)."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as its header announces it."""

    kind: int
    version: int
    offset: int
    """Of its header in the stream."""
    length: int
    """Announced payload bytes."""
    frame: int
    """The frame with its last byte (the last one seen, when it is cut)."""
    time_s: float
    """Of that frame."""
    whole: bool
    """The stream reaches its end; some of it may still be missing from the capture."""

    @property
    def end(self) -> int:
        """Offset after it."""
        return self.offset + HEADER + self.length


@dataclass(frozen=True, slots=True)
class Message:
    """One handshake message in clear."""

    kind: int
    body: bytes
    """As far as it was captured without a hole."""
    length: int
    """Announced."""
    start: int
    """Stream offset of the record in which it begins."""
    end: int
    """Stream offset after its last byte, as far as records announce it."""

    @property
    def whole(self) -> bool:
        """Its body is all there."""
        return len(self.body) == self.length


def is_header(header: bytes) -> bool:
    """Tell whether bytes, at least three, can begin a TLS record."""
    if len(header) < 3 or not CHANGE_CIPHER_SPEC <= header[0] <= HEARTBEAT:
        return False
    if header[1] != 3 or header[2] > 4:
        return False
    return len(header) < HEADER or int.from_bytes(header[3:5], "big") <= MAX_RECORD


def walk(stream: Stream, start: int) -> list[Record]:
    """Read record headers from `start` on, until they end, stop being TLS, or are too many."""
    records: list[Record] = []
    chunk, at = b"", start
    offset, encrypted = start, 0
    while offset < stream.end and offset - start < MAX_HANDSHAKE_BYTES:
        if not at <= offset <= at + len(chunk) - HEADER:
            size = _SHORT_CHUNK if records and records[-1].length > _CHUNK else _CHUNK
            chunk, at = stream.read(offset, size), offset
        header = chunk[offset - at : offset - at + HEADER]
        if len(header) < HEADER or not is_header(header):
            break
        record = _record(stream, header, offset)
        records.append(record)
        encrypted += record.kind == APPLICATION_DATA
        if len(records) >= MAX_RECORDS or encrypted >= MAX_ENCRYPTED:
            break
        offset = record.end
    return records


def _record(stream: Stream, header: bytes, offset: int) -> Record:
    length = int.from_bytes(header[3:5], "big")
    last = min(offset + HEADER + length, stream.end) - 1
    return Record(
        kind=header[0],
        version=int.from_bytes(header[1:3], "big"),
        offset=offset,
        length=length,
        frame=stream.frame_at(last),
        time_s=stream.time_at(last),
        whole=offset + HEADER + length <= stream.end,
    )


def clear_messages(stream: Stream, records: list[Record]) -> list[Message]:
    """Read the handshake messages of the records before the first that is not a handshake one."""
    data = bytearray()
    places: list[tuple[int, int, int]] = []
    holes_at: int | None = None
    for record in records:
        if record.kind != HANDSHAKE:
            break
        piece = stream.read(record.offset + HEADER, record.length)
        places.append((len(data), record.offset, record.length))
        if len(piece) < record.length and holes_at is None:
            holes_at = len(data) + len(piece)
        data += piece.ljust(record.length, b"\0")
        if len(data) > MAX_HANDSHAKE_BYTES:
            break
    return _split(bytes(data), len(data) if holes_at is None else holes_at, places)


def _split(data: bytes, readable: int, places: list[tuple[int, int, int]]) -> list[Message]:
    """Cut joined record payloads into messages (RFC 8446 4); `readable` bytes were captured."""
    messages: list[Message] = []
    position = 0
    while position + 4 <= readable and len(messages) < MAX_MESSAGES:
        length = int.from_bytes(data[position + 1 : position + 4], "big")
        body = data[position + 4 : min(position + 4 + length, readable)]
        last = min(position + 4 + length, len(data))
        messages.append(
            Message(
                data[position],
                body,
                length,
                _start_of(places, position),
                _stream_offset(places, last - 1) + 1,
            )
        )
        if length > len(body):
            break
        position += 4 + length
    return messages


def _start_of(places: list[tuple[int, int, int]], position: int) -> int:
    """Offset of the record that holds a position of the joined payloads."""
    return next(offset for at, offset, size in places if at <= position < at + size)


def _stream_offset(places: list[tuple[int, int, int]], position: int) -> int:
    """Stream offset of a position of the joined payloads."""
    at, offset = next((a, o) for a, o, size in places if a <= position < a + size)
    return offset + HEADER + position - at
