"""Stream numbers: one per pair of endpoints, until a SYN opens the next."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analyzers.flows import rows_by_stream, tcp_streams
from captures import files
from tests.packets import ACK, FIN, RST, SYN, ip, tcp, udp, write_pcap

A, B = "192.0.2.1", "192.0.2.2"


def there(port: int, seq: int, ack: int, flags: int, data: bytes = b"") -> bytes:
    """A segment from A to port 443 of B."""
    return ip(A, B, 6, tcp(port, 443, seq, ack, flags, data))


def back(port: int, seq: int, ack: int, flags: int, data: bytes = b"") -> bytes:
    """A segment from port 443 of B to A."""
    return ip(B, A, 6, tcp(443, port, seq, ack, flags, data))


#: Packets, and their streams as Wireshark 4.0.17 numbers them.
CASES = {
    "both directions are one stream": (
        [there(1, 10, 0, SYN), back(1, 70, 11, SYN | ACK), there(1, 11, 71, ACK)],
        [0, 0, 0],
    ),
    "a repeated SYN opens nothing": ([there(1, 10, 0, SYN), there(1, 10, 0, SYN)], [0, 0]),
    "the same number after a refusal is the same stream": (
        [there(1, 10, 0, SYN), back(1, 0, 11, RST | ACK), there(1, 10, 0, SYN)],
        [0, 0, 0],
    ),
    "another number opens the next stream": (
        [there(1, 10, 0, SYN), there(1, 20, 0, SYN), there(1, 10, 0, SYN)],
        [0, 1, 2],
    ),
    "a SYN of the other side can open it too": (
        [there(1, 10, 0, SYN), back(1, 70, 11, SYN | ACK), back(1, 90, 0, SYN)],
        [0, 0, 1],
    ),
    "simultaneous open is one stream": (
        [there(1, 10, 0, SYN), back(1, 90, 0, SYN), back(1, 90, 11, SYN | ACK)],
        [0, 0, 0],
    ),
    "data just above the SYN's number may come before it": (
        [there(1, 51, 9, ACK, b"x"), there(1, 50, 0, SYN)],
        [0, 0],
    ),
    "an ACK tells the other side's number": (
        [back(1, 9, 51, ACK, b"y"), there(1, 50, 0, SYN), there(1, 51, 0, SYN)],
        [0, 0, 1],
    ),
    "a SYN-ACK changes its side's number": (
        [
            back(1, 7, 11, SYN | ACK),
            back(1, 77, 11, SYN | ACK),
            back(1, 77, 0, SYN),
            back(1, 7, 0, SYN),
        ],
        [0, 0, 0, 1],
    ),
    "streams are numbered in order of appearance": (
        [there(9, 1, 0, SYN), there(3, 1, 0, SYN), back(9, 5, 2, FIN), there(3, 8, 0, SYN)],
        [0, 1, 0, 2],
    ),
    "only TCP with a whole header counts": (
        [
            ip(A, B, 17, udp(1, 2)),
            there(1, 10, 0, SYN),
            ip(A, B, 6, b"\0\1\1\xbb" + b"\0" * 8),
            ip(A, B, 6, b"later fragment of something", fragment_offset=800),
        ],
        [-1, 0, -1, -1],
    ),
    "nothing at all": ([], []),
}


@pytest.mark.parametrize("name", CASES)
def test_streams(name: str, tmp_path: Path) -> None:
    packets, expected = CASES[name]
    path = write_pcap(tmp_path / "streams.pcap", [(i * 0.01, p) for i, p in enumerate(packets)])
    with files.open(path) as capture:
        assert tcp_streams(capture.table).tolist() == expected


@pytest.mark.skipif(shutil.which("tshark") is None, reason="install tshark to compare with it")
@pytest.mark.parametrize("name", CASES)
def test_wireshark_agrees(name: str, tmp_path: Path) -> None:
    packets, expected = CASES[name]
    path = write_pcap(tmp_path / "streams.pcap", [(i * 0.01, p) for i, p in enumerate(packets)])
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "tcp.stream"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [int(line or -1) for line in shown.split("\n")[:-1]] == expected


def test_rows_by_stream_keeps_file_order(tmp_path: Path) -> None:
    packets = [there(p, i, 0, ACK) for i, p in enumerate((5, 6, 5, 7, 6, 5))]
    path = write_pcap(tmp_path / "rows.pcap", [(0.0, p) for p in packets])
    with files.open(path) as capture:
        rows = rows_by_stream(tcp_streams(capture.table))
    assert [rows.of(s).tolist() for s in range(len(rows))] == [[0, 2, 5], [1, 4], [3]]
