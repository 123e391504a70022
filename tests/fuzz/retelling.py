"""A capture's conversations in, the same ones told anew with hostile messages out.

Damage inside a segment mostly ends at the reassembly. Here sequence numbers, lengths and
acknowledgments fit whatever is said, so that it reaches what reads streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from random import Random

from tests import packets
from tests.fuzz.frames import payload
from tests.fuzz.layers import TCP, UDP, Layers, layers
from tests.fuzz.seeds import Packet

_MAX_TALKS = 8
_MAX_MESSAGE = 40_000

Flow = tuple[str, int, str, int]


@dataclass(slots=True)
class Talk:
    """What two ends said, in turn; the first flow seen is the client's."""

    flow: Flow
    protocol: int
    start_ns: int
    messages: list[tuple[bool, bytes]] = field(default_factory=list)
    """Whether the client said it, and what."""


def retell(packets_: list[Packet], rng: Random) -> list[Packet]:
    """Tell some of the conversations again, some of their messages changed."""
    talks = _talks(packets_)
    told: list[Packet] = []
    for talk in rng.sample(talks, min(len(talks), _MAX_TALKS)):
        _change(talk, rng)
        told += _udp(talk) if talk.protocol == UDP else _tcp(talk, rng)
    return sorted(told, key=lambda packet: packet.time_ns)


def _talks(packets_: list[Packet]) -> list[Talk]:
    talks: dict[tuple[int, frozenset[tuple[str, int]]], Talk] = {}
    for packet in packets_:
        found = layers(packet)
        if found is None or found.protocol not in (TCP, UDP):
            continue
        flow = _flow(packet.data, found)
        key = found.protocol, frozenset({flow[:2], flow[2:]})
        talk = talks.setdefault(key, Talk(flow, found.protocol, packet.time_ns))
        said = packet.data[found.payload :]
        if not said:
            continue
        mine = flow == talk.flow
        if talk.messages and talk.messages[-1][0] == mine and found.protocol == TCP:
            said = talk.messages.pop()[1] + said
        talk.messages.append((mine, said[:_MAX_MESSAGE]))
    return [talk for talk in talks.values() if talk.messages]


def _flow(data: bytes, found: Layers) -> Flow:
    at, size = (found.network + 12, 4) if found.version == 4 else (found.network + 8, 16)
    source, destination = data[at : at + size], data[at + size : at + 2 * size]
    one, other = found.ports(data)
    return str(ip_address(source)), one, str(ip_address(destination)), other


def _change(talk: Talk, rng: Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(talk.messages))
        mine, said = talk.messages[at]
        ports = talk.flow[1], talk.flow[3]
        talk.messages[at] = mine, payload(said, ports, rng)[:_MAX_MESSAGE]


def _udp(talk: Talk) -> Iterator[Packet]:
    a, one, b, other = talk.flow
    for turn, (mine, said) in enumerate(talk.messages):
        body = packets.udp(one, other, said) if mine else packets.udp(other, one, said)
        yield _packet(talk.start_ns + turn * 10**6, a, b, mine, UDP, body)


def _tcp(talk: Talk, rng: Random) -> Iterator[Packet]:
    """Handshake, every message in segments with an acknowledgment, and an end of some kind."""
    a, one, b, other = talk.flow
    clock = talk.start_ns
    sent = {True: rng.randrange(1 << 32), False: rng.randrange(1 << 32)}

    def segment(mine: bool, flags: int, data: bytes = b"") -> Packet:
        nonlocal clock
        clock += 10**6
        ports = (one, other) if mine else (other, one)
        numbers = sent[mine] % (1 << 32), sent[not mine] % (1 << 32)
        sent[mine] += len(data) + (flags & (packets.SYN | packets.FIN) != 0)
        return _packet(clock, a, b, mine, TCP, packets.tcp(*ports, *numbers, flags, data))

    yield segment(True, packets.SYN)
    yield segment(False, packets.SYN | packets.ACK)
    yield segment(True, packets.ACK)
    size = rng.choice((1448, 1448, 536, 100, 16000))
    for mine, said in talk.messages:
        for at in range(0, len(said), size):
            yield segment(mine, packets.PSH | packets.ACK, said[at : at + size])
        yield segment(not mine, packets.ACK)
    for end in rng.choice(((), (packets.FIN | packets.ACK,) * 2, (packets.RST,))):
        yield segment(rng.random() < 0.5, end)


def _packet(time_ns: int, a: str, b: str, mine: bool, protocol: int, body: bytes) -> Packet:
    source, destination = (a, b) if mine else (b, a)
    whole = packets.ip(source, destination, protocol, body, ttl=64 if mine else 57)
    return Packet(time_ns, whole, len(whole), packets.RAW)
