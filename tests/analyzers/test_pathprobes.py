"""Probes that repeat a step part of the way, as they look on the wire."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzers import extract
from analyzers.facts import Facts, Outcome, ProbeEnding, ProbeStep
from captures.pathprobe.clienthello import USER_CANCELED, client_hello
from captures.pathprobe.packets import Flow, query, syn
from tests.analyzers.talk import CLIENT, ICMP, RESOLVER, SERVER, TCP, UDP, answer, captured
from tests.packets import ACK, FIN, PSH, RST, SYN, Frame, icmp, ip, tcp, udp

ROUTERS = ("10.1.0.1", "203.0.113.1", "203.0.113.2")
PORT = 40001


def read(frames: Sequence[Frame]) -> Facts:
    with captured(sorted(frames, key=lambda f: f[0])) as capture:
        return extract(capture)


def expired(at: int, probe: bytes, quoted: int = 28) -> bytes:
    """Router number `at` reports a probe expired, quoting so many bytes of it."""
    quote = probe[:8] + b"\1" + probe[9:quoted]
    return ip(ROUTERS[at - 1], CLIENT, ICMP, icmp(11, 0, body=quote), ttl=65 - at)


def opened(start_s: float, isn: int, ttl: int = 64) -> list[Frame]:
    """A handshake; the server is 4 hops away."""
    return [
        (start_s, ip(CLIENT, SERVER, TCP, tcp(PORT, 443, isn, 0, SYN), ttl=ttl)),
        (
            start_s + 0.02,
            ip(SERVER, CLIENT, TCP, tcp(443, PORT, isn * 7, isn + 1, SYN | ACK), ttl=61),
        ),
        (start_s + 0.021, ip(CLIENT, SERVER, TCP, tcp(PORT, 443, isn + 1, isn * 7 + 1, ACK))),
    ]


def said(isn: int, data: bytes, ttl: int) -> bytes:
    return ip(CLIENT, SERVER, TCP, tcp(PORT, 443, isn + 1, isn * 7 + 1, ACK | PSH, data), ttl=ttl)


def dropped(start_s: float, isn: int, length: int) -> Frame:
    flags = RST | ACK
    return (start_s, ip(CLIENT, SERVER, TCP, tcp(PORT, 443, isn + 1 + length, isn * 7 + 1, flags)))


def hello_try(start_s: float, isn: int, ttl: int, *back: tuple[float, bytes]) -> list[Frame]:
    """One connection, its hello with this TTL twice, and what comes back after the first."""
    record = client_hello("mod.example.org", large=False)
    probe = said(isn, record, ttl)
    frames = opened(start_s, isn)
    frames += [(start_s + 0.03, probe), (start_s + 0.25, probe)]
    frames += [(start_s + 0.03 + delay_s, packet) for delay_s, packet in back]
    if not back and ttl <= 3:
        frames.append((start_s + 0.031, expired(ttl, probe)))
    return [*frames, dropped(start_s + 0.5, isn, len(record))]


def forged_reset(isn: int, ttl: int) -> bytes:
    return ip(SERVER, CLIENT, TCP, tcp(443, PORT, isn * 7 + 1, 0, RST), ttl=ttl)


def test_hellos_that_walk_into_a_reset() -> None:
    frames = [*hello_try(0, 1000, 1), *hello_try(1, 2000, 2, (0.001, forged_reset(2000, 63)))]
    facts = read(frames)
    assert [(p.step, p.name, p.ttl, p.copies) for p in facts.probes] == [
        (ProbeStep.HELLO, "mod.example.org", 1, 2),
        (ProbeStep.HELLO, "mod.example.org", 2, 2),
    ]
    first, second = facts.probes
    assert (first.expired_at, first.ending) == (ROUTERS[0], None)
    assert (second.expired_at, second.ending, second.ending_ttl) == (None, ProbeEnding.RESET, 63)
    assert second.stream == 1 and second.port == 443


def test_probes_are_no_attempts_and_say_nothing_of_the_client() -> None:
    facts = read([*hello_try(0, 1000, 1), *hello_try(1, 2000, 2)])
    assert facts.attempts == ()
    assert facts.hosts[CLIENT].ttl == 64 and facts.hosts[CLIENT].is_local


@pytest.mark.parametrize(
    ("flags", "data", "ending"),
    [
        (ACK | PSH, b"\x16\x03\x03\x00\x02hi", ProbeEnding.ANSWERED),
        (ACK | FIN, b"", ProbeEnding.CLOSED),
        (ACK, b"", ProbeEnding.ACKNOWLEDGED),
    ],
)
def test_what_a_hello_meets(flags: int, data: bytes, ending: ProbeEnding) -> None:
    back = ip(SERVER, CLIENT, TCP, tcp(443, PORT, 7001, 1100, flags, data), ttl=61)
    (probe,) = read(hello_try(0, 1000, 4, (0.02, back))).probes
    assert (probe.ending, probe.ending_from) == (ending, SERVER)


def test_only_the_first_segment_tells_how_far_a_large_hello_got() -> None:
    record = client_hello("mod.example.org", large=True)
    first = said(1000, record[:1448], 3)
    second = ip(
        CLIENT, SERVER, TCP, tcp(PORT, 443, 1001 + 1448, 7001, ACK | PSH, record[1448:]), ttl=3
    )
    frames = [*opened(0, 1000), (0.03, first), (0.03, second), (0.05, expired(3, second))]
    (probe,) = read(frames).probes
    assert (probe.expired_at, probe.ending, probe.size) == (None, None, 1488)


def test_a_far_client_is_no_probe() -> None:
    """Its SYN has gone as far as its data."""
    record = client_hello("mod.example.org", large=False)
    frames = [*opened(0, 1000, ttl=24), (0.03, said(1000, record, 24))]
    frames[2] = (0.021, ip(CLIENT, SERVER, TCP, tcp(PORT, 443, 1001, 7001, ACK), ttl=24))
    facts = read(frames)
    assert facts.probes == () and len(facts.attempts) == 1


def test_syns_of_one_flow() -> None:
    flow = Flow(CLIENT, SERVER, PORT, 443)
    frames: list[Frame] = []
    for ttl in range(1, 5):
        probe = syn(flow, ttl, 1000 * ttl)
        frames.append((0.1 * ttl, probe))
        if ttl < 4:
            frames.append((0.1 * ttl + 0.3, expired(ttl, probe)))
    told = ip(SERVER, CLIENT, TCP, tcp(443, PORT, 5, 4001, SYN | ACK), ttl=61)
    frames.append((0.42, told))
    facts = read(frames)
    assert [(p.ttl, p.expired_at, p.ending) for p in facts.probes] == [
        (1, ROUTERS[0], None),
        (2, ROUTERS[1], None),
        (3, ROUTERS[2], None),
        (4, None, ProbeEnding.ANSWERED),
    ]
    assert facts.attempts == (), "a traceroute is no failed connection"


def test_queries_are_told_apart_by_their_id() -> None:
    def asked(ttl: int) -> bytes:
        wire = query(100 + ttl, "mod.example.org")
        return ip(CLIENT, RESOLVER, UDP, udp(PORT, 53, wire), ttl=ttl, ip_id=100 + ttl)

    frames = [(0.05 * ttl, asked(ttl)) for ttl in (1, 2, 3)]
    frames.append((0.2, expired(1, asked(1))))
    lie = answer(query(103, "mod.example.org"), "mod.example.org. 60 IN A 192.0.2.66")
    truth = answer(query(102, "mod.example.org"), "mod.example.org. 60 IN A 192.0.2.66")
    frames.append((0.21, ip(RESOLVER, CLIENT, UDP, udp(53, PORT, lie), ttl=63)))
    frames.append((0.22, ip(RESOLVER, CLIENT, UDP, udp(53, PORT, truth), ttl=63)))
    facts = read(frames)
    assert [(p.step, p.name, p.ttl, p.ending) for p in facts.probes] == [
        (ProbeStep.QUERY, "mod.example.org", 1, None),
        (ProbeStep.QUERY, "mod.example.org", 2, ProbeEnding.ANSWERED),
        (ProbeStep.QUERY, "mod.example.org", 3, ProbeEnding.ANSWERED),
    ]
    assert facts.dns == () and facts.lookups == ()


def test_a_whole_question_beside_the_walk_stays_a_lookup() -> None:
    def asked(number: int, ttl: int) -> bytes:
        wire = query(number, "mod.example.org")
        return ip(CLIENT, RESOLVER, UDP, udp(PORT, 53, wire), ttl=ttl, ip_id=number)

    frames = [(0.0, asked(1, 64)), (1.0, asked(2, 1)), (1.1, asked(3, 2)), (1.2, asked(4, 3))]
    frames.append((1.01, expired(1, asked(2, 1))))
    found = answer(query(1, "mod.example.org"), "mod.example.org. 60 IN A 192.0.2.66")
    frames.append((0.02, ip(RESOLVER, CLIENT, UDP, udp(53, PORT, found), ttl=61)))
    facts = read(frames)
    (lookup,) = facts.lookups
    assert lookup.addresses == ("192.0.2.66",)
    assert [e.icmp_frames for e in lookup.exchanges] == [()] and len(facts.probes) == 3


def test_a_canceled_handshake_is_nobodys_failure() -> None:
    record = client_hello("mod.example.org", large=False)
    hello_back = bytes.fromhex("160303002a020000260303") + bytes(32) + b"\0\x13\x01\0"
    frames = [*opened(0, 1000), (0.03, said(1000, record, 64))]
    end, back = 1001 + len(record), 7001 + len(hello_back)
    told = tcp(443, PORT, 7001, end, ACK | PSH, hello_back)
    frames.append((0.05, ip(SERVER, CLIENT, TCP, told, ttl=61)))
    bye = tcp(PORT, 443, end, back, ACK | PSH, USER_CANCELED)
    frames.append((0.06, ip(CLIENT, SERVER, TCP, bye)))
    gone = tcp(PORT, 443, end + len(USER_CANCELED), back, RST | ACK)
    frames.append((0.061, ip(CLIENT, SERVER, TCP, gone)))
    (attempt,) = read(frames).attempts
    assert (attempt.outcome, attempt.reason) == (Outcome.ABANDONED, "canceled by the client")
