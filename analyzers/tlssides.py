"""What each side of a TLS handshake said: its hello, its clear messages, the records after them."""

from __future__ import annotations

from dataclasses import field

from analyzers.facts import ClientHello, HelloRetry
from analyzers.goshape import is_go
from analyzers.hello import (
    EARLY_DATA,
    ENCRYPTED_CLIENT_HELLO,
    KEY_SHARE,
    Choice,
    Offer,
    parse_client_hello,
    parse_server_hello,
    parse_sslv2_hello,
    text,
    without_grease,
)
from analyzers.ja4 import ja4
from analyzers.tlsrecords import (
    HANDSHAKE,
    HEADER,
    Message,
    Record,
    Stream,
    clear_messages,
    is_header,
    walk,
)
from captures.lazyclass import dataclass

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE = 1, 2, 11, 13, 14

_NOT_TLS_LENGTH = 80
_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}


@dataclass(slots=True)
class ClientSide:
    """The client's half, from where TLS begins."""

    stream: Stream
    start: int
    hello: ClientHello | None
    early_data: bool
    rest: list[Record]
    """Records after the (first) hello."""


@dataclass(slots=True)
class ServerSide:
    """The server's half, from where TLS begins."""

    stream: Stream
    start: int
    records: list[Record]
    messages: list[Message] = field(default_factory=list)
    """Clear ones: all of the flight up to TLS 1.2, the ServerHello in TLS 1.3."""
    choice: Choice | None = None
    """Of the last ServerHello that was read."""
    hello_record: Record | None = None
    """The record with the end of that ServerHello."""
    retry: tuple[Choice, Record] | None = None
    """The HelloRetryRequest, and the record with its end."""
    after: list[Record] = field(default_factory=list)
    """Records after the clear messages."""
    not_tls: str | None = None

    @property
    def spoke(self) -> bool:
        """TLS came from it, even if no hello could be read."""
        return bool(self.records)


def read_client(stream: Stream, start: int) -> ClientSide | None:
    """Read the client's half; None when it does not begin with a ClientHello."""
    head = stream.read(start, HEADER + 1)
    if is_header(head):
        if head[0] != HANDSHAKE or head[HEADER:] not in (b"", b"\x01"):
            return None
        return _modern_client(stream, start)
    if _is_sslv2_hello(stream.read(start, 5)):
        return _sslv2_client(stream, start)
    return None


def client_without_hello(stream: Stream) -> ClientSide:
    """The client's half of a connection whose ClientHello was not captured."""
    return ClientSide(stream, 0, None, False, walk(stream, 0))


def _modern_client(stream: Stream, start: int) -> ClientSide:
    records = walk(stream, start)
    if not records:
        # Three or four bytes of the first header is all that the capture holds.
        size = max(stream.end - start, 0)
        return ClientSide(stream, start, _fact(stream, start, size, None), False, [])
    messages = clear_messages(stream, records[: _hello_records(records)])
    first = messages[0] if messages and messages[0].kind == CLIENT_HELLO else None
    offer = parse_client_hello(first.body) if first else None
    size = records[0].end - start
    if first is not None:
        carrying = [r for r in records if r.offset < first.end]
        size = max(carrying[-1].end - start, HEADER + 4 + first.length)
    hello = _fact(stream, start, size, offer, whole=first is not None and first.whole)
    early = offer is not None and EARLY_DATA in offer.known
    rest = [r for r in records if r.offset >= start + size]
    return ClientSide(stream, start, hello, early, rest)


def _hello_records(records: list[Record]) -> int:
    """How many handshake records come first: no ClientHello needs those behind them."""
    return next((i for i, r in enumerate(records) if r.kind != HANDSHAKE), len(records))


def _is_sslv2_hello(head: bytes) -> bool:
    """A two-byte length with its high bit set, type 1, and a version (RFC 5246 E.2)."""
    if len(head) < 5 or not head[0] & 0x80 or head[2] != 1:
        return False
    return head[3] == 3 or head[3:5] == b"\x00\x02"


def _sslv2_client(stream: Stream, start: int) -> ClientSide:
    length = int.from_bytes(stream.read(start, 2), "big") & 0x7FFF
    body = stream.read(start + 3, length - 1)
    offer = parse_sslv2_hello(body)
    whole = len(body) == length - 1
    hello = _fact(stream, start, 2 + length, offer, whole=whole)
    return ClientSide(stream, start, hello, False, walk(stream, start + 2 + length))


def _fact(
    stream: Stream, start: int, size: int, offer: Offer | None, *, whole: bool = False
) -> ClientHello:
    """The ClientHello as a fact; of what was not captured nothing is said."""
    frames = stream.frames(start, start + size)
    time_s = stream.time_at(start)
    if offer is None:
        return ClientHello(
            frames, time_s, False, size, None, (), (), (), (), (), (), (), False, None, False
        )
    return ClientHello(
        frames=frames,
        time_s=time_s,
        complete=whole,
        size=size,
        sni=offer.sni,
        alpn=tuple(map(text, offer.alpn)),
        versions=without_grease(offer.versions),
        ciphers=without_grease(offer.ciphers),
        groups=without_grease(offer.groups),
        key_share_groups=without_grease(offer.key_share_groups),
        signature_schemes=without_grease(offer.signature_schemes),
        extensions=without_grease(offer.extension_numbers),
        has_session=offer.offers_session,
        ja4=ja4(offer) if whole else None,
        is_go=is_go(offer),
        certificate_schemes=without_grease(offer.certificate_schemes),
        key_share_bytes=len(offer.known.get(KEY_SHARE, b"")),
        early_data=EARLY_DATA in offer.known,
        encrypted_hello=ENCRYPTED_CLIENT_HELLO in offer.known,
    )


def read_server(stream: Stream, start: int) -> ServerSide:
    """Read the server's half, whatever it is."""
    head = stream.read(start, _NOT_TLS_LENGTH)
    if not head or (len(head) < 3 and head[0] in range(20, 25)):
        return ServerSide(stream, start, [])
    if not is_header(head):
        if _is_sslv2_server(head):
            return ServerSide(stream, start, [])
        return ServerSide(stream, start, [], not_tls=_printable(head))
    side = ServerSide(stream, start, walk(stream, start))
    # A warning such as unrecognized_name may come before the ServerHello.
    _read_messages(side, _from_handshake(side.records))
    if side.choice is not None and side.choice.is_retry and side.hello_record is not None:
        side.retry = side.choice, side.hello_record
        _read_messages(side, _from_handshake(side.after))
    return side


def _read_messages(side: ServerSide, records: list[Record]) -> None:
    """Take the clear messages of `records`, and the ServerHello among them."""
    messages = clear_messages(side.stream, records)
    hello = next((m for m in messages if m.kind == SERVER_HELLO), None)
    choice = parse_server_hello(hello.body) if hello else None
    if not messages or (side.choice is not None and choice is None):
        return
    side.messages = messages
    end = messages[-1].end
    side.after = [r for r in records if r.offset >= end]
    if hello is not None and choice is not None:
        side.choice = choice
        side.hello_record = next((r for r in records if r.end >= hello.end), records[0])


def _from_handshake(records: list[Record]) -> list[Record]:
    """The records from the next handshake record on."""
    at = next((i for i, r in enumerate(records) if r.kind == HANDSHAKE), len(records))
    return records[at:]


def _is_sslv2_server(head: bytes) -> bool:
    """An SSLv2 ServerHello: a long enough record of type 4 and version 2."""
    return len(head) >= 7 and bool(head[0] & 0x80) and head[2] == 4 and head[5:7] == b"\x00\x02"


def _printable(head: bytes) -> str:
    """The bytes as text of at most 80 characters, line ends and others escaped."""
    shown = ""
    for byte in head:
        piece = _ESCAPES.get(byte) or text(bytes((byte,)))
        if len(shown) + len(piece) > _NOT_TLS_LENGTH:
            break
        shown += piece
    return shown


def second_hello_ends(client: ClientSide) -> list[Record]:
    """After a HelloRetryRequest: the client's records behind its second ClientHello."""
    message = _second_hello(client)
    if message is None:
        return client.rest
    return [r for r in _from_handshake(client.rest) if r.offset >= message.end]


def _second_hello(client: ClientSide) -> Message | None:
    messages = clear_messages(client.stream, _from_handshake(client.rest))
    return messages[0] if messages and messages[0].kind == CLIENT_HELLO else None


def hello_retry(client: ClientSide, server: ServerSide) -> HelloRetry | None:
    """The HelloRetryRequest and its answer as a fact."""
    if server.retry is None:
        return None
    choice, record = server.retry
    hello = _second_hello(client)
    offer = parse_client_hello(hello.body) if hello else None
    return HelloRetry(
        frame=record.frame,
        time_s=record.time_s,
        group=choice.group,
        hello_frames=client.stream.frames(hello.start, hello.end) if hello else (),
        hello_s=client.stream.time_at(hello.start) if hello else None,
        hello_size=hello.end - hello.start if hello else 0,
        key_share_groups=without_grease(offer.key_share_groups) if offer else (),
    )


def certificates_of(body: bytes) -> list[bytes]:
    """DER of the certificates in a Certificate message up to TLS 1.2 (RFC 5246 7.4.2)."""
    end = min(3 + int.from_bytes(body[:3], "big"), len(body))
    found: list[bytes] = []
    at = 3
    while at + 3 <= end:
        length = int.from_bytes(body[at : at + 3], "big")
        if not length or at + 3 + length > end:
            break
        found.append(body[at + 3 : at + 3 + length])
        at += 3 + length
    return found
