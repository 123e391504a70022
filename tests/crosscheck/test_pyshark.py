"""Every frame says to badhop what it says to somebody who opens the capture in Wireshark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import captures

SAMPLES = Path(__file__).parents[2] / "samples"
#: Both IP versions, a router's captures, UDP, ICMP errors, repeats, forged packets.
CAPTURES = (
    "dns.forged-basic/capture.pcapng",
    "healthy-ipv6/capture.pcapng",
    "path.mtu_blackhole-handshake/capture.pcapng",
    "tcp.reset_injected-pair-nat/far.pcapng",
    "tcp.unreachable-host-transit/capture.pcapng",
    "tls.chain_incomplete-basic/capture.pcapng",
)
#: Nine bits; what lies above them in Wireshark's field is reserved.
FLAGS = 0x1FF

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="install tshark, which pyshark runs"
)

Row = tuple[object, ...]


@pytest.mark.parametrize("name", CAPTURES)
def test_frame_by_frame(name: str) -> None:
    path = SAMPLES / name
    theirs = list(_by_pyshark(path))
    assert any(row[2:] for row in theirs)
    assert list(_by_badhop(path)) == theirs


def _by_pyshark(path: Path) -> Iterator[Row]:
    import pyshark

    with pyshark.FileCapture(str(path), keep_packets=False) as frames:
        for frame in frames:
            yield int(frame.number), int(frame.length), *_ip(frame), *_transport(frame)


def _ip(frame: Any) -> Row:
    if "IP" in frame:
        return str(frame.ip.src), str(frame.ip.dst), int(frame.ip.ttl)
    if "IPV6" in frame:
        return str(frame.ipv6.src), str(frame.ipv6.dst), int(frame.ipv6.hlim)
    return ()


def _transport(frame: Any) -> Row:
    if "TCP" not in frame:
        return ()
    tcp = frame.tcp
    ports = int(tcp.srcport), int(tcp.dstport)
    return *ports, int(tcp.seq_raw), int(tcp.ack_raw), int(tcp.flags, 16) & FLAGS, int(tcp.len)


def _by_badhop(path: Path) -> Iterator[Row]:
    with closing(captures.open(path)) as capture:
        table = capture.table
        for row in range(len(table)):
            ip: Row = ()
            if table.version[row]:
                ends = (table.addresses[i] for i in (table.source[row], table.destination[row]))
                ip = (*map(str, ends), int(table.ttl[row]))
            tcp: Row = ()
            if table.protocol[row] == 6:
                columns = (table.source_port, table.destination_port, table.seq, table.ack)
                more = (table.tcp_flags, table.payload_length)
                tcp = tuple(int(column[row]) for column in (*columns, *more))
            yield row + 1, int(table.frame_length[row]), *ip, *tcp
