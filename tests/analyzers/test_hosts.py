"""Hosts: TTLs, distances, names, and whose machine captured."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from ipaddress import ip_address

import numpy as np
import pytest

import captures
from analyzers import extract
from analyzers import tcp as tcp_analyzer
from analyzers.dns import exchanges
from analyzers.facts import Host
from analyzers.flows import tcp_streams
from analyzers.hosts import hosts
from analyzers.http import exchanges as http_exchanges
from analyzers.icmp import errors
from tests.analyzers.talk import (
    CLIENT,
    CLIENT6,
    ICMP,
    RESOLVER,
    ROUTER,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    Connection,
    answer,
    ask,
    captured,
    query,
    tell,
)
from tests.captures.containers import block, enhanced, interface, option, section
from tests.packets import ACK, RAW, RST, SYN, Frame, icmp, ip, tcp, udp

LINUX_SLL = 113


def read(frames: Sequence[Frame], link_type: int = RAW) -> dict[str, Host]:
    with captured(frames, link_type) as capture:
        connections = tcp_analyzer.connections(capture)
        return hosts(
            capture,
            connections,
            exchanges(capture, connections),
            errors(capture, tcp_streams(capture.table)),
            (),
            http_exchanges(capture, connections),
        )


def lookup(server: str = RESOLVER, client: str = CLIENT, ttl: int = 63) -> list[Frame]:
    asked = query("proxy.example.org")
    told = answer(asked, f"proxy.example.org. 60 IN A {SERVER}")
    return [
        (0.0, ask(asked, 5000, client=client, server=server)),
        (0.02, tell(told, 5000, client=client, server=server, ttl=ttl)),
    ]


def test_distances_by_ttl() -> None:
    found = read([*lookup(), *Connection(443, start_s=1.0, server_ttl=60).frames])
    assert (found[SERVER].ttl, found[SERVER].initial_ttl) == (60, 64)
    # verdict.md: initial TTL less k is at distance k + 1.
    assert found[SERVER].distance == 5
    assert found[RESOLVER].distance == 2
    assert (found[CLIENT].is_local, found[CLIENT].distance) == (True, 0)
    assert not found[SERVER].is_local
    assert found[CLIENT].packets == 3


def test_server_on_the_same_link_is_not_local() -> None:
    found = read([*lookup(server=ROUTER, ttl=64), *Connection(443, server_ttl=64).frames])
    assert [a for a, h in found.items() if h.is_local] == [CLIENT]
    assert (found[ROUTER].distance, found[SERVER].distance) == (1, 1)


def test_capture_at_the_server_has_no_local_address() -> None:
    frames = [
        frame
        for number in range(4)
        for frame in Connection(
            443,
            client=f"198.51.100.{number}",
            client_ttl=50 + number,
            server_ttl=64,
            start_s=number,
        ).frames
    ]
    found = read(frames)
    assert not any(h.is_local for h in found.values())
    assert found["198.51.100.0"].distance == 15
    assert found[SERVER].distance == 1


def test_capture_behind_a_router_has_no_local_address() -> None:
    found = read(Connection(443, client_ttl=63).frames)
    assert not any(h.is_local for h in found.values())
    assert found[CLIENT].distance == 2


def test_both_families_and_a_tunnel_are_local() -> None:
    frames = [
        *lookup(),
        *Connection(443, start_s=1.0).frames,
        *Connection(443, client=CLIENT6, server=SERVER6, start_s=2.0).frames,
        *Connection(443, client="10.8.0.2", server="10.8.9.9", start_s=3.0).frames,
    ]
    found = read(frames)
    assert {a for a, h in found.items() if h.is_local} == {CLIENT, CLIENT6, "10.8.0.2"}


def test_neighbour_that_connects_to_the_host_is_not_local() -> None:
    frames = [
        *lookup(),
        *Connection(443, start_s=1.0).frames,
        *Connection(22, client="10.1.0.77", server=CLIENT, server_ttl=64, start_s=2.0).frames,
    ]
    found = read(frames)
    assert {a for a, h in found.items() if h.is_local} == {CLIENT}
    assert found["10.1.0.77"].distance == 1


def test_mirror_port_with_many_machines_has_no_local_address() -> None:
    frames = [
        frame
        for number in range(20)
        for frame in Connection(443, client=f"10.1.0.{number + 10}", start_s=number).frames
    ]
    assert not any(h.is_local for h in read(frames).values())


def test_loopback_is_local() -> None:
    found = read(lookup(server="127.0.0.53", client="127.0.0.1", ttl=64))
    assert {a for a, h in found.items() if h.is_local} == {"127.0.0.1", "127.0.0.53"}


def test_directions_outweigh_conversations() -> None:
    """`-i any` at a server: SLL says which packets go out (type 4) and come in (type 0)."""

    def cooked(packet: bytes) -> bytes:
        kind = 4 if packet[12:16] == bytes(map(int, SERVER.split("."))) else 0
        return struct.pack("!HHH8sH", kind, 1, 6, b"\2\0\0\0\0\1\0\0", 0x0800) + packet

    talk = Connection(443, client_ttl=64, server_ttl=64)
    found = read([(time_s, cooked(packet)) for time_s, packet in talk.frames], LINUX_SLL)
    assert {a for a, h in found.items() if h.is_local} == {SERVER}


def test_resets_and_errors_do_not_count() -> None:
    talk = Connection(443, server_ttl=60)
    forged = ip(SERVER, CLIENT, TCP, tcp(443, 40000, 5_000_001, 0, RST | ACK), ttl=62)
    syn = talk.frames[0][1]
    frames = [
        *talk.frames,
        *((2.0 + i, forged) for i in range(5)),
        (8.0, ip(ROUTER, CLIENT, ICMP, icmp(3, 1, body=syn[:28]), ttl=255)),
    ]
    found = read(frames)
    assert found[SERVER].ttl == 60
    assert (found[ROUTER].ttl, found[ROUTER].distance, found[ROUTER].packets) == (None, None, 1)


def test_probes_do_not_count() -> None:
    """A traceroute sends more packets with low TTLs than the host has others."""
    probes = [
        (float(ttl), ip(CLIENT, SERVER, UDP, udp(6000, 33434), ttl=ttl)) for ttl in range(1, 11)
    ]
    found = read([*lookup(), *probes])
    assert (found[CLIENT].ttl, found[CLIENT].is_local) == (64, True)


def test_forged_dns_answers_do_not_count() -> None:
    asked = query("proxy.example.org")
    wire = answer(asked, f"proxy.example.org. 60 IN A {SERVER}")
    found = read(
        [
            (0.0, ask(asked, 5000)),
            (0.001, tell(wire, 5000, ttl=60, ip_id=1)),
            (0.030, tell(wire, 5000, ttl=61, ip_id=2)),
        ]
    )
    assert found[RESOLVER].ttl == 61


def test_names_from_dns_and_host_headers() -> None:
    talk = Connection(8080, start_s=1.0)
    talk.client(b"GET / HTTP/1.1\r\nHost: Mirror.example.org:8080\r\n\r\n")
    found = read([*lookup(), *talk.frames])
    assert found[SERVER].names == ("proxy.example.org", "mirror.example.org")
    assert found[CLIENT].names == ()


def test_names_noted_in_the_file_come_last() -> None:
    noted = option(1, ip_address(SERVER).packed + b"Noted.example.\0")
    noted += option(1, ip_address(CLIENT).packed + b"me.example\0other.example\0")
    frames = [*lookup(), *Connection(80, start_s=1.0).frames]
    packets = [enhanced(data, round(at_s * 1e6)) for at_s, data in frames]
    data = section() + interface() + b"".join(packets) + block(4, noted)
    with captures.open(BytesIO(data)) as capture:
        found = extract(capture).hosts
    assert found[SERVER].names == ("proxy.example.org",)
    assert found[CLIENT].names == ("me.example",)


@pytest.mark.parametrize("head", [b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
                                  b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nHost: 192.0.2.80:8080\r\n\r\n"])  # fmt: skip
def test_what_is_asked_of_a_proxy_does_not_name_it(head: bytes) -> None:
    talk = Connection(3128)
    talk.client(head)
    assert read(talk.frames)[SERVER].names == ()


def test_empty_capture() -> None:
    assert read([]) == {}


def test_many_addresses_are_counted_as_few_are() -> None:
    """Above some thousand addresses the counting goes another way."""
    generator = np.random.default_rng(1)
    frames: list[Frame] = []
    for number in range(5000):
        source = f"100.64.{number // 250}.{number % 250}"
        ttl = int(generator.integers(33, 64))
        frames += [(0.0, ip(source, SERVER, TCP, tcp(1, 443, 1, 0, SYN), ttl=ttl))] * 2
        frames.append((0.0, ip(source, SERVER, UDP, udp(1, 443), ttl=ttl - 1)))
    found = read(frames)
    expected = {}
    for _, packet in frames[::3]:
        expected[".".join(map(str, packet[12:16]))] = packet[8]
    assert {a: h.ttl for a, h in found.items() if a != SERVER} == expected
