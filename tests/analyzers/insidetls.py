"""What is said inside TLS for tests: scripts in, frames and the key log that opens them out."""

from __future__ import annotations

import shutil
import ssl
import struct
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analyzers.extraction import extract
from analyzers.facts import Facts
from tests.analyzers.authority import Order, issue, name
from tests.analyzers.talk import Connection, captured
from tests.analyzers.tlstalk import (
    CLIENT,
    HOST,
    SERVER,
    Dialogue,
    client_context,
    served,
    server_context,
)
from tests.packets import FIN, START_S, Frame

NEEDS_TSHARK = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="needs tshark (apt install tshark)"
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4

OPENING = ((CLIENT, PREFACE + b"\0\0\0\4\0\0\0\0\0"), (SERVER, b"\0\0\0\4\0\0\0\0\0"))
"""Both sides' settings."""

ASKED = (
    b"GET /m/@v/v1.0.0.zip HTTP/1.1\r\nHost: proxy.example.com\r\n"
    b"User-Agent: Go-http-client/1.1\r\n\r\n"
)

Script = Sequence[tuple[int, bytes] | float]
"""Who says what, or with no bytes takes its leave; a number is a pause in seconds."""


@dataclass(frozen=True)
class Secured:
    """A connection, and the secrets that open it."""

    frames: list[Frame]
    key_log: bytes

    def facts(self, key_log: bytes | None = None) -> Facts:
        """What the analyzers make of it with its secrets, or with another key log."""
        return facts(self.frames, self.key_log if key_log is None else key_log)


def facts(frames: Iterable[Frame], key_log: bytes | None) -> Facts:
    """What the analyzers make of frames and a key log."""
    with captured(frames) as capture:
        return extract(capture, keylog=key_log)


def secured(
    script: Script,
    *,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    alpn: Sequence[str] = ("h2",),
    server: ssl.SSLContext | None = None,
    client: ssl.SSLContext | None = None,
    closed_by: int | None = CLIENT,
    client_port: int = 40000,
) -> Secured:
    """A real handshake, and a script of application data, on one TCP connection."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "keys")
        client = client or client_context()
        client.keylog_filename = str(log)
        dialogue = Dialogue(client, server or server_context(version, alpn))
        dialogue.shake()
        talk = Connection(443, client_port=client_port)
        now_s = _send(talk, dialogue, 0.1)
        for step in script:
            if isinstance(step, float):
                now_s += step
                continue
            if step[1]:
                dialogue.say(*step)
            else:
                dialogue.leave(step[0])
            now_s = _send(talk, dialogue, now_s)
        if closed_by is not None:
            talk.send(closed_by, flags=FIN | 16, at_s=now_s)
            talk.send(1 - closed_by, flags=FIN | 16)
            talk.send(closed_by)
        return Secured(talk.frames, log.read_bytes() if log.exists() else b"")


def _send(talk: Connection, dialogue: Dialogue, now_s: float) -> float:
    """Put what was said since the last time into segments; give the time after them."""
    for side, data in dialogue.turns:
        for at in range(0, len(data), 1400):
            talk.send(side, data[at : at + 1400], flags=16 | 8, at_s=now_s)
            talk.send(1 - side, at_s=now_s + 0.001)
            now_s += 0.01
    dialogue.turns.clear()
    return now_s


def expired_server() -> ssl.SSLContext:
    """A TLS 1.3 server whose certificate ended a day before the capture of the tests begins."""
    chain = served()
    end = datetime.fromtimestamp(START_S, tz=chain.leaf.certificate.not_valid_after_utc.tzinfo)
    order = Order(
        name(HOST), dns=(HOST,), start=end - timedelta(days=90), end=end - timedelta(days=1)
    )
    leaf = issue(order, chain.middle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chain.pem")
        path.write_text(leaf.key_pem + leaf.pem + chain.middle.pem)
        context.load_cert_chain(path)
    return context


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags))
    return head + stream.to_bytes(4, "big") + payload


def headers(stream: int, *fields: tuple[str, str], end: bool = False) -> bytes:
    """HEADERS, each field a literal that is not indexed (RFC 7541 section 6.2.2)."""
    block = b"".join(
        b"\0" + bytes((len(key),)) + key.encode() + bytes((len(value),)) + value.encode()
        for key, value in fields
    )
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block)


def get(stream: int, path: str = "/m/@v/v1.0.0.zip") -> tuple[int, bytes]:
    """A client's GET."""
    fields = (
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", HOST),
        (":path", path),
        ("user-agent", "Go-http-client/2.0"),
    )
    return CLIENT, headers(stream, *fields, end=True)


def head(stream: int, status: int = 200, length: int | None = None) -> bytes:
    """The server's HEADERS."""
    fields = [(":status", str(status))]
    if length is not None:
        fields.append(("content-length", str(length)))
    return headers(stream, *fields)


def data(stream: int, size: int, *, end: bool = False) -> bytes:
    """The server's DATA."""
    return frame(DATA, END_STREAM if end else 0, stream, b"z" * size)


def reset(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def goaway(last: int, code: int) -> bytes:
    """GOAWAY."""
    return frame(GOAWAY, 0, 0, struct.pack("!II", last, code))
