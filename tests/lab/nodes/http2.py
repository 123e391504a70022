"""Speak just enough HTTP/2 (RFC 9113) to break every stream a client opens."""

from __future__ import annotations

import socket
import struct

_PREFACE = 24
_HEADERS, _RST_STREAM, _SETTINGS, _GOAWAY = 1, 3, 4, 7
_ACK, _END_HEADERS = 1, 4
_INTERNAL_ERROR, _ENHANCE_YOUR_CALM = 2, 11
#: `:status: 200` is entry 8 of the static table (RFC 7541, appendix A).
_STATUS_200 = b"\x88"


def break_streams(stream: socket.socket, how: str) -> None:
    """Answer each request with a head and a reset, or end the connection with GOAWAY."""
    reader = stream.makefile("rb")
    reader.read(_PREFACE)
    stream.sendall(_frame(_SETTINGS, 0, 0, b""))
    while head := reader.read(9):
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        number = int.from_bytes(head[5:], "big")
        reader.read(length)
        if kind == _SETTINGS and not flags & _ACK:
            stream.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _HEADERS and how == "goaway":
            reason = struct.pack("!II", 0, _ENHANCE_YOUR_CALM) + b"too many requests"
            stream.sendall(_frame(_GOAWAY, 0, 0, reason))
            # The FIN follows at once; what the client still sends is read, or it meets a reset.
            socket.socket.shutdown(stream, socket.SHUT_WR)
        elif kind == _HEADERS:
            stream.sendall(_frame(_HEADERS, _END_HEADERS, number, _STATUS_200))
            stream.sendall(_frame(_RST_STREAM, 0, number, struct.pack("!I", _INTERNAL_ERROR)))


def _frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + number.to_bytes(4, "big")
    return head + payload
