"""How DNS travels: in fragments, over TCP with holes, among other traffic, as garbage."""

from __future__ import annotations

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzers.talk import (
    CLIENT,
    RESOLVER,
    UDP,
    Connection,
    answer,
    ask,
    exchanges_in,
    query,
    tell,
)
from tests.packets import Frame, ip, udp

NAME = "proxy.example.org"
A_RECORD = f"{NAME}. 60 IN A 192.0.2.80"


def test_fragmented_answer_is_put_together() -> None:
    asked = query(NAME, edns=4096)
    wire = answer(asked, *(f"{NAME}. 60 IN A 192.0.2.{i}" for i in range(1, 101)))
    datagram = udp(53, 5000, wire)
    cut = 800

    def fragment(data: bytes, offset: int, more: bool) -> bytes:
        return ip(
            RESOLVER,
            CLIENT,
            UDP,
            data,
            ip_id=77,
            dont_fragment=False,
            more_fragments=more,
            fragment_offset=offset,
        )

    first, second = fragment(datagram[:cut], 0, True), fragment(datagram[cut:], cut, False)
    for order in ((first, second), (second, first)):
        (one,) = exchanges_in([(0.0, ask(asked, 5000)), (0.02, order[0]), (0.021, order[1])])
        assert one.response is not None
        assert len(one.response.addresses) == 100
        # It is there when its last piece is.
        assert (one.response.frame, one.response.time_s) == (3, 0.021)


def test_an_answer_of_which_a_fragment_is_missing() -> None:
    asked, again = (query(NAME, ident=ident, edns=4096) for ident in (1, 2))
    records = [f"{NAME}. 60 IN A 192.0.2.{i}" for i in range(1, 101)]

    def first_part(wire: bytes, port: int) -> bytes:
        data = udp(53, port, answer(wire, *records))[:800]
        ends = RESOLVER, CLIENT, UDP
        return ip(*ends, data, ip_id=port, dont_fragment=False, more_fragments=True)

    frames = [(0.0, ask(asked, 5000)), (0.02, first_part(asked, 5000))]
    # Nobody asked again: it was the capture that missed the rest.
    (one,) = exchanges_in(frames)
    assert one.response is not None and one.response.fragments_missing
    assert not one.response.whole
    # Asked again after the usual five seconds: it did not arrive.
    frames += [(5.0, ask(again, 5001)), (5.02, first_part(again, 5001))]
    (one,) = exchanges_in([*frames[:3], (5.02, tell(answer(again, A_RECORD), 5001))])
    assert len(one.queries) == 2
    assert one.response is not None and one.response.addresses == ("192.0.2.80",)
    (one,) = exchanges_in(frames[:3])
    assert one.response is None and one.rcode is None


def test_fragments_that_are_missing_hinder_no_others() -> None:
    """Ten answers of which only the first fragment comes, then a whole one."""
    frames: list[Frame] = []
    for number in range(11):
        asked = query(f"n{number}.example.org", ident=number, edns=4096)
        records = (f"n{number}.example.org. 60 IN A 192.0.2.{i}" for i in range(1, 101))
        data = udp(53, 5000 + number, answer(asked, *records))
        cuts = ((0, 800, True), (800, len(data), False))
        frames.append((0.1 * number, ask(asked, 5000 + number)))
        for start, end, more in cuts if number == 10 else cuts[:1]:
            part = ip(
                RESOLVER,
                CLIENT,
                UDP,
                data[start:end],
                ip_id=100 + number,
                dont_fragment=False,
                more_fragments=more,
                fragment_offset=start,
            )
            frames.append((0.1 * number + 0.02, part))
    found = exchanges_in(frames)
    assert [e.responses[0].fragments_missing for e in found] == [True] * 10 + [False]
    assert found[-1].responses[0].whole


def test_tcp_after_truncation() -> None:
    asked = query(NAME, ident=7)
    told = answer(asked, A_RECORD)
    talk = Connection(53, server=RESOLVER, start_s=1.0)
    talk.client(len(asked).to_bytes(2, "big") + asked)
    # Given an answer whose length and message come in two segments, with the next one behind it
    data = len(told).to_bytes(2, "big") + told
    talk.server(data[:2])
    talk.server(data[2:])
    truncated = answer(asked, flags=0x0200)
    over_udp, over_tcp = exchanges_in(
        [(0.0, ask(asked, 5000)), (0.02, tell(truncated, 5000)), *talk.frames]
    )
    assert over_udp.response is not None
    assert over_udp.response.truncated
    assert (over_tcp.transport, over_tcp.stream) == ("tcp", 0)
    assert over_tcp.response is not None
    assert over_tcp.response.addresses == ("192.0.2.80",)
    # Query 2 + 4th frame of the connection, answer: its last byte is in the 8th.
    assert (over_tcp.queries[0].frame, over_tcp.response.frame) == (2 + 4, 2 + 8)
    assert over_tcp.response.latency_s == pytest.approx(0.04)


def test_tcp_goes_on_behind_a_hole() -> None:
    messages = [query(f"n{i}.example.org", ident=i) for i in range(4)]
    talk = Connection(53, server=RESOLVER)
    for number, message in enumerate(messages):
        talk.client(len(message).to_bytes(2, "big") + message, seen=number != 1)
    found = exchanges_in(talk.frames)
    assert [e.name for e in found] == ["n0.example.org", "n2.example.org", "n3.example.org"]


def test_other_traffic_on_port_53_is_not_dns() -> None:
    frames: list[Frame] = [
        (0.0, ip(CLIENT, RESOLVER, UDP, udp(5000, 53, bytes(range(200))))),
        (0.1, ip(CLIENT, RESOLVER, UDP, udp(5000, 53, b"\1\0\0\0" + b"\x55" * 60))),
        (0.2, ip(CLIENT, "224.0.0.251", UDP, udp(5353, 5353, query("host.local")))),
        (0.3, ip(CLIENT, "224.0.0.252", UDP, udp(5000, 5355, query("host")))),
    ]
    assert exchanges_in(frames) == ()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.binary(max_size=80), st.booleans()), max_size=20))
def test_garbage_never_raises(datagrams: list[tuple[bytes, bool]]) -> None:
    frames: list[Frame] = []
    for index, (data, asks) in enumerate(datagrams):
        packet = ask(data, 5000) if asks else tell(data, 5000)
        frames.append((index * 0.5, packet))
    exchanges_in(frames)


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_garbage_over_tcp_never_raises(pieces: list[bytes]) -> None:
    talk = Connection(53, server=RESOLVER)
    for piece in pieces:
        talk.client(piece)
        talk.server(dns.message.make_response(dns.message.from_wire(query(NAME))).to_wire())
    exchanges_in(talk.frames)
