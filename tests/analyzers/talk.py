"""Conversations for tests: who says what when in, frames for `tests.packets.pcap` out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rrset

import captures.files
from analyzers.dns import exchanges
from analyzers.facts import DnsExchange
from analyzers.tcp import connections
from captures.packets import Capture
from tests.packets import ACK, ETHERNET, FIN, PSH, RAW, START_S, SYN, Frame, ip, pcap, tcp, udp

CLIENT, RESOLVER, SERVER, ROUTER = "10.1.0.2", "10.9.0.53", "192.0.2.80", "10.1.0.1"
CLIENT6, RESOLVER6, SERVER6 = "2001:db8:1::2", "2001:db8:9::53", "2001:db8:80::80"

UDP, TCP, ICMP, ICMPV6 = 17, 6, 1, 58


@contextmanager
def captured(
    frames: Iterable[Frame], link_type: int = RAW, snaplen: int = 262144
) -> Iterator[Capture]:
    """A capture of frames, whose times count from the capture's first packet."""
    shifted = [(START_S + time_s, data) for time_s, data in frames]
    with captures.files.open(io.BytesIO(pcap(shifted, link_type, snaplen))) as capture:
        yield capture


def exchanges_in(frames: list[Frame]) -> tuple[DnsExchange, ...]:
    """The DNS exchanges of a capture of these frames."""
    with captured(frames) as capture:
        return exchanges(capture, connections(capture))


def query(name: str, kind: str = "A", ident: int = 1, edns: int | None = 1232) -> bytes:
    """A DNS query as go sends it."""
    message = dns.message.make_query(
        name, kind, use_edns=edns is not None, payload=edns or 0, id=ident
    )
    return message.to_wire()


def answer(asked: bytes, *records: str, rcode: int = 0, flags: int = 0) -> bytes:
    """A response to a query with records like "name. 60 IN A 192.0.2.1"."""
    message = dns.message.make_response(dns.message.from_wire(asked), recursion_available=True)
    message.set_rcode(dns.rcode.Rcode(rcode))
    message.flags |= flags
    for record in records:
        name, ttl, _, kind, data = record.split(" ", 4)
        message.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
    return message.to_wire()


def ask(
    wire: bytes,
    port: int,
    *,
    client: str = CLIENT,
    server: str = RESOLVER,
    ttl: int = 64,
    ip_id: int = 0,
) -> bytes:
    """A packet with a DNS query."""
    return ip(client, server, UDP, udp(port, 53, wire), ttl=ttl, ip_id=ip_id)


def tell(
    wire: bytes,
    port: int,
    *,
    client: str = CLIENT,
    server: str = RESOLVER,
    ttl: int = 63,
    ip_id: int = 0,
) -> bytes:
    """A packet with a DNS response."""
    return ip(server, client, UDP, udp(53, port, wire), ttl=ttl, ip_id=ip_id)


class Connection:
    """One TCP connection: every call adds a segment, `step_s` after the one before."""

    def __init__(
        self,
        port: int,
        *,
        client: str = CLIENT,
        server: str = SERVER,
        client_port: int = 40000,
        start_s: float = 0.0,
        step_s: float = 0.01,
        server_ttl: int = 60,
        client_ttl: int = 64,
        open_it: bool = True,
    ) -> None:
        self.frames: list[Frame] = []
        self._ends = ((client, client_port), (server, port))
        self._ttls = (client_ttl, server_ttl)
        self._next = [1000, 5_000_000]
        self._now_s, self._step_s = start_s, step_s
        if open_it:
            self.send(0, flags=SYN)
            self.send(1, flags=SYN | ACK)
            self.send(0)

    def send(
        self,
        side: int,
        data: bytes = b"",
        *,
        flags: int = ACK,
        seen: bool = True,
        at_s: float | None = None,
        back: int = 0,
    ) -> None:
        """A segment of side 0 (client) or 1; `seen` False: the capture misses it.

        `back` sends bytes again: the segment starts that much below what was sent before.
        """
        source, destination = self._ends[side], self._ends[1 - side]
        acknowledged = self._next[1 - side] if flags & ACK else 0
        sequence = self._next[side] - back
        segment = tcp(source[1], destination[1], sequence, acknowledged, flags, data)
        packet = ip(source[0], destination[0], TCP, segment, ttl=self._ttls[side])
        time_s = self._now_s if at_s is None else at_s
        if seen:
            self.frames.append((time_s, packet))
        self._now_s = time_s + self._step_s
        grown = sequence + len(data) + bool(flags & (SYN | FIN))
        self._next[side] = max(self._next[side], grown)

    def client(self, data: bytes, *, seen: bool = True, at_s: float | None = None) -> None:
        """Data from the client, acknowledged by the server."""
        self.send(0, data, flags=ACK | PSH, seen=seen, at_s=at_s)
        self.send(1)

    def server(self, data: bytes, *, seen: bool = True, at_s: float | None = None) -> None:
        """Data from the server, acknowledged by the client."""
        self.send(1, data, flags=ACK | PSH, seen=seen, at_s=at_s)
        self.send(0)

    def close(self, side: int = 1) -> None:
        """FIN from one side, acknowledged by the other."""
        self.send(side, flags=FIN | ACK)
        self.send(1 - side)


__all__ = [
    "CLIENT",
    "CLIENT6",
    "ETHERNET",
    "ICMP",
    "ICMPV6",
    "RESOLVER",
    "RESOLVER6",
    "ROUTER",
    "SERVER",
    "SERVER6",
    "TCP",
    "UDP",
    "Connection",
    "answer",
    "ask",
    "captured",
    "query",
    "tell",
]
