"""What TLS secrets let see: key logs and a capture in; certificates, alerts and HTTP out.

tshark decrypts; here its fields get their meaning. Without secrets that fit a handshake nothing is
loaded and nothing is run.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from analyzers import http2, plaintext
from analyzers.certificates import MAX_CERTIFICATES, chain
from analyzers.facts import (
    Connection,
    Decryption,
    HttpExchange,
    Side,
    TlsAlert,
    TlsHandshake,
    TlsStage,
)
from analyzers.http import tunnel_offsets
from analyzers.http2 import Http2
from analyzers.plaintext import PlainStream
from analyzers.secretflows import MAX_FLOWS, Flow, Piece, flows, pieces
from analyzers.times import seconds_at
from analyzers.tlsalerts import CLOSE_NOTIFY, NAMES
from analyzers.tlsrecords import MAX_RECORD
from analyzers.tlssides import CERTIFICATE, CERTIFICATE_REQUEST
from captures import keylog
from captures.errors import CaptureError
from captures.lazyclass import dataclass
from captures.packets import Capture

FINISHED = 20
_TYPES, _CERTIFICATES = "tls.handshake.type", "tls.handshake.certificate"
_ALPN = "tls.handshake.extensions_alpn_str"
_LEVEL, _DESCRIPTION = "tls.alert_message.level", "tls.alert_message.desc"
_PLAIN = "data.data"
_FIELDS = (_TYPES, _CERTIFICATES, _ALPN, _LEVEL, _DESCRIPTION, _PLAIN, *http2.FIELDS)
_CLOSING = frozenset((CLOSE_NOTIFY, "user_canceled"))
_MAX_ALERTS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts of a capture after a look inside TLS."""

    handshakes: tuple[TlsHandshake, ...]
    requests: tuple[HttpExchange, ...]
    """In clear and decrypted, in order of time."""
    decryption: Decryption


def look_inside(
    capture: Capture,
    connections: Sequence[Connection],
    handshakes: tuple[TlsHandshake, ...],
    requests: tuple[HttpExchange, ...],
    log: bytes | None,
) -> Seen:
    """Read what the secrets of the capture and of a key log open; `requests` are those in clear."""
    plain = Seen(handshakes, requests, Decryption())
    texts = [text for text in (*capture.secrets, log or b"") if text]
    if not texts:
        return replace(plain, decryption=Decryption(unused=_empty(log)))
    chosen = flows(capture, connections, handshakes, tunnel_offsets(requests), texts)
    if not chosen:
        return replace(plain, decryption=Decryption(unused=_misfit(texts, len(handshakes))))
    inside = [_Inside(capture, flow) for flow in chosen[:MAX_FLOWS]]
    unused = _run(inside) or _limits(inside, len(chosen))
    updated = {i.flow.handshake.index: i.handshake() for i in inside}
    every = [*requests, *(e for i in inside for e in i.exchanges())]
    every.sort(key=lambda e: (e.request_s, e.stream))
    return Seen(
        tuple(updated.get(h.index, h) for h in handshakes),
        tuple(replace(exchange, index=index) for index, exchange in enumerate(every)),
        Decryption(
            frozenset(i.flow.connection.stream for i in inside if i.opened),
            tuple(sorted((a for i in inside for a in i.http2.aborts), key=lambda a: a.frame)),
            unused,
        ),
    )


def _empty(log: bytes | None) -> str | None:
    return None if log is None else "The key log is empty."


def _misfit(texts: Iterable[bytes], handshakes: int) -> str:
    if not any(keylog.holds_secrets(text) for text in texts):
        return "The key log holds no line of the format that SSLKEYLOGFILE writes."
    return f"The TLS secrets fit none of the capture's TLS handshakes ({handshakes})."


def _limits(inside: Sequence[_Inside], fitting: int) -> str | None:
    if fitting > len(inside):
        return f"Of {fitting} TLS connections with secrets the first {len(inside)} were decrypted."
    cut = sum(i.cut for i in inside)
    if cut:
        return (
            f"{cut} TLS connection{'s' * (cut > 1)} with secrets could not be decrypted to the end "
            "(bytes missing from the capture, secrets that do not fit, or too much data)."
        )
    return None


def _run(inside: Sequence[_Inside]) -> str | None:
    """Have tshark decrypt; tell why that did not work, or not to the end."""
    from captures.tsharkadapter import Segment, dissect

    sent: list[Piece] = []

    def segments() -> Iterable[Segment]:
        for piece in pieces([i.flow for i in inside]):
            sent.append(piece)
            yield Segment(piece.flow, piece.side is Side.CLIENT, inside[piece.flow].bytes_of(piece))

    log = b"".join(i.flow.secrets.text for i in inside)
    try:
        for number, fields in dissect(segments(), log, _FIELDS):
            inside[sent[number].flow].take(sent[number], fields)
    except CaptureError as error:
        for one in inside:
            one.stopped = True
        count = len(inside)
        return (
            f"The secrets of {count} TLS connection{'s' * (count > 1)} are there, but {error}: "
            f"what is inside was not judged. {error.hint}".rstrip()
        )
    return None


@dataclass(slots=True)
class _Inside:
    """One connection, opened piece by piece."""

    capture: Capture
    flow: Flow
    http2: Http2 = field(init=False)
    plain: dict[Side, PlainStream] = field(init=False)
    alerts: list[TlsAlert] = field(default_factory=list)
    types: dict[Side, set[int]] = field(init=False)
    certificates: list[bytes] = field(default_factory=list)
    certified: Piece | None = None
    """Where the certificates were complete."""
    alpn: str | None = None
    opened: bool = False
    """Application data was read."""
    stopped: bool = False
    """tshark did not get to the end of it."""
    reached: dict[Side, int] = field(init=False)
    """Stream offset after the last piece that told something."""

    def __post_init__(self) -> None:
        self.http2 = Http2(self.flow.connection.stream)
        self.plain = {side: PlainStream(self.capture.table) for side in Side}
        self.types = {side: set() for side in Side}
        self.reached = dict(self.flow.starts)

    @property
    def cut(self) -> bool:
        """Not all of it was decrypted; a record under way at the end does not count."""
        return (
            self.stopped
            or self.flow.cut
            or any(
                self.opened
                and self.flow.streams[side].contiguous - self.reached[side] > 2 * MAX_RECORD
                for side in Side
            )
        )

    def bytes_of(self, piece: Piece) -> bytes:
        """The bytes of a piece."""
        return self.flow.streams[piece.side].read(piece.start, piece.stop - piece.start)

    def take(self, piece: Piece, fields: dict[str, list[str]]) -> None:
        """Take what one piece completed."""
        stream, before = self.flow.streams[piece.side], self.reached[piece.side]
        place = piece.frame, seconds_at(self.capture.table, piece.frame - 1)
        # What is complete only now began behind what told something before.
        begun = min(place, (stream.frame_at(before), stream.time_at(before)))
        self.reached[piece.side] = piece.stop
        self.types[piece.side] |= set(_numbers(fields.get(_TYPES)))
        self._alerts(piece.side, place, fields)
        if piece.side is Side.SERVER:
            self.alpn = self.alpn or next(iter(fields.get(_ALPN, ())), None)
            if self.certified is None and fields.get(_CERTIFICATES):
                self.certified = piece
                self.certificates = _bytes(fields[_CERTIFICATES][:MAX_CERTIFICATES])
        if not self.flow.secrets.opens_data:
            return
        if "http2.type" in fields:
            self.opened = True
            self.http2.packet(place, piece.side, fields, begun)
        elif fields.get(_PLAIN):
            self.opened = True
            text = b"".join(_bytes(fields[_PLAIN]))
            self.plain[piece.side].append(begun[0], text[:1])
            self.plain[piece.side].append(piece.frame, text[1:])

    def exchanges(self) -> Iterable[HttpExchange]:
        """The HTTP exchanges inside."""
        client, server = self.plain[Side.CLIENT], self.plain[Side.SERVER]
        yield from self.http2.exchanges(self.cut)
        yield from plaintext.exchanges(self.capture, self.flow.connection, client, server, self.cut)

    def handshake(self) -> TlsHandshake:
        """The handshake with what was encrypted in it."""
        known = self.flow.handshake
        hello = known.server_hello
        certificates = known.chain
        if certificates is None and self.certified is not None and self.certificates:
            certificates = chain(self.certificates, self._flight_frames(), "decrypted")
        if hello is not None and hello.alpn is None and self.alpn is not None:
            hello = replace(hello, alpn=self.alpn)
        updated = replace(
            known,
            server_hello=hello,
            chain=certificates,
            certificate_requested=self._requested(known.certificate_requested),
            alerts=_merged(known.alerts, self.alerts),
        )
        refused = any(a.sender is Side.CLIENT and a.name not in _CLOSING for a in self.alerts)
        if not refused or FINISHED in self.types[Side.CLIENT]:
            return updated
        # The client said why, and never finished: whatever record sizes made of it.
        return replace(
            updated,
            rejected_by_client=True,
            stage=min(updated.stage, TlsStage.SERVER_FLIGHT, key=list(TlsStage).index),
            finished_s=None,
            finished_frame=None,
            first_application_data_s={},
        )

    def _requested(self, known: bool | None) -> bool | None:
        types = self.types[Side.SERVER]
        if CERTIFICATE_REQUEST in types:
            return True
        return False if known is None and CERTIFICATE in types and FINISHED in types else known

    def _flight_frames(self) -> tuple[int, ...]:
        """The server's frames from its hello to the end of its certificates."""
        assert self.certified is not None
        stream, hello = self.flow.streams[Side.SERVER], self.flow.handshake.server_hello
        frames = stream.frames(self.flow.starts[Side.SERVER], self.certified.stop)
        return tuple(f for f in frames if hello is None or f >= hello.frame)

    def _alerts(self, side: Side, place: tuple[int, float], fields: dict[str, list[str]]) -> None:
        levels = _numbers(fields.get(_LEVEL))
        for level, number in zip(levels, _numbers(fields.get(_DESCRIPTION)), strict=False):
            if len(self.alerts) < _MAX_ALERTS:
                name = NAMES.get(number, str(number))
                self.alerts.append(TlsAlert(*place, side, level, number, name, inferred=False))


def _merged(told: Sequence[TlsAlert], read: Sequence[TlsAlert]) -> tuple[TlsAlert, ...]:
    """Alerts that were read take the place of those only told from size and position."""
    result = list(told)
    for alert in read:
        same = [t for t in result if t.sender is alert.sender]
        if any(t.description == alert.description for t in same):
            continue
        hidden = [t for t in same if t.description is None]
        if hidden:
            result.remove(min(hidden, key=lambda t: abs(t.frame - alert.frame)))
        result.append(alert)
    return tuple(sorted(result, key=lambda a: a.frame))


def _numbers(texts: Sequence[str] | None) -> list[int]:
    """Numbers from tshark; what is none is left out."""
    found = []
    for text in texts or ():
        try:
            found.append(int(text, 0))
        except ValueError:
            continue
    return found


def _bytes(texts: Iterable[str]) -> list[bytes]:
    """Bytes from tshark's hex, with or without colons; what is none is left out."""
    found = []
    for text in texts:
        try:
            found.append(binascii.unhexlify(text.replace(":", "")))
        except (binascii.Error, ValueError):
            continue
    return found
