"""TLS dialogues for tests: real ones of Python's ssl module, and hellos made by hand."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from analyzers.facts import TlsHandshake
from analyzers.http import exchanges
from analyzers.tcp import connections
from analyzers.tls import handshakes
from tests.analyzers.authority import Entity, Order, issue, name
from tests.analyzers.talk import Connection, captured
from tests.packets import Frame

HOST = "proxy.example.com"
CLIENT, SERVER = 0, 1

Turn = tuple[int, bytes]
"""Who sent the bytes, and the bytes."""


@dataclass(frozen=True)
class Served:
    """Certificates valid at the real present, which ssl looks at."""

    root: Entity
    middle: Entity
    leaf: Entity


@cache
def served() -> Served:
    """What the test's servers send and its clients trust."""
    today = datetime.now(UTC)
    days = timedelta(days=9)
    around = Order(
        name("Test Root"), ca=True, usages=(), signs=True, start=today - days, end=today + days
    )
    root = issue(around)
    middle = issue(replace(around, subject=name("Test Sub")), root)
    leaf = Order(name(HOST), dns=(HOST, "localhost"), start=around.start, end=around.end)
    return Served(root, middle, issue(leaf, middle))


def server_context(
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, alpn: Sequence[str] = ("h2",)
) -> ssl.SSLContext:
    """A server with the chain of `served`, speaking one version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = served()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_text(chain.leaf.key_pem + chain.leaf.pem + chain.middle.pem)
        context.load_cert_chain(path)
    _only(context, version)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_context(
    version: ssl.TLSVersion | None = None, *, trusting: bool = True
) -> ssl.SSLContext:
    """A client that offers h2, and trusts the test's root or nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusting:
        context.load_verify_locations(cadata=served().root.pem)
    # Some systems' settings have OpenSSL offer TLS 1.0 and 1.1 too.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if version is not None:
        _only(context, version)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def _only(context: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    context.minimum_version = context.maximum_version = version


@dataclass
class Dialogue:
    """Two ends of Python's ssl joined in memory, and what they say."""

    client_context: ssl.SSLContext
    server_context: ssl.SSLContext
    session: ssl.SSLSession | None = None
    host: str = HOST
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._bios = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        wrap = (self.client_context.wrap_bio, self.server_context.wrap_bio)
        self.client = wrap[0](*self._bios[0], server_hostname=self.host, session=self.session)
        self.server = wrap[1](*self._bios[1], server_side=True)

    def shake(self) -> list[Turn]:
        """Let both ends go on until neither has more to say; errors end an end."""
        for _ in range(8):
            for side, end in ((CLIENT, self.client), (SERVER, self.server)):
                with contextlib.suppress(ssl.SSLError):
                    end.do_handshake()
                self._carry(side)
        return self.turns

    def say(self, side: int, data: bytes) -> None:
        """One end sends application data and the other reads it."""
        ends = (self.client, self.server)
        ends[side].write(data)
        self._carry(side)
        with contextlib.suppress(ssl.SSLError):
            ends[1 - side].read(1 << 20)
        self._carry(1 - side)

    def leave(self, side: int) -> None:
        """One end sends close_notify."""
        with contextlib.suppress(ssl.SSLError):
            (self.client, self.server)[side].unwrap()
        self._carry(side)

    def _carry(self, side: int) -> None:
        data = self._bios[side][1].read()
        if data:
            self.turns.append((side, data))
            self._bios[1 - side][0].write(data)


def wire(turns: Iterable[Turn], segment: int = 1400, client_port: int = 40000) -> Connection:
    """A TCP connection that carries the turns in segments of at most `segment` bytes."""
    talk = Connection(443, client_port=client_port)
    for side, data in turns:
        say = talk.client if side == CLIENT else talk.server
        for at in range(0, len(data), segment):
            say(data[at : at + segment])
    return talk


def facts(frames: Sequence[Frame], snaplen: int = 262144) -> tuple[TlsHandshake, ...]:
    """The handshakes that the analyzer finds in frames."""
    with captured(frames, snaplen=snaplen) as capture:
        found = connections(capture)
        return handshakes(capture, found, exchanges(capture, found))


def handshake(talk: Connection) -> TlsHandshake:
    """The one handshake of a connection."""
    (found,) = facts(talk.frames)
    return found


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """A TLS record."""
    return bytes((kind,)) + version.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def block(data: bytes, width: int) -> bytes:
    """Bytes behind their length."""
    return len(data).to_bytes(width, "big") + data


def words(*values: int) -> bytes:
    """16-bit numbers."""
    return b"".join(value.to_bytes(2, "big") for value in values)


def client_hello(
    ciphers: Sequence[int],
    extensions: Iterable[tuple[int, bytes]],
    version: int = 0x0303,
    session_id: bytes = bytes(32),
) -> bytes:
    """A ClientHello body."""
    listed = b"".join(words(number) + block(content, 2) for number, content in extensions)
    head = version.to_bytes(2, "big") + bytes(32) + block(session_id, 1)
    return head + block(words(*ciphers), 2) + block(b"\0", 1) + block(listed, 2)


def server_name(host: str) -> tuple[int, bytes]:
    """The server_name extension."""
    return 0, block(b"\0" + block(host.encode(), 2), 2)


class Relay:
    """A TLS server on loopback behind a relay that notes what passes.

    The server reads one request, sends `answer` and closes.
    """

    def __init__(self, server: ssl.SSLContext, answer: bytes) -> None:
        self.turns: list[Turn] = []
        """Who sent what, in order; empty bytes where a side closed."""
        self._server, self._answer = server, answer
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._work: list[threading.Thread] = []
        self._inside, self._outside = (self._keep(_listener()) for _ in range(2))

    @property
    def port(self) -> int:
        """Where clients connect to."""
        port: int = self._outside.getsockname()[1]
        return port

    def __enter__(self) -> Relay:
        self._start(self._serve)
        self._start(self._relay)
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._inside, self._outside):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._work:
            thread.join(10)
        for each in self._open:
            each.close()

    def _keep(self, each: socket.socket) -> socket.socket:
        self._open.append(each)
        return each

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._work.append(thread)
        thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain = self._keep(self._inside.accept()[0])
                plain.settimeout(10)
                with (
                    contextlib.suppress(OSError),
                    self._server.wrap_socket(plain, server_side=True) as secured,
                ):
                    secured.recv(65536)
                    secured.sendall(self._answer)

    def _relay(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._keep(self._outside.accept()[0])
                onward = self._keep(socket.create_connection(self._inside.getsockname()))
                self._start(self._pump, CLIENT, client, onward)
                self._start(self._pump, SERVER, onward, client)

    def _pump(self, side: int, source: socket.socket, sink: socket.socket) -> None:
        data = b"first"
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            with self._lock:
                self.turns.append((side, data))
            with contextlib.suppress(OSError):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))
