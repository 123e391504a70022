"""Where bytes come from: directories, streams, compressed files, and their bounds."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from pathlib import Path

import pytest

from captures import spool
from captures.errors import CaptureError, UnreadableCapture
from captures.files import open as open_capture
from tests.captures.containers import Record, capture, pcap, pcapng

RECORDS = [Record(1, b"first"), Record(2, b"second")]
PCAP = pcap(RECORDS, nanoseconds=True)
LONG = pcap([Record(number, os.urandom(100)) for number in range(5000)])


@pytest.mark.parametrize("name", ["capture.pcapng", "capture.pcap", "other.pcap.gz"])
def test_a_directory_stands_for_its_capture(tmp_path: Path, name: str) -> None:
    data = pcapng(RECORDS)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    (tmp_path / "session.json").write_text("{}")
    with open_capture(tmp_path) as result:
        assert result.name == str(tmp_path / name)
        assert len(result.table) == 2


def test_a_directory_of_none_or_many_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCapture, match="a directory with no capture"):
        open_capture(tmp_path)
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(PCAP)
    with pytest.raises(UnreadableCapture, match="a directory with 2 captures"):
        open_capture(tmp_path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()

    def feed() -> None:
        os.write(write, PCAP)
        os.close(write)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with open_capture("-") as result:
            assert result.name == "-"
            assert result.table.time_ns.tolist() == [1, 2]
            assert result.frame_bytes(1) == b"second"
    feeder.join()


def test_standard_input_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.pcap").write_bytes(PCAP)
    with (tmp_path / "x.pcap").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with open_capture("-") as result:
            assert len(result.table) == 2


def test_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeder = threading.Thread(target=path.write_bytes, args=(PCAP,))
    feeder.start()
    with open_capture(path) as result:
        assert len(result.table) == 2
    feeder.join()


def test_gzip_in_one_and_several_members() -> None:
    half = len(LONG) // 2
    for data in (
        gzip.compress(LONG),
        gzip.compress(LONG[:half]) + gzip.compress(LONG[half:]),
    ):
        with capture(data) as result:
            assert len(result.table) == 5000
            assert result.file_size == len(LONG)
            assert not result.cut


def test_a_cut_gzip_is_read_up_to_the_cut() -> None:
    with capture(gzip.compress(LONG)[:-3000]) as result:
        assert 4000 < len(result.table) < 5000
        assert result.cut_reason is not None
        assert result.cut_reason.startswith("unpacking stopped: ")


def test_a_damaged_gzip_is_read_up_to_the_damage() -> None:
    data = bytearray(gzip.compress(LONG))
    for at in range(300_000, 300_400):
        data[at] ^= 0xFF
    with capture(bytes(data)) as result:
        assert 0 < len(result.table) <= 5000
        assert result.cut


def test_zstd_in_one_and_several_frames() -> None:
    zstandard = pytest.importorskip("zstandard", reason="needs the zstandard package")
    pack = zstandard.ZstdCompressor().compress
    for data in (pack(LONG), pack(LONG[:9000]) + pack(LONG[9000:])):
        with capture(data) as result:
            assert len(result.table) == 5000
            assert not result.cut
    with capture(pack(LONG)[:-50_000]) as result:
        assert 0 < len(result.table) < 5000
        assert result.cut


def test_zstd_without_a_module_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    with pytest.raises(UnreadableCapture, match="compressed with zstd") as caught:
        capture(b"\x28\xb5\x2f\xfd" + bytes(50))
    assert "zstd -d" in caught.value.hint


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_FREE_RATIO", 1 << 20)
    with pytest.raises(UnreadableCapture, match="unpacks to more than 1 MiB"):
        capture(gzip.compress(PCAP + bytes(8 << 20)))


def test_a_stream_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MAX_SPOOL", 1 << 20)

    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.first = True

        def read(self, size: int = -1) -> bytes:
            first, self.first = self.first, False
            return PCAP + bytes(1000) if first else bytes(size)

    with pytest.raises(CaptureError, match="more than 1 MiB"):
        open_capture(Endless())  # type: ignore[arg-type]
