"""Hops from traceroutes, mtr and pings as they look on the wire."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.facts import Hop
from analyzers.flows import tcp_streams
from analyzers.icmp import errors
from analyzers.path import hops
from tests.analyzers.talk import (
    CLIENT,
    CLIENT6,
    ICMP,
    ICMPV6,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    Connection,
    captured,
)
from tests.packets import ACK, RST, SYN, Frame, icmp, ip, tcp, udp

ROUTERS = ("10.1.0.1", "203.0.113.1", "203.0.113.2")


def read(frames: Sequence[Frame]) -> tuple[Hop, ...]:
    with captured(sorted(frames, key=lambda f: f[0])) as capture:
        return hops(capture, errors(capture, tcp_streams(capture.table)))


def expired(router: str, probe: bytes) -> bytes:
    """Time exceeded: the quoted TTL is the last one."""
    return ip(router, CLIENT, ICMP, icmp(11, 0, body=probe[:8] + b"\1" + probe[9:28]), ttl=255)


def traceroute(count: int = 3, silent: Sequence[int] = ()) -> list[Frame]:
    """UDP probes of three per TTL; the destination is at distance 4."""
    frames: list[Frame] = []
    number = 0
    for ttl in range(1, 7):
        for _ in range(count):
            time_s = number * 0.1
            number += 1
            probe = ip(CLIENT, SERVER, UDP, udp(6000, 33434 + number), ttl=ttl, ip_id=number)
            frames.append((time_s, probe))
            if ttl in silent:
                continue
            if ttl < 4:
                frames.append((time_s + 0.01 * ttl, expired(ROUTERS[ttl - 1], probe)))
            else:
                # What is left at the destination: one less per router on the way.
                quote = probe[:8] + bytes([ttl - 3]) + probe[9:28]
                told = ip(SERVER, CLIENT, ICMP, icmp(3, 3, body=quote), ttl=61)
                frames.append((time_s + 0.04, told))
    return frames


def test_traceroute() -> None:
    found = read(traceroute())
    assert [(h.distance, h.address) for h in found] == [
        (1, ROUTERS[0]),
        (2, ROUTERS[1]),
        (3, ROUTERS[2]),
        (4, SERVER),
    ]
    assert [h.reached for h in found] == [False, False, False, True]
    assert {(h.destination, h.protocol) for h in found} == {(SERVER, "udp")}
    # Probes sent further than to the destination reached it as well.
    assert [(h.sent, h.answered) for h in found] == [(3, 3), (3, 3), (3, 3), (9, 9)]
    assert found[1].rtts_s == pytest.approx((0.02, 0.02, 0.02))
    assert found[0].frames == (1, 2, 3, 4, 5, 6)


def test_silent_router() -> None:
    found = read(traceroute(silent=[2]))
    silent = found[1]
    assert (silent.distance, silent.address, silent.sent, silent.answered) == (2, None, 3, 0)
    assert silent.rtts_s == ()


def test_probes_beyond_the_destination_count_no_loss() -> None:
    """Hosts limit the rate of ICMP errors: what was sent too far often stays unanswered."""
    found = read(traceroute(silent=[5, 6]))
    assert [(h.distance, h.sent, h.answered) for h in found][-1] == (4, 3, 3)


def test_destination_that_only_answers_probes_sent_further_is_where_its_quotes_say() -> None:
    found = read(traceroute(silent=[4]))
    assert (found[-1].distance, found[-1].reached) == (4, True)
    assert (found[-1].sent, found[-1].answered) == (9, 6)


def test_destination_that_never_answers() -> None:
    found = read(traceroute(silent=[4, 5, 6]))
    assert not any(h.reached for h in found)
    assert [h.address for h in found] == [*ROUTERS, None, None, None]


def test_two_routers_at_one_distance() -> None:
    frames: list[Frame] = []
    for number, router in enumerate(("203.0.113.1", "203.0.113.1", "203.0.113.9", "")):
        probe = ip(CLIENT, SERVER, UDP, udp(6000, 33434 + number), ttl=2, ip_id=number + 1)
        frames.append((number * 0.1, probe))
        if router:
            frames.append((number * 0.1 + 0.01, expired(router, probe)))
    assert [(h.address, h.sent, h.answered) for h in read(frames)] == [
        ("203.0.113.1", 3, 2),
        ("203.0.113.9", 1, 1),
    ]


def test_firewall_that_prohibits_is_where_its_quote_says() -> None:
    frames: list[Frame] = []
    for ttl in (1, 2, 3, 4):
        probe = ip(CLIENT, SERVER, UDP, udp(6000, 33434 + ttl), ttl=ttl, ip_id=ttl)
        frames.append((ttl * 0.1, probe))
        if ttl == 1:
            frames.append((0.11, expired(ROUTERS[0], probe)))
        else:
            quote = probe[:8] + bytes([ttl - 1]) + probe[9:28]
            told = ip(ROUTERS[1], CLIENT, ICMP, icmp(3, 13, body=quote))
            frames.append((ttl * 0.1 + 0.02, told))
    assert [(h.distance, h.address, h.answered, h.reached) for h in read(frames)] == [
        (1, ROUTERS[0], 1, False),
        (2, ROUTERS[1], 3, False),
    ]


def test_mtr_with_echo_requests() -> None:
    frames: list[Frame] = []
    for cycle in range(2):
        for ttl in (1, 2):
            number = cycle * 2 + ttl
            echo = struct.pack("!HH", 77, number)
            probe = ip(CLIENT, SERVER, ICMP, icmp(8, 0, echo), ttl=ttl)
            time_s = cycle * 1.0 + ttl * 0.1
            frames.append((time_s, probe))
            if ttl == 1:
                frames.append((time_s + 0.001, expired(ROUTERS[0], probe)))
            else:
                reply = ip(SERVER, CLIENT, ICMP, icmp(0, 0, echo), ttl=63)
                frames.append((time_s + 0.005, reply))
    assert [(h.distance, h.address, h.sent, h.answered, h.reached) for h in read(frames)] == [
        (1, ROUTERS[0], 2, 2, False),
        (2, SERVER, 2, 2, True),
    ]


@pytest.mark.parametrize("flags", [SYN | ACK, RST | ACK])
def test_tcp_traceroute(flags: int) -> None:
    frames: list[Frame] = []
    for ttl in (1, 2):
        syn = ip(CLIENT, SERVER, TCP, tcp(40000 + ttl, 443, 100 * ttl, 0, SYN), ttl=ttl)
        frames.append((ttl * 0.1, syn))
        if ttl == 1:
            frames.append((0.11, expired(ROUTERS[0], syn)))
    told = ip(SERVER, CLIENT, TCP, tcp(443, 40002, 9, 201, flags), ttl=63)
    frames.append((0.25, told))
    found = read(frames)
    assert [(h.distance, h.address, h.reached) for h in found] == [
        (1, ROUTERS[0], False),
        (2, SERVER, True),
    ]
    assert found[1].rtts_s == pytest.approx((0.05,))
    assert found[1].protocol == "tcp"


def test_ping_with_a_loss() -> None:
    frames: list[Frame] = []
    for number in range(4):
        echo = struct.pack("!HH", 77, number)
        request = ip(CLIENT6, SERVER6, ICMPV6, icmp(128, 0, echo))
        frames.append((number * 1.0, request))
        if number != 2:
            reply = ip(SERVER6, CLIENT6, ICMPV6, icmp(129, 0, echo), ttl=60)
            frames.append((number * 1.0 + 0.03, reply))
    (one,) = read(frames)
    assert (one.destination, one.address, one.distance) == (SERVER6, SERVER6, 5)
    assert (one.sent, one.answered, one.reached) == (4, 3, True)
    assert one.rtts_s == pytest.approx((0.03, 0.03, 0.03))


def test_ping_of_a_host_that_never_showed_itself_says_nothing() -> None:
    request = ip(CLIENT, SERVER, ICMP, icmp(8, 0, struct.pack("!HH", 77, 1)))
    assert read([(0.0, request)]) == ()


def test_ordinary_traffic_has_no_hops() -> None:
    talk = Connection(443, server_ttl=40, client_ttl=39)
    multicast = [
        (5.0 + ttl, ip(CLIENT, "239.255.255.250", UDP, udp(1900, 1900), ttl=ttl)) for ttl in (1, 2)
    ]
    assert read([*talk.frames, *multicast]) == ()


def test_packet_captured_twice_is_sent_once() -> None:
    frames = traceroute(count=1)
    doubled = [(time_s + shift, data) for time_s, data in frames for shift in (0.0, 0.0002)]
    assert [h.sent for h in read(doubled)][:3] == [1, 1, 1]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([CLIENT, SERVER, ROUTERS[0]]),
            st.sampled_from([CLIENT, SERVER]),
            st.sampled_from([ICMP, UDP, TCP]),
            st.integers(0, 70),
            st.binary(max_size=40),
        ),
        max_size=20,
    )
)
def test_garbage_never_raises(packets: list[tuple[str, str, int, int, bytes]]) -> None:
    frames = [
        (number * 0.001, ip(source, destination, protocol, data, ttl=ttl))
        for number, (source, destination, protocol, ttl, data) in enumerate(packets)
    ]
    for hop in read(frames):
        assert 0 <= hop.answered <= hop.sent
