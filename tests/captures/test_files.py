"""Opening captures: paths, names, what is refused and how."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

import captures
from captures.errors import UnreadableCapture
from captures.files import open as open_capture
from tests.captures.containers import Record, capture, pcap

RECORDS = [Record(1, b"first"), Record(2, b"second")]
PCAP = pcap(RECORDS, nanoseconds=True)


def refusal(data: bytes) -> str:
    """Return the one line with which these bytes are refused."""
    with pytest.raises(UnreadableCapture) as caught:
        capture(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_path_and_its_name(tmp_path: Path) -> None:
    path = tmp_path / "download.pcap"
    path.write_bytes(PCAP)
    for source in (path, str(path)):
        with captures.open(source) as result:
            assert result.name == str(path)
            assert result.file_size == len(PCAP)
            assert len(result.table) == 2


def test_the_package_imports_without_numpy() -> None:
    code = "import captures, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_closed_capture_can_be_closed_again() -> None:
    result = capture(PCAP)
    result.close()
    result.close()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCapture, match="No such file or directory") as caught:
        open_capture(tmp_path / "none.pcap")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xa1", "is no capture"),
        (b"hello world, this is text", "is no capture"),
        (b"snoop\0\0\0\0\0\0\2\0\0\0\4", "is a Sun snoop file; convert it with editcap"),
        (b"GMBU" + bytes(60), "is a Microsoft Network Monitor capture"),
        (b"\xfd7zXZ\0" + bytes(60), "is compressed with xz"),
        (b"PK\x03\x04" + bytes(60), "is a zip archive"),
        (gzip.compress(b"not packets" * 100), "is no capture"),
        (gzip.compress(b""), "is no capture"),
    ],
)
def test_what_is_no_capture_is_refused_in_one_line(data: bytes, reason: str) -> None:
    assert reason in refusal(data)
