"""A box on the path: watches a router's packets and forges resets or DNS answers."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from typing import Any

from tests.lab.frames import Flow, Segment, parse
from tests.lab.nodes.forgery import FIN_ACK, RST_ACK, dns_answer, packet, reset

_ETH_P_ALL = 0x0003
_LARGE_HELLO = 1400
#: Three signature schemes in the order in which go offers them (draft-ietf-tls-mldsa).
_ML_DSA = bytes.fromhex("090409050906")
_PACKET_OUTGOING = 4
_SERVER_PORTS = (80, 443)


class Forger:
    """Decides which packet triggers what, and sends it from the router it runs on."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._trigger: str = order["trigger"]
        self._ttl: int = order["ttl"]
        self._after: float = order["after_kb"] * 1000
        self._word: bytes = order["name"].encode()
        self._address: str = order["address"]
        self._how: str = order["how"]
        self._delay_s: float = order["delay_s"]
        #: Known injectors send several resets, spaced by a segment, because data may overtake them.
        self._copies: int = order["copies"]
        self._bursts: int = order["bursts"]
        #: The TTL with which each host's packets leave here, for the box that copies it.
        self._ttls: dict[bytes, int] = {}
        self._passed: dict[Flow, int] = {}
        #: How many more segments of a condemned flow are answered with resets.
        self._left: dict[Flow, int] = {}
        self._senders = {
            4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
            6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
        }

    def see(self, segment: Segment) -> None:
        """React to one packet that passes the box."""
        self._ttls[segment.flow[0]] = segment.ttl - 1
        if segment.protocol == "udp" and self._trigger == "dns":
            self._forge_answer(segment)
        elif segment.protocol == "tcp" and segment.payload:
            if self._is_trigger(segment):
                for flow in (segment.flow, segment.reverse):
                    self._left.setdefault(flow, self._bursts)
            if self._left.get(segment.flow):
                self._left[segment.flow] -= 1
                self._reset_both(segment)

    def _is_trigger(self, segment: Segment) -> bool:
        if self._trigger == "sni":
            return self._word in segment.payload
        if self._trigger == "hello":
            handshake, _, size = struct.unpack_from("!BHH", segment.payload.ljust(5, b"\0"))
            is_hello = segment.flow[3] == 443 and handshake == 22
            return bool(is_hello and size > _LARGE_HELLO)
        if self._trigger == "schemes":
            return segment.flow[3] == 443 and _ML_DSA in segment.payload
        if self._trigger != "body" or segment.flow[1] not in (80, 443):
            return False
        passed = self._passed[segment.flow] = self._passed.get(segment.flow, 0) + len(
            segment.payload
        )
        return passed > self._after

    def _reset_both(self, segment: Segment) -> None:
        """Send resets for where the receiver is now and where it will be when they arrive."""
        length = len(segment.payload)
        ttl = self._ttl or segment.ttl - 1
        back_ttl = self._ttl or self._ttls.get(segment.reverse[0], 64)
        end = (segment.sequence + length) & 0xFFFFFFFF
        if self._how != "both":
            self._end_client(segment, end)
            return
        for ahead in range(self._copies):
            sequence = (end + ahead * length) & 0xFFFFFFFF
            self._send(segment, reset(segment.flow, sequence, segment.acknowledged, ttl))
        self._send(segment, reset(segment.reverse, segment.acknowledged, end, back_ttl))

    def _end_client(self, segment: Segment, end: int) -> None:
        """Say to the client alone that the server ends the connection."""
        flags = FIN_ACK if self._how == "fin" else RST_ACK
        upwards = segment.flow[3] in _SERVER_PORTS
        flow = segment.reverse if upwards else segment.flow
        ours, theirs = (segment.acknowledged, end) if upwards else (end, segment.acknowledged)
        ttl = self._ttl or self._ttls.get(flow[0], 64)
        for _ in range(self._copies):
            self._send(segment, reset(flow, ours, theirs, ttl, flags))

    def _forge_answer(self, segment: Segment) -> None:
        if segment.flow[3] != 53 or self._word not in _dotted(segment.payload):
            return
        answer = dns_answer(segment.payload, self._address)
        ttl = self._ttl or self._ttls.get(segment.reverse[0], 64)
        time.sleep(self._delay_s)
        self._send(segment, packet("udp", segment.reverse, answer, ttl))

    def _send(self, segment: Segment, forged: bytes) -> None:
        """Send an IP packet as if the router forwarded it."""
        version = segment.version
        start, end = (16, 20) if version == 4 else (24, 40)
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        destination = socket.inet_ntop(family, forged[start:end])
        self._senders[version].sendto(forged, (destination, 0))


def _dotted(payload: bytes) -> bytes:
    """Read the question's labels as a dotted name."""
    labels, position = [], 12
    while position < len(payload) and payload[position]:
        length = payload[position]
        labels.append(payload[position + 1 : position + 1 + length])
        position += length + 1
    return b".".join(labels)


def main(order: dict[str, Any]) -> None:
    """Watch until killed."""
    forger = Forger(order)
    watcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    watcher.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    print("ready", flush=True)
    while True:
        frame, origin = watcher.recvfrom(65536)
        if origin[2] == _PACKET_OUTGOING:  # each packet once: when it comes in
            continue
        segment = parse(frame)
        if segment is not None:
            forger.see(segment)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
