"""What memory there is for a capture, and the refusal of what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

import captures
from captures import memory
from captures.errors import TooLarge
from captures.memory import PER_PACKET, require, spare
from tests.captures import containers
from tests.captures.containers import Record

MEMINFO = "MemTotal:       24685568 kB\nMemFree:  100 kB\nMemAvailable:    2048 kB\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    (tmp_path / "proc/self/cgroup").write_text("1:cpu:/x\n0::/user/job\n")
    return tmp_path / "proc"


def group(path: Path, limit: str, used: int, cache: int = 0) -> None:
    path.mkdir(parents=True, exist_ok=True)
    (path / "memory.max").write_text(f"{limit}\n")
    (path / "memory.current").write_text(f"{used}\n")
    (path / "memory.stat").write_text(f"anon 5\ninactive_file {cache}\n")


def test_the_kernel_tells_what_is_available(proc: Path, tmp_path: Path) -> None:
    assert spare(proc, tmp_path / "none", None) == 2048 * 1024


def test_the_narrowest_control_group_counts(proc: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups"
    group(groups / "user/job", "max", 10)
    group(groups / "user", "1000000", 400_000, 50_000)
    assert spare(proc, groups, None) == 650_000
    group(groups / "user/job", "100", 300)
    assert spare(proc, groups, None) == 0


def test_a_limit_on_the_address_space_counts(proc: Path, tmp_path: Path) -> None:
    assert spare(proc, tmp_path / "none", 5000) == 5000


def test_where_nothing_tells_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spare(tmp_path, tmp_path, None) is None
    monkeypatch.setattr(memory, "spare_bytes", lambda: None)
    require(1 << 60)


def test_a_capture_that_does_not_fit_is_refused_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some.pcap"
    path.write_bytes(containers.pcap([Record(n, b"\0" * 60) for n in range(30)]))
    monkeypatch.setattr(memory, "spare_bytes", lambda: 40 * PER_PACKET)
    captures.open(path).store.close()
    monkeypatch.setattr(memory, "spare_bytes", lambda: 30 * PER_PACKET)
    with pytest.raises(TooLarge, match="at least 30 packets: more than fits into 0 MB"):
        captures.open(path)


def test_connections_need_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "spare_bytes", lambda: 1 << 30)
    require(1000, 1000)
    with pytest.raises(TooLarge, match="1,000 packets and 100,000 connections"):
        require(1000, 100_000)
