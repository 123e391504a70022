"""The byte store: windows and reads inside, across and outside the file."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from captures.store import WINDOW, ByteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * (WINDOW // 256 + 1))
    return path


def opened(path: Path) -> ByteStore:
    return ByteStore(os.open(path, os.O_RDONLY), path.stat().st_size)


def test_reads_end_with_the_store(path: Path) -> None:
    store = opened(path)
    assert store.read(1, 3) == b"\1\2\3"
    assert store.read(store.size - 2, 10) == b"\xfe\xff"
    assert store.read(store.size, 10) == b""
    assert store.read(-1, 10) == b""
    assert store.read(0, -1) == b""
    store.close()


def test_windows_know_the_last_one(path: Path) -> None:
    store = opened(path)
    first = store.window(0)
    assert (first.length, first.last) == (WINDOW, False)
    last = store.window(WINDOW)
    assert (last.at, last.length, last.last) == (WINDOW, 256, True)
    assert bytes(last.bytes()) == bytes(range(256))
    store.close()


def test_a_file_that_shrinks_ends_early(path: Path) -> None:
    store = opened(path)
    os.truncate(path, 100)
    assert store.window(0).length == 100
    assert (store.window(200).length, store.window(200).last) == (0, True)
    assert len(store.read(50, 100)) == 50
    store.close()


def test_gathers_reach_past_the_end(path: Path) -> None:
    store = opened(path)
    window = store.window(store.size - 4)
    rows = window.gather(np.array([0, 2, 3], dtype=np.int64), 6)
    assert rows.shape == (3, 6)
    assert rows[:, 0].tolist() == [0xFC, 0xFE, 0xFF]
    store.close()


def test_what_was_expected_is_what_is_read(path: Path) -> None:
    store = opened(path)
    first = store.window(0)
    store.expect(WINDOW)
    assert bytes(first.bytes()[-256:]) == bytes(range(256))
    last = store.window(WINDOW)
    assert (last.at, last.length, last.last) == (WINDOW, 256, True)
    assert bytes(last.bytes()) == bytes(range(256))
    store.expect(WINDOW)
    assert bytes(store.window(WINDOW + 3).bytes()[:2]) == b"\3\4"
    store.expect(store.size)
    assert store.window(store.size).length == 0
    store.close()


def test_closing_waits_for_what_is_read_ahead(path: Path) -> None:
    store = opened(path)
    store.expect(0)
    store.close()
    store.close()


def test_what_cannot_be_read_ahead_fails_when_it_is_asked_for(path: Path) -> None:
    file = os.open(path, os.O_WRONLY)
    store = ByteStore(file, path.stat().st_size)
    store.expect(0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        store.window(0)
    store.close()


def test_without_threads_it_is_read_when_asked_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refused)
    store = opened(path)
    store.expect(WINDOW)
    assert store.window(WINDOW).length == 256
    store.close()
