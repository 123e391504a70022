"""ICMP errors: kinds, quoted headers, and the frames they answer."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.facts import IcmpError
from analyzers.flows import tcp_streams
from analyzers.icmp import errors, kind_of
from tests.analyzers.talk import (
    CLIENT,
    CLIENT6,
    ICMP,
    ICMPV6,
    ROUTER,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    captured,
)
from tests.packets import ACK, SYN, Frame, icmp, ip, tcp, udp


def read(frames: list[Frame]) -> tuple[IcmpError, ...]:
    with captured(frames) as capture:
        return errors(capture, tcp_streams(capture.table))


def test_host_unreachable_to_a_syn() -> None:
    syn = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000, 0, SYN), ip_id=5)
    quoted = syn[:8] + b"\x3d" + syn[9:28]
    told = ip("203.0.113.9", CLIENT, ICMP, icmp(3, 1, body=quoted), ttl=62)
    (error,) = read([(0.0, syn), (1.0, syn), (1.5, told)])
    assert (error.kind, error.version, error.type, error.code) == ("host_unreachable", 4, 3, 1)
    assert (error.sender, error.receiver) == ("203.0.113.9", CLIENT)
    assert (error.ip_ttl, error.distance) == (62, 3)
    assert (error.quoted_source, error.quoted_destination) == (CLIENT, SERVER)
    assert (error.quoted_source_port, error.quoted_destination_port) == (40000, 443)
    assert (error.quoted_protocol, error.quoted_sequence) == (TCP, 1000)
    assert (error.quoted_ttl, error.quoted_length) == (61, 40)
    # The latest of the two copies is the one it answers.
    assert (error.frame, error.quoted_frame, error.stream) == (3, 2, 0)
    assert error.time_s == pytest.approx(1.5)


def test_segment_is_told_by_its_sequence_number() -> None:
    segments = [
        ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000 + 100 * i, 1, ACK, b"x" * 100))
        for i in range(3)
    ]
    told = ip(ROUTER, CLIENT, ICMP, icmp(3, 4, struct.pack("!HH", 0, 1400), segments[1][:28]))
    (error,) = read([*((i * 0.01, s) for i, s in enumerate(segments)), (0.1, told)])
    assert (error.kind, error.mtu, error.quoted_frame) == ("fragmentation_needed", 1400, 2)


def test_segment_inside_an_offloaded_giant() -> None:
    giant = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000, 1, ACK, b"x" * 9000))
    # On the wire it was seven segments; the router refuses the third one.
    piece = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000 + 2896, 1, ACK, b"x" * 1448))
    told = ip(ROUTER, CLIENT, ICMP, icmp(3, 4, struct.pack("!HH", 0, 1400), piece[:28]))
    (error,) = read([(0.0, giant), (0.01, told)])
    assert (error.quoted_frame, error.quoted_length, error.stream) == (1, 1488, 0)


def test_flow_is_known_though_its_segment_was_not_captured() -> None:
    seen = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000, 1, ACK, b"x" * 100))
    missed = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 9000, 1, ACK, b"x" * 100))
    told = ip(ROUTER, CLIENT, ICMP, icmp(11, 0, body=missed[:28]))
    (error,) = read([(0.0, seen), (0.1, told)])
    assert (error.kind, error.quoted_frame, error.stream) == ("time_exceeded", None, 0)


def test_packet_too_big_v6_behind_extension_headers() -> None:
    segment = tcp(40000, 443, 7000, 1, ACK, b"x" * 1440)
    sent = ip(CLIENT6, SERVER6, TCP, segment)
    # Given a quote with hop-by-hop options, then destination options, before the TCP header
    options = bytes([60, 0, 1, 4, 0, 0, 0, 0]) + bytes([TCP, 0, 1, 4, 0, 0, 0, 0])
    quoted = ip(CLIENT6, SERVER6, 0, options + segment, ttl=62)
    told = ip("2001:db8:ff::1", CLIENT6, ICMPV6, icmp(2, 0, struct.pack("!I", 1280), quoted[:100]))
    (error,) = read([(0.0, sent), (0.1, told)])
    assert (error.kind, error.mtu, error.version) == ("fragmentation_needed", 1280, 6)
    assert (error.quoted_protocol, error.quoted_sequence) == (TCP, 7000)
    assert (error.quoted_source_port, error.quoted_destination_port) == (40000, 443)
    assert (error.quoted_ttl, error.quoted_length) == (62, 40 + 16 + 20 + 1440)
    assert (error.quoted_frame, error.stream) == (1, 0)


def test_udp_probe_is_told_by_its_ip_id() -> None:
    """Paris traceroute: one port pair, probes differ in the IP header."""
    probes = [ip(CLIENT, SERVER, UDP, udp(5000, 33434), ttl=i, ip_id=100 + i) for i in (1, 2, 3)]
    told = ip(ROUTER, CLIENT, ICMP, icmp(11, 0, body=probes[0][:28]), ttl=255)
    (error,) = read([*((i * 0.001, p) for i, p in enumerate(probes)), (0.1, told)])
    assert (error.quoted_frame, error.stream, error.distance) == (1, None, 1)


def test_echo_request_is_told_by_its_sequence() -> None:
    pings = [
        ip(CLIENT6, SERVER6, ICMPV6, icmp(128, 0, struct.pack("!HH", 77, i))) for i in range(3)
    ]
    told = ip("2001:db8:ff::1", CLIENT6, ICMPV6, icmp(3, 0, body=pings[1]))
    (error,) = read([*((i * 0.001, p) for i, p in enumerate(pings)), (0.1, told)])
    assert error.quoted_frame == 2
    assert error.quoted_source_port is None


def test_only_frames_before_the_error_are_quoted() -> None:
    sent = ip(CLIENT, SERVER, UDP, udp(5000, 53))
    told = ip(ROUTER, CLIENT, ICMP, icmp(3, 3, body=sent[:28]))
    (error,) = read([(0.0, told), (0.1, sent)])
    assert error.quoted_frame is None


def test_kinds_are_the_same_words_for_both_versions() -> None:
    """Codes of RFC 792, 1122, 1812 (IPv4) and RFC 4443 (IPv6)."""
    pairs = {
        "network_unreachable": ((4, 3, 0), (6, 1, 0)),
        "host_unreachable": ((4, 3, 1), (6, 1, 3)),
        "protocol_unreachable": ((4, 3, 2),),
        "port_unreachable": ((4, 3, 3), (6, 1, 4)),
        "fragmentation_needed": ((4, 3, 4), (6, 2, 0)),
        "source_route_failed": ((4, 3, 5), (6, 1, 7)),
        "admin_prohibited": ((4, 3, 9), (4, 3, 10), (4, 3, 13), (6, 1, 1), (6, 1, 5), (6, 1, 6)),
        "redirect": ((4, 5, 1), (6, 137, 0)),
        "time_exceeded": ((4, 11, 0), (4, 11, 1), (6, 3, 0)),
        "parameter_problem": ((4, 12, 0), (6, 4, 1)),
        "other": ((4, 4, 0), (4, 3, 99), (6, 1, 99)),
    }
    for kind, numbers in pairs.items():
        assert {kind_of(*number) for number in numbers} == {kind}


def test_old_routers_do_not_say_the_mtu() -> None:
    sent = ip(CLIENT, SERVER, UDP, udp(5000, 443))
    (error,) = read([(0.0, ip(ROUTER, CLIENT, ICMP, icmp(3, 4, body=sent[:28])))])
    assert error.mtu is None


def test_ports_of_a_later_fragment_are_not_read() -> None:
    piece = ip(CLIENT, SERVER, UDP, b"\x12\x34\x56\x78" * 4, fragment_offset=1480)
    (error,) = read([(0.0, ip(ROUTER, CLIENT, ICMP, icmp(11, 1, body=piece)))])
    assert error.quoted_source_port is None
    assert error.quoted_frame is None


def test_echo_and_neighbour_discovery_are_no_errors() -> None:
    assert (
        read(
            [
                (0.0, ip(CLIENT, SERVER, ICMP, icmp(8, 0))),
                (0.1, ip(SERVER, CLIENT, ICMP, icmp(0, 0))),
                (0.2, ip(CLIENT6, "ff02::1", ICMPV6, icmp(135, 0, body=b"\0" * 16))),
            ]
        )
        == ()
    )


def test_error_that_a_host_sends_itself_has_no_distance() -> None:
    sent = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1, 0, SYN))
    (error,) = read([(0.0, sent), (3.0, ip(CLIENT, CLIENT, ICMP, icmp(3, 1, body=sent[:28])))])
    assert error.distance == 0


@given(
    st.sampled_from([(ICMP, 3), (ICMP, 11), (ICMP, 12), (ICMPV6, 1), (ICMPV6, 2), (ICMPV6, 137)]),
    st.integers(0, 255),
    st.binary(max_size=120),
    st.booleans(),
)
def test_garbage_never_raises(
    kind: tuple[int, int], code: int, body: bytes, versioned: bool
) -> None:
    protocol, number = kind
    source, destination = (CLIENT, SERVER) if protocol == ICMP else (CLIENT6, SERVER6)
    if versioned and body:
        body = (b"\x45" if protocol == ICMP else b"\x60") + body[1:]
    sent = ip(source, destination, TCP, tcp(40000, 443, 1, 0, SYN))
    told = ip(destination, source, protocol, icmp(number, code, body=body))
    (error,) = read([(0.0, sent), (0.1, told)])
    assert error.frame == 2
