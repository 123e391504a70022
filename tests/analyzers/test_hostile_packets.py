"""Damaged packets of every kind at once: nothing raises, nothing takes long."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.dns import exchanges
from analyzers.flows import tcp_streams
from analyzers.hosts import hosts
from analyzers.http import exchanges as http_exchanges
from analyzers.icmp import errors
from analyzers.lookups import lookups
from analyzers.path import hops
from analyzers.tcp import connections
from tests.analyzers.talk import (
    CLIENT,
    CLIENT6,
    ICMP,
    ICMPV6,
    RESOLVER,
    ROUTER,
    SERVER,
    SERVER6,
    UDP,
    Connection,
    answer,
    ask,
    captured,
    query,
    tell,
)
from tests.packets import Frame, icmp, ip, udp


def whole() -> list[Frame]:
    """A lookup over UDP and TCP, a download with a proxy, a traceroute, a ping, an error."""
    asked = query("proxy.example.org")
    told = answer(asked, f"proxy.example.org. 60 IN A {SERVER}")
    over_tcp = Connection(53, server=RESOLVER, client_port=41000, start_s=1.0)
    over_tcp.client(len(asked).to_bytes(2, "big") + asked)
    over_tcp.server(len(told).to_bytes(2, "big") + told)
    talk = Connection(3128, start_s=2.0)
    talk.client(b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n")
    talk.server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    talk.client(b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n")
    talk.server(b"HTTP/1.1 200 OK\r\n\r\n")
    talk.close()
    probe = ip(CLIENT, SERVER, UDP, udp(6000, 33434), ttl=1)
    ping = icmp(128, 0, struct.pack("!HH", 7, 1))
    datagram = udp(53, 5001, told)
    return [
        (0.0, ask(asked, 5000)),
        (0.02, tell(told, 5000)),
        (0.5, ip(RESOLVER, CLIENT, UDP, datagram[:24], ip_id=9, more_fragments=True)),
        (0.6, ip(RESOLVER, CLIENT, UDP, datagram[24:], ip_id=9, fragment_offset=24)),
        *over_tcp.frames,
        *talk.frames,
        (3.0, probe),
        (3.1, ip(ROUTER, CLIENT, ICMP, icmp(11, 0, body=probe))),
        (3.2, ip(CLIENT6, SERVER6, ICMPV6, ping)),
        (3.3, ip(SERVER6, CLIENT6, ICMPV6, b"\x81" + ping[1:])),
        (3.4, ip(SERVER6, CLIENT6, ICMPV6, icmp(2, 0, body=ip(CLIENT6, SERVER6, ICMPV6, ping)))),
    ]


FRAMES = whole()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(FRAMES) - 1), st.integers(0, 199), st.integers(0, 255)),
        max_size=30,
    ),
    st.permutations(range(len(FRAMES))) | st.just(range(len(FRAMES))),
    st.sampled_from([40, 60, 100, 262144]),
    st.sampled_from([1.0, -1.0, 0.0, 1e6]),
)
def test_damage_is_read_without_complaint(
    damages: list[tuple[int, int, int]], order: list[int], snaplen: int, pace: float
) -> None:
    frames = [(time_s * pace, bytearray(data)) for time_s, data in FRAMES]
    for frame, at, value in damages:
        data = frames[frame][1]
        data[at % len(data)] = value
    shuffled = [(frames[i][0], bytes(frames[i][1])) for i in order]
    with captured(shuffled, snaplen=snaplen) as capture:
        found = connections(capture)
        asked = exchanges(capture, found)
        told = errors(capture, tcp_streams(capture.table))
        requests = http_exchanges(capture, found)
        lookups(asked)
        hops(capture, told)
        hosts(capture, found, asked, told, (), requests)
