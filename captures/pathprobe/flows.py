"""The flows of one run: connections of the kernel's, and datagrams.

What is walked has one port all the way, so that each probe takes the same path; connections are
ended by RST, so that the next one with the same ends may begin at once. What is tried whole has a
port of its own each time: a box that remembers a flow must not judge the next one by it.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
from enum import StrEnum

from captures.errors import RecordingFailed
from captures.lazyclass import dataclass
from captures.pathprobe.clienthello import USER_CANCELED
from captures.pathprobe.packets import ACK, FIN, RST, SYN, TCP, Flow, datagram
from captures.pathprobe.plan import Limits, Target
from captures.pathprobe.seen import Seen
from captures.pathprobe.walk import Pace
from captures.pathprobe.wire import Wire

#: Linux's name (include/uapi/linux/in6.h), which Python's socket module lacks.
_IPV6_AUTOFLOWLABEL = 70
_FULL_TTL = 64
#: After a router answered, a box beyond it would have answered as well by now.
_GRACE_S = 0.3


class End(StrEnum):
    """What became of a ClientHello."""

    ANSWERED = "answered"
    RESET = "reset"
    CLOSED = "closed"
    EXPIRED = "expired"
    TAKEN = "acknowledged, not answered"
    SILENCE = "silence"
    NO_CONNECTION = "no connection"


@dataclass(slots=True)
class _Watch:
    """What came back on the connection under way."""

    armed: bool = False
    """The hello has been sent."""
    first: int = 0
    """Its sequence number."""
    syn_ack: bool = False
    fate: End | None = None
    """What ended it: a reset, or the first of what else came."""
    expired: bool = False
    taken: bool = False

    def see(self, seen: Seen) -> None:
        """Take in one packet."""
        if seen.about is not None:
            self.expired |= seen.error == "expired" and seen.about.number == self.first
        elif seen.protocol == TCP:
            if seen.flags & SYN and seen.flags & ACK:
                self.syn_ack, self.first = True, seen.acknowledged
            elif self.armed:
                fate = _fate(seen)
                # A forged reset may lose the race against the answer; it is forged all the same.
                if self.fate is None or fate is End.RESET:
                    self.fate = fate or self.fate
                self.taken |= bool(seen.flags & ACK) and seen.acknowledged != self.first

    def end(self) -> End:
        """The most telling thing that was seen."""
        if self.fate is not None:
            return self.fate
        if self.expired:
            return End.EXPIRED
        return End.TAKEN if self.taken else End.SILENCE


def _fate(seen: Seen) -> End | None:
    if seen.flags & RST:
        return End.RESET
    if seen.payload:
        return End.ANSWERED
    return End.CLOSED if seen.flags & FIN else None


class Flows:
    """Opens connections and sends datagrams from the port of this run."""

    def __init__(self, target: Target, limits: Limits, wire: Wire, pace: Pace) -> None:
        """Choose the source address and port. Raises RecordingFailed without a route."""
        self._target, self._limits, self._wire, self._pace = target, limits, wire, pace
        self._family = socket.AF_INET if target.version == 4 else socket.AF_INET6
        try:
            with socket.socket(self._family, socket.SOCK_DGRAM) as route:
                route.connect((target.address, target.port))
                source = str(route.getsockname()[0])
            # Held as long as the run lasts, and never connected: no other program gets it.
            self._held = self._socket(socket.SOCK_STREAM, (source, 0))
            port = int(self._held.getsockname()[1])
            self._datagrams = self._socket(socket.SOCK_DGRAM, (source, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise RecordingFailed(f"{target.address}: {reason}") from error
        self.flow = Flow(source, target.address, port, target.port)
        wire.own(port)

    def close(self) -> None:
        """Give the port back."""
        self._held.close()
        self._datagrams.close()

    def ask(self, message: bytes, number: int, ttl: int | None) -> None:
        """Send one datagram; the answer comes to the socket that is held for it."""
        self._wire.send(datagram(self.flow, ttl or _FULL_TTL, number, message), self.flow)

    def connect(self, fresh: bool = True) -> socket.socket | None:
        """Open a connection with a whole TTL, from a `fresh` port or that of the walk.

        None when there is none in time. Raises Enough.
        """
        self._pace.wait()
        port = 0 if fresh else self.flow.source_port
        connection = self._socket(socket.SOCK_STREAM, (self.flow.source, port))
        self._wire.own(int(connection.getsockname()[1]))
        connection.setblocking(False)
        status = connection.connect_ex((self._target.address, self._target.port))
        if status in (0, errno.EINPROGRESS):
            self._wire.listen(self._limits.patience_s, until=lambda: _writable(connection))
            if _writable(connection):
                status = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            self.drop(connection)
            return None
        return connection

    def drop(self, connection: socket.socket) -> None:
        """End a connection by RST, with a TTL that takes it to the server."""
        self._limit(connection, None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        self._wire.listen(self._limits.gap_s)

    def hello(self, record: bytes, ttl: int | None, fresh: bool = False) -> End:
        """Send a ClientHello on a connection of its own and wait for its end. Raises Enough."""
        watch = _Watch()
        self._wire.tell(watch.see)
        try:
            connection = self.connect(fresh)
            if connection is None:
                return End.NO_CONNECTION
            try:
                return self._say(connection, record, ttl, watch)
            finally:
                self.drop(connection)
        finally:
            self._wire.forget(watch.see)

    def _say(self, connection: socket.socket, record: bytes, ttl: int | None, watch: _Watch) -> End:
        self._wire.listen(self._limits.wait_s, until=lambda: watch.syn_ack)
        self._limit(connection, ttl)
        watch.armed = True
        with contextlib.suppress(OSError):
            connection.send(record)
        wait_s = self._limits.patience_s if ttl is None else self._limits.wait_s
        self._wire.listen(wait_s, until=lambda: bool(watch.fate) or watch.expired)
        if watch.fate is None and watch.expired:
            self._wire.listen(_GRACE_S, until=lambda: watch.fate is not None)
        elif watch.fate is not None:
            # What races it comes now: the answer after a forged reset, more resets.
            self._wire.listen(self._limits.gap_s)
        end = watch.end()
        if end is End.ANSWERED:
            # What answers shall know that nothing is wrong with it (RFC 8446 section 6.1).
            self._limit(connection, None)
            with contextlib.suppress(OSError):
                connection.send(USER_CANCELED)
        return end

    def _socket(self, kind: socket.SocketKind, local: tuple[str, int]) -> socket.socket:
        made = socket.socket(self._family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._target.version == 6:
            # Routers balance by the flow label too; the raw probes have none.
            made.setsockopt(socket.IPPROTO_IPV6, _IPV6_AUTOFLOWLABEL, 0)
        made.bind(local)
        return made

    def _limit(self, one: socket.socket, ttl: int | None) -> None:
        with contextlib.suppress(OSError):
            if self._target.version == 4:
                one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl or _FULL_TTL)
            else:
                hops = ttl or _FULL_TTL
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)


def _writable(connection: socket.socket) -> bool:
    return bool(select.select([], [connection], [], 0)[1])
