"""An HTTP/TLS server that fails on purpose: late, short, silent, wrong or rude."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.lab.nodes.http2 import break_streams

_FOREVER_S = 3600.0
_LARGE_HELLO = 1400
_RESET = struct.pack("ii", 1, 0)
_REASONS = {
    302: "Found",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    410: "Gone",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_PLAINTEXT = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: 47\r\n\r\nThis port speaks plain HTTP, try another scheme"
)


class Hung(Exception):
    """The connection is over: its act ended it."""


class Server:
    """Accepts on one address and port, each connection in its own thread."""

    def __init__(self, order: dict[str, Any], address: str, port: int, tls: bool) -> None:
        self._order = order
        self._context = _context(order) if tls else None
        self._hello = order["hello"] if tls else ""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=64)
        if self._hello == "deaf":
            # Connections inherit it; the kernel makes of it the least that it allows.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    def run(self) -> None:
        """Accept until killed."""
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        stream = connection
        try:
            if self._hello.startswith("late:"):
                time.sleep(float(self._hello.removeprefix("late:")))
            elif self._hello and not (self._hello == "reset-large" and _is_small(connection)):
                _refuse_hello(connection, self._hello)
                return
            if self._context:
                stream = self._context.wrap_socket(connection, server_side=True)
            if self._order.get("http2") and self._context:
                break_streams(stream, self._order["http2"])
                return
            while self._serve(stream):
                pass
        except (OSError, Hung, ValueError):
            pass
        finally:
            stream.close()
            connection.close()

    def _serve(self, stream: socket.socket) -> bool:
        """Answer one request; False when the client is gone."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = stream.recv(4096)
            if not data:
                return False
            head += data
        path = head.split(b" ", 2)[1].decode()
        act = next((a for a in self._order["acts"] if path.endswith(a["suffix"])), None)
        _perform(stream, act or {"do": "serve"}, self._order["root"], path)
        return True


def _context(order: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(order["chain"], order["key"])
    version = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}[order["tls"]]
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2" if order["http2"] else "http/1.1"])
    if order["client_certificate"]:
        context.load_verify_locations(order["chain"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _perform(stream: socket.socket, act: dict[str, Any], root: str, path: str) -> None:
    what, file = act["do"], Path(root + path)
    if what == "late":
        time.sleep(act["seconds"])
    if what == "status":
        headers = {name: value.replace("$path", path) for name, value in act["headers"].items()}
        _send(stream, act["status"], act["body"].encode(), headers)
        return
    body = file.read_bytes() if file.is_file() else None
    if body is None:
        _send(stream, 404, b"not found", {})
        return
    if what == "pause":
        half = int(len(body) * act["share"])
        stream.sendall(_head(200, len(body), {}) + body[:half])
        time.sleep(act["seconds"])
        stream.sendall(body[half:])
        return
    if what not in ("stall", "truncate", "reset"):
        _send(stream, 200, body, {})
        return
    stream.sendall(_head(200, len(body), {}) + body[: int(len(body) * act["share"])])
    _break_off(stream, what)


def _break_off(stream: socket.socket, what: str) -> None:
    if what == "stall":
        time.sleep(_FOREVER_S)
    if what == "reset":
        time.sleep(0.2)  # a reset discards what is still in the send buffer
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        socket.socket.close(stream)
    elif isinstance(stream, ssl.SSLSocket):
        # Without close_notify, as a crashing server: the FIN alone ends the stream.
        socket.socket.shutdown(stream, socket.SHUT_WR)
        time.sleep(0.5)
    raise Hung


def _send(stream: socket.socket, status: int, body: bytes, headers: dict[str, str]) -> None:
    stream.sendall(_head(status, len(body), headers) + body)


def _head(status: int, length: int, headers: dict[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'OK')}",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {length}",
    ]
    if "Content-Type" not in headers:
        lines.append("Content-Type: application/octet-stream")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _is_small(connection: socket.socket) -> bool:
    return _first_record(connection) <= _LARGE_HELLO


def _first_record(connection: socket.socket) -> int:
    """Look at the length of the first record without taking it."""
    head = connection.recv(5, socket.MSG_PEEK | socket.MSG_WAITALL)
    return int.from_bytes(head[3:5], "big")


def _refuse_hello(connection: socket.socket, how: str) -> None:
    """Treat the ClientHello as the order says."""
    if not how.endswith("-at-once") and how != "deaf":
        # All of it: whoever closes with bytes unread sends a RST instead of a FIN.
        connection.recv(5 + _first_record(connection), socket.MSG_WAITALL)
    if how in ("silent", "deaf"):
        time.sleep(_FOREVER_S)
    elif how == "plaintext":
        connection.sendall(_PLAINTEXT)
        time.sleep(0.5)
    elif how.startswith("reset"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    elif how.startswith("alert:"):
        connection.sendall(bytes((21, 3, 3, 0, 2, 2, int(how.removeprefix("alert:")))))
        time.sleep(0.5)


def main(order: dict[str, Any]) -> None:
    """Serve every address until killed."""
    servers = []
    for address, port in order["listen"]:
        servers.append(Server(order, address, port, tls=False))
    for address, port in order["listen_tls"]:
        servers.append(Server(order, address, port, tls=True))
    print("ready", flush=True)
    threads = [threading.Thread(target=server.run, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
