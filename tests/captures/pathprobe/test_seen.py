"""Packets that come by while probing: routers' errors, short quotes, rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.pathprobe.packets import ACK, RST, SYN, TCP, UDP, Flow, echo
from captures.pathprobe.seen import parse
from tests.packets import icmp, ip, tcp, udp

CLIENT, SERVER, ROUTER = "192.0.2.10", "203.0.113.5", "198.51.100.1"
PROBE = ip(CLIENT, SERVER, TCP, tcp(40000, 443, 1000, 0, SYN), ttl=1)


def told(kind: int, code: int, quote: bytes) -> bytes:
    return ip(ROUTER, CLIENT, 1, icmp(kind, code, body=quote))


def test_expired_names_the_probe() -> None:
    seen = parse(told(11, 0, PROBE))
    assert seen is not None and seen.about is not None
    assert (seen.source, seen.error) == (ROUTER, "expired")
    assert (seen.about.ports, seen.about.number) == ((40000, 443), 1000)


def test_a_quote_of_eight_bytes_is_enough_for_tcp() -> None:
    seen = parse(told(11, 0, PROBE[:28]))
    assert seen is not None and seen.about is not None
    assert (seen.about.number, seen.about.flags) == (1000, 0)


def test_a_quote_of_eight_bytes_does_not_tell_one_query_from_another() -> None:
    packet = ip(CLIENT, SERVER, UDP, udp(40000, 53, b"\x12\x34rest"))
    whole, short = parse(told(11, 0, packet)), parse(told(11, 0, packet[:28]))
    assert whole is not None and whole.about is not None and whole.about.number == 0x1234
    assert short is not None and short.about is not None and short.about.number == -1


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [(11, 0, "expired"), (11, 1, None), (3, 4, "too_big"), (3, 13, "unreachable"), (5, 1, None)],
)
def test_which_errors_count(kind: int, code: int, error: str | None) -> None:
    seen = parse(told(kind, code, PROBE))
    assert (seen.error if seen else None) == error


def test_icmpv6() -> None:
    flow = Flow("2001:db8::1", "2001:db8::2")
    quote = echo(flow, 1, 77, 5)
    seen = parse(ip("2001:db8::9", "2001:db8::1", 58, icmp(3, 0, body=quote)))
    assert seen is not None and seen.about is not None
    assert (seen.error, seen.about.ports[0], seen.about.number) == ("expired", 77, 5)


def test_an_error_about_an_error_is_nobodys() -> None:
    assert parse(told(11, 0, told(11, 0, PROBE))) is None


@pytest.mark.parametrize("length", range(len(told(11, 0, PROBE))))
def test_cut_anywhere(length: int) -> None:
    seen = parse(told(11, 0, PROBE)[:length])
    assert seen is None or seen.about is not None


def test_reset() -> None:
    seen = parse(ip(SERVER, CLIENT, TCP, tcp(443, 40000, 1, 2, RST | ACK)))
    assert seen is not None and seen.flags & RST and seen.payload == 0


def test_headers_that_lie() -> None:
    assert parse(b"\x41" + PROBE[1:]) is None  # a header of four bytes
    assert parse(b"\x4f" + PROBE[1:40]) is None  # one that is longer than the packet
    assert parse(b"\x75" + PROBE[1:]) is None  # no version of IP
    later = PROBE[:6] + b"\x00\x10" + PROBE[8:]
    assert parse(later) is None  # a later fragment


@given(st.binary(max_size=120), st.sampled_from([b"", b"\x45", b"\x46", b"\x60"]))
def test_rubbish(data: bytes, start: bytes) -> None:
    seen = parse(start + data)
    assert seen is None or seen.number >= -1


@given(st.binary(max_size=80))
def test_rubbish_in_a_quote(quote: bytes) -> None:
    seen = parse(told(11, 0, quote))
    assert seen is None or seen.about is not None
