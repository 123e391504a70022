"""Connections as a whole: who is who, how they open, what was sent, seen and acknowledged."""

from __future__ import annotations

import struct
import time
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import tcp
from analyzers.facts import Connection, Side
from analyzers.reassembly import byte_stream
from captures import files
from tests.analyzers.exchange import CLIENT, SERVER, Exchange
from tests.packets import ACK, FIN, RST, SYN, ip, pcap, write_pcap
from tests.packets import tcp as segment


def test_a_whole_connection(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.03, 1, 1, 100)
    exchange.s(0.05, 1, 101)
    exchange.s(0.06, 1, 101, 1000)
    exchange.s(0.07, 1001, 101, 400)
    exchange.c(0.07, 101, 1401)
    exchange.c(0.08, 101, 1401, flags=FIN | ACK)
    exchange.s(0.10, 1401, 102, flags=FIN | ACK)
    exchange.c(0.11, 102, 1402)
    found = exchange.connection(tmp_path)
    client, server = found.client, found.server
    assert (client.address, client.port) == (CLIENT, 40000)
    assert (server.address, server.port) == (SERVER, 443)
    assert (found.first_frame, found.last_frame, found.last_s) == (1, 11, 0.11)
    assert (found.syn_frame, found.syn_ack_frame, found.ack_frame) == (1, 2, 3)
    assert found.established and not found.starts_midway
    assert (found.state, found.min_rtt_s) == ("SF", 0.02)
    assert (client.packets, client.data_packets, client.payload_bytes) == (6, 1, 100)
    assert (server.packets, server.data_packets, server.payload_bytes) == (5, 2, 1400)
    assert (client.acked_bytes, client.highest_acked_frame) == (100, 10)
    assert (server.acked_bytes, server.highest_acked_frame) == (1400, 11)
    assert (server.first_data_s, server.first_data_frame) == (0.06, 6)
    assert (server.last_data_s, server.last_data_frame) == (0.07, 7)
    assert (server.fin_frame, server.fin_s) == (10, 0.1)
    assert (client.ttl, client.ttl_syn, server.ttl) == (64, 64, 57)
    assert (client.mss, client.window_scale, client.sack_permitted) == (1000, 7, True)
    assert client.timestamps and server.timestamps
    assert (server.max_segment, server.max_ip_length) == (1000, 1052)
    assert found.half(Side.CLIENT) is client


@pytest.mark.parametrize(
    ("source", "destination", "client_port"),
    [(50000, 443, 50000), (443, 50000, 50000), (8080, 1055, 1055), (40000, 50000, 50000)],
)
def test_midway_the_port_tells_who_serves(
    source: int, destination: int, client_port: int, tmp_path: Path
) -> None:
    packet = ip(CLIENT, SERVER, 6, segment(source, destination, 900, 70, ACK, b"data"))
    with files.open(write_pcap(tmp_path / "m.pcap", [(0.0, packet)])) as capture:
        (found,) = tcp.connections(capture)
    assert found.client.port == client_port
    assert found.starts_midway and found.established
    assert (found.state, found.syn_frame, found.handshake_rtt_s) == ("OTH", None, None)


def test_the_answer_to_a_syn_tells_who_serves(tmp_path: Path) -> None:
    packet = ip(CLIENT, SERVER, 6, segment(50000, 443, 900, 70, SYN | ACK))
    with files.open(write_pcap(tmp_path / "a.pcap", [(0.0, packet)])) as capture:
        (found,) = tcp.connections(capture)
    assert (found.client.port, found.starts_midway) == (443, False)


def test_bytes_that_were_acknowledged_but_never_seen(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.1, 1, 1, 1000)
    exchange.s(0.101, 3001, 1, 500)
    exchange.c(0.102, 1, 3501)
    server = exchange.connection(tmp_path).server
    assert (server.acked_bytes, server.unseen_acked_bytes, server.missing_bytes) == (3500, 2000, 0)


def test_holes_that_nobody_filled(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.1, 1, 1, 1000)
    exchange.s(0.101, 3001, 1, 500)
    exchange.c(0.102, 1, 1001, blocks=((3001, 3501),))
    server = exchange.connection(tmp_path).server
    assert (server.acked_bytes, server.unseen_acked_bytes, server.missing_bytes) == (1000, 0, 2000)


def test_only_one_direction_was_captured(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.c(0.02, 1, 1)
    exchange.c(0.1, 1, 5001)
    found = exchange.connection(tmp_path)
    assert found.established
    assert (found.server.packets, found.server.acked_bytes) == (0, 5000)
    assert found.server.unseen_acked_bytes == 5000
    assert found.server.first_s is None


def test_sequence_numbers_wrap_within_a_download(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.server.isn = (1 << 32) - 2500
    exchange.open()
    for number in range(5):
        exchange.s(0.1 + 0.001 * number, 1 + 1000 * number, 1, 1000)
        exchange.c(0.1 + 0.001 * number, 1, 1001 + 1000 * number)
    server = exchange.connection(tmp_path).server
    assert (server.payload_bytes, server.acked_bytes) == (5000, 5000)
    assert not server.retransmissions and not server.out_of_order_frames
    assert server.missing_bytes == server.unseen_acked_bytes == 0


raw_segments = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([0, 1, 100, 101, 5000, (1 << 31) + 7, (1 << 32) - 1]),
        st.sampled_from([0, 1, 100, 101, 5000, (1 << 31) + 7, (1 << 32) - 1]),
        st.integers(0, 511),
        st.binary(max_size=9),
        st.sampled_from([0, 1, 65535]),
        st.binary(max_size=24),
        st.integers(-1000, 1000),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(raw_segments)
def test_no_sequence_of_segments_upsets_it(
    lines: list[tuple[bool, int, int, int, bytes, int, bytes, int]],
) -> None:
    frames = []
    for forth, seq, ack, flags, data, window, options, at in lines:
        ends = (CLIENT, SERVER, 40000, 443) if forth else (SERVER, CLIENT, 443, 40000)
        packet = segment(*ends[2:], seq, ack, flags & 255, data, window=window, options=options)
        frames.append((1e9 + at / 50, ip(*ends[:2], 6, packet)))
    capture = files.open(BytesIO(pcap(frames)))
    for stream, found in enumerate(tcp.connections(capture)):
        assert found.stream == stream
        assert sorted(found.rows.tolist()) == found.rows.tolist()
        _check(found, len(frames))
        for side in Side:
            whole = byte_stream(capture, found, side)
            assert whole.contiguous <= whole.end
            assert len(whole.read(0, 1 << 40)) == whole.contiguous


def _check(found: Connection, count: int) -> None:
    """What must hold for any connection."""
    assert len(found.rtt.time_s) == len(found.rtt.rtt_s) == len(found.rtt.bytes_in_flight)
    assert (found.rtt.rtt_s >= 0).all() and (found.client_rtt.rtt_s >= 0).all()
    for half in (found.client, found.server):
        marked = [r.frame for r in half.retransmissions]
        assert not set(marked) & set(half.out_of_order_frames)
        for frames in (marked, half.keep_alive_frames, half.duplicate_ack_frames):
            assert list(frames) == sorted(set(frames))
            assert all(1 <= frame <= count for frame in frames)
        amounts = (half.payload_bytes, half.acked_bytes, half.unseen_acked_bytes)
        assert all(amount >= 0 for amount in (*amounts, half.missing_bytes))
        assert half.unseen_acked_bytes <= half.acked_bytes


def test_a_port_scan_costs_the_same_for_every_port(tmp_path: Path) -> None:
    packets = [
        ip(CLIENT, SERVER, 6, struct.pack("!HHIIBBHHH", 40000, port, 7, 0, 0x50, SYN, 9, 0, 0))
        for port in range(1, 20_001)
    ]
    path = write_pcap(tmp_path / "scan.pcap", [(i * 1e-4, p) for i, p in enumerate(packets)])
    with files.open(path) as capture:
        begun = time.process_time()
        found = tcp.connections(capture)
        spent_s = time.process_time() - begun
    assert [c.stream for c in found] == list(range(20_000))
    assert {c.state for c in found} == {"S0"}
    # 1.2 s on the slowest machine it was tried on; more than linear growth would take minutes.
    assert spent_s < 30


def test_a_flood_of_resets(tmp_path: Path) -> None:
    exchange = Exchange().open()
    for number in range(3000):
        exchange.s(0.1 + number * 1e-5, 1 + number, 1, flags=RST, stamped=False)
    assert len(exchange.connection(tmp_path).resets) == 3000


def test_nothing_to_see(tmp_path: Path) -> None:
    with files.open(write_pcap(tmp_path / "empty.pcap", [])) as capture:
        assert tcp.connections(capture) == ()
