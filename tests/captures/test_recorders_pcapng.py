"""`captures.recorders.pcapng`: what is written is pcapng, merged by time."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from captures.recorders.pcapng import Packet, PcapngWriter, merge


def write_pcap(path: Path, unit: int, *times: int, cut: int = 0) -> None:
    """Write a native pcap file with one small packet at each time (ns)."""
    magic = 0xA1B2C3D4 if unit == 1000 else 0xA1B23C4D
    content = struct.pack("=IHHiIII", magic, 2, 4, 0, 0, 96, 1)
    for time_ns in times:
        seconds, rest = divmod(time_ns, 1_000_000_000)
        content += struct.pack("=IIII", seconds, rest // unit, 14, 60) + bytes(14)
    path.write_bytes(content[: len(content) - cut])


def packets(path: Path) -> list[tuple[int, int]]:
    """Give interface and time of each packet block, after checking every block's lengths."""
    content, at, found = path.read_bytes(), 0, []
    while at < len(content):
        kind, length = struct.unpack_from("=II", content, at)
        assert length % 4 == 0
        assert struct.unpack_from("=I", content, at + length - 4) == (length,)
        if kind == 6:
            interface, high, low = struct.unpack_from("=III", content, at + 8)
            found.append((interface, (high << 32) + low))
        at += length
    return found


def test_files_are_merged_by_time(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a", 1, 1_000_000_001, 3_000_000_000)
    write_pcap(tmp_path / "b", 1000, 2_000_001_000, 4_000_000_000)
    output = tmp_path / "c.pcapng"
    merge([("eth0", tmp_path / "a"), ("lo", tmp_path / "b")], output, "test", [0, 5])
    assert packets(output) == [
        (0, 1_000_000_001),
        (1, 2_000_001_000),
        (0, 3_000_000_000),
        (1, 4_000_000_000),
    ]


def test_a_cut_file_gives_its_complete_packets(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a", 1, 1, 2, 3, cut=5)
    (tmp_path / "b").touch()
    merge([("x", tmp_path / "a"), ("y", tmp_path / "b")], tmp_path / "c", "test", [])
    assert packets(tmp_path / "c") == [(0, 1), (0, 2)]


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="install capinfos (wireshark-common)")
def test_wireshark_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file, "badhop")
        writer.interface("eth0", 1, 96)
        writer.packet(Packet(1_700_000_000_123_456_789, 0, 60, bytes(15)))
        writer.statistics(0, 1_700_000_000_123_456_789, 7)
    command = ["capinfos", "-M", "-c", "-a", "-d", "-I", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Number of packets:   1" in text
    assert "Name = eth0" in text
    assert ".123456789" in text
