"""Captures that nobody wrote in good faith: no crash, no other error, no lies about bytes."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures.errors import CaptureError
from captures.links import LINKS
from captures.packets import Capture
from tests import packets
from tests.captures import containers
from tests.captures.containers import Record, capture, option

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PACKETS = [
    packets.ip("192.0.2.1", "192.0.2.2", 6, packets.tcp(1, 2, 3, 4, 2, options=b"\2\4\5\xb4")),
    packets.ip("192.0.2.2", "192.0.2.1", 6, packets.tcp(2, 1, 3, 4, 16, b"data" * 40)),
    packets.ip("2001:db8::1", "2001:db8::2", 17, packets.udp(1, 53, b"query")),
    packets.ip("2001:db8::1", "2001:db8::2", 0, bytes([44, 0] + [0] * 6) + bytes(60)),
]
NANOSECONDS = st.integers(0, 2**32 * 10**9 - 1)
DATA = st.sampled_from(PACKETS) | st.binary(max_size=200)
RECORDS = st.lists(st.builds(Record, NANOSECONDS, DATA), max_size=8)
ORDERS = st.sampled_from("<>")
LINK_TYPES = st.sampled_from([*LINKS, 147])


@st.composite
def pcaps(draw: st.DrawFn, records: st.SearchStrategy[list[Record]] = RECORDS) -> bytes:
    return containers.pcap(
        draw(records),
        order=draw(ORDERS),
        nanoseconds=draw(st.booleans()),
        link_type=draw(LINK_TYPES),
    )


@st.composite
def pcapngs(draw: st.DrawFn) -> bytes:
    """Sections of blocks in any order, all well-formed."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        order = draw(ORDERS)
        ticks, number = st.integers(0, 2**64 - 1), st.integers(0, 2)
        choices: list[st.SearchStrategy[bytes]] = [
            st.builds(
                containers.interface,
                LINK_TYPES,
                st.just(order),
                st.integers(0, 2**32 - 1),
                st.builds(option, st.integers(0, 16), st.binary(max_size=9), st.just(order)),
            ),
            st.builds(containers.simple, DATA, order=st.just(order)),
            st.builds(containers.old, DATA, ticks, number, order=st.just(order)),
            st.builds(
                containers.enhanced,
                DATA,
                ticks,
                st.just(order),
                number,
                st.builds(option, st.integers(0, 5), st.binary(max_size=9), st.just(order)),
            ),
            st.builds(
                containers.block,
                st.integers(0, 12) | st.integers(0, 2**32 - 1),
                st.binary(max_size=60),
                st.just(order),
            ),
        ]
        parts.append(containers.section(order))
        parts += draw(st.lists(st.one_of(choices), max_size=8))
    return b"".join(parts)


def check(data: bytes) -> None:
    """Read bytes as a capture; whatever the table says must hold together."""
    try:
        result = capture(data)
    except CaptureError as error:
        assert "\n" not in str(error)
        return
    with result:
        consistent(result)


def consistent(result: Capture) -> None:
    table = result.table
    assert (table.interface < max(1, len(result.interfaces))).all()
    assert (table.frame_offset + table.captured_length <= result.file_size).all()
    held = table.payload_captured > 0
    assert (held == (table.payload_offset >= 0)).all()
    assert (table.payload_captured <= table.payload_length).all()
    ends = table.payload_offset + table.payload_captured
    assert (ends <= table.frame_offset + table.captured_length)[held].all()
    for column in (table.source, table.destination):
        assert ((column >= 0) == (table.version != 0)).all()
        assert (column < len(table.addresses)).all()
    assert (np.diff(table.sack_rows) >= 0).all()
    for row in range(len(table)):
        assert len(result.frame_bytes(row)) == table.captured_length[row]
        assert len(result.payload(row)) == table.payload_captured[row]


@PATIENT
@given(RECORDS, ORDERS, st.booleans())
def test_pcap_comes_back(records: list[Record], order: str, nanoseconds: bool) -> None:
    with capture(containers.pcap(records, order=order, nanoseconds=nanoseconds)) as result:
        unit = 1 if nanoseconds else 1000
        times = [record.time_ns // unit * unit for record in records]
        assert result.table.time_ns.tolist() == times
        frames = [result.frame_bytes(row) for row in range(len(records))]
        assert frames == [record.data for record in records]
        assert not result.cut
        consistent(result)


@PATIENT
@given(RECORDS, ORDERS)
def test_pcapng_comes_back(records: list[Record], order: str) -> None:
    with capture(containers.pcapng(records, order=order)) as result:
        assert result.table.time_ns.tolist() == [record.time_ns for record in records]
        frames = [result.frame_bytes(row) for row in range(len(records))]
        assert frames == [record.data for record in records]
        assert not result.cut
        consistent(result)


@PATIENT
@given(pcaps() | pcapngs())
def test_any_blocks_in_any_order(data: bytes) -> None:
    check(data)


@PATIENT
@given(pcaps() | pcapngs(), st.data())
def test_cut_anywhere(data: bytes, choice: st.DataObject) -> None:
    check(data[: choice.draw(st.integers(0, len(data)))])


@PATIENT
@given(pcaps() | pcapngs(), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255))))
def test_changed_anywhere(data: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    check(bytes(damaged))
    check(gzip.compress(bytes(damaged)))


@PATIENT
@given(st.binary(max_size=300))
def test_any_bytes_at_all(data: bytes) -> None:
    check(data)
    check(containers.pcap([])[:24] + data)
    check(containers.section() + data)
    check(b"\x1f\x8b\x08\x00" + data)


@PATIENT
@given(st.sampled_from(PACKETS), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255))))
def test_packets_changed_anywhere(packet: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(packet)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    check(containers.pcap([Record(0, bytes(damaged))]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: (
            containers.section() + containers.interface() + containers.block(0x77, b"") * 50_000
        ),
        lambda: containers.section() * 20_000,
        lambda: containers.pcap([Record(0, b"")] * 60_000),
        lambda: containers.pcap(
            [Record(0, bytes([0x45 + n % 11]) + PACKETS[0][1:] + bytes(60)) for n in range(20_000)]
        ),
        lambda: containers.section() + (containers.interface() + containers.enhanced(b"x")) * 3_000,
        lambda: (containers.section() + containers.interface() + containers.enhanced(b"x")) * 3_000,
    ],
    ids=["tiny blocks", "sections", "empty records", "layouts", "interfaces", "all of it"],
)
def test_memory_stays_in_proportion(make: Callable[[], bytes]) -> None:
    data = make()
    tracemalloc.start()
    try:
        with capture(data) as result:
            assert not result.cut
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The windows and one batch are fixed costs.
    assert peak < 4 * len(data) + 100_000_000
