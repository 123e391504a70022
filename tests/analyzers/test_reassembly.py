"""Byte streams against a model that keeps every byte of every segment."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import tcp
from analyzers.facts import Side
from analyzers.reassembly import ByteStream, byte_stream
from captures import files
from tests.analyzers.exchange import Exchange
from tests.packets import ACK, FIN, RST, SYN, pcap

SIZE = 120

Sent = tuple[int, bytes]
"""Offset and payload of one segment."""

segments = st.lists(
    st.tuples(st.integers(0, SIZE), st.binary(min_size=1, max_size=40)), min_size=1, max_size=25
)


def stream(exchange: Exchange, side: Side = Side.SERVER, snaplen: int = 65535) -> ByteStream:
    """The bytes of one side, as read from the capture."""
    path = Path(tempfile.mkdtemp()) / "stream.pcap"
    path.write_bytes(pcap([(t + 1e9, d) for t, d in exchange.frames], snaplen=snaplen))
    capture = files.open(path)
    return byte_stream(capture, tcp.connections(capture)[0], side)


def model(sent: list[Sent]) -> tuple[dict[int, int], dict[int, int]]:
    """Each byte that was seen, and which segment brought it."""
    value: dict[int, int] = {}
    owner: dict[int, int] = {}
    for index, (offset, data) in enumerate(sent):
        for place, byte in enumerate(data, offset):
            value.setdefault(place, byte)
            owner.setdefault(place, index)
    return value, owner


@settings(max_examples=60, deadline=None)
@given(segments, st.integers(0, (1 << 32) - 1))
def test_reads_what_the_segments_brought_first(sent: list[Sent], isn: int) -> None:
    exchange = Exchange(timestamps=False)
    exchange.server.isn = isn
    exchange.open()
    frames = [
        exchange.s(0.1 + 0.01 * index, 1 + offset, 1, data=data)
        for index, (offset, data) in enumerate(sent)
    ]
    value, owner = model(sent)
    found = stream(exchange)
    gap = next(offset for offset in range(SIZE + 200) if offset not in value)
    assert found.contiguous == gap
    assert found.end == max(value) + 1
    assert not found.fin
    for offset in range(found.end + 2):
        expected = bytearray()
        while len(expected) < 17 and offset + len(expected) in value:
            expected.append(value[offset + len(expected)])
        assert found.read(offset, 17) == bytes(expected)
        following = [place for place in value if place >= offset]
        assert found.next_available(offset) == min(following, default=None)
        if offset in owner:
            assert found.frame_at(offset) == frames[owner[offset]]
    wanted = {frames[owner[place]] for place in range(5, 50) if place in owner}
    assert found.frames(5, 50) == tuple(sorted(wanted))


@settings(max_examples=40, deadline=None)
@given(segments)
def test_midway_the_lowest_byte_is_the_first(sent: list[Sent]) -> None:
    exchange = Exchange(timestamps=False)
    for index, (offset, data) in enumerate(sent):
        exchange.s(0.1 + 0.01 * index, 5000 + offset, 1, data=data)
    value, _ = model(sent)
    lowest = min(value)
    found = stream(exchange)
    assert found.end == max(value) + 1 - lowest
    expected = bytearray()
    while lowest + len(expected) in value:
        expected.append(value[lowest + len(expected)])
    assert found.read(0, SIZE + 100) == bytes(expected)


def test_cut_packets_end_what_can_be_read_but_not_the_stream() -> None:
    exchange = Exchange(timestamps=False).open()
    exchange.s(0.1, 1, 1, data=b"a" * 100)
    exchange.s(0.2, 101, 1, data=b"b" * 100)
    found = stream(exchange, snaplen=40 + 60)
    assert found.read(0, 500) == b"a" * 60
    assert (found.contiguous, found.end) == (60, 200)
    assert found.next_available(60) == 100
    assert found.frame_at(80) == 4
    assert found.frames(70, 90) == (4,)


def test_data_in_the_syn_comes_first() -> None:
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, data=b"early", flags=SYN)
    exchange.s(0.1, 0, 6, flags=SYN | ACK)
    exchange.c(0.1, 6, 1, data=b" bird")
    assert stream(exchange, Side.CLIENT).read(0, 50) == b"early bird"


def test_the_syn_answer_that_was_acknowledged_counts() -> None:
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.server.isn = 70_000
    exchange.s(0.01, 0, 1, flags=SYN | ACK)
    exchange.server.isn = 5_000
    exchange.s(0.02, 0, 1, flags=SYN | ACK)
    exchange.c(0.03, 1, 1)
    exchange.s(0.04, 1, 1, data=b"from the second")
    assert stream(exchange).read(0, 50) == b"from the second"


def test_without_the_syn_answer_the_first_ack_tells_where_it_begins() -> None:
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.c(0.02, 1, 1)
    exchange.s(0.05, 11, 1, data=b"later")
    found = stream(exchange)
    assert (found.contiguous, found.next_available(0)) == (0, 10)


def test_text_in_a_reset_is_no_part_of_the_stream() -> None:
    exchange = Exchange(timestamps=False).open()
    exchange.s(0.1, 1, 1, data=b"body")
    exchange.s(0.2, 5, 1, data=b"go away", flags=RST | ACK)
    found = stream(exchange)
    assert (found.read(0, 50), found.end, found.fin) == (b"body", 4, False)


def test_a_fin_ends_the_stream() -> None:
    exchange = Exchange(timestamps=False).open()
    exchange.s(0.1, 1, 1, data=b"bye", flags=FIN | ACK)
    found = stream(exchange)
    assert (found.read(0, 9), found.end, found.fin) == (b"bye", 3, True)
    assert found.time_at(0) == pytest.approx(0.1)


def test_a_side_that_sent_nothing() -> None:
    found = stream(Exchange().open())
    assert (found.contiguous, found.end, found.read(0, 9)) == (0, 0, b"")
    assert (found.next_available(0), found.frame_at(0), found.frames(0, 9)) == (None, 0, ())
    assert found.time_at(0) == 0.0
