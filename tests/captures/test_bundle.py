"""`captures.bundle`: the directory is private, empty and has room, or it is refused."""

from __future__ import annotations

import errno
import os
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from captures import bundle
from captures.errors import BadDirectory, DiskFull

_Usage = namedtuple("_Usage", "total used free")


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    assert bundle.create(directory) is True
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_an_empty_directory_becomes_private_and_stays(tmp_path: Path) -> None:
    directory = tmp_path / "a"
    directory.mkdir(mode=0o755)
    assert bundle.create(directory) is False
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    (directory / "capture.pcapng").touch()
    bundle.discard(directory, is_new=False)
    assert list(directory.iterdir()) == []
    bundle.discard(directory, is_new=True)
    assert not directory.exists()


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(BadDirectory, match="is not empty"):
        bundle.create(tmp_path)
    with pytest.raises(BadDirectory, match="cannot write to"):
        bundle.create(tmp_path / "x")
    assert (tmp_path / "x").exists()


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage(1, 1, 1000))
    with pytest.raises(DiskFull):
        bundle.create(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert bundle.is_full(tmp_path)


def test_errors_say_who_must_act(tmp_path: Path) -> None:
    full = bundle.cannot_write(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(full, DiskFull)
    assert isinstance(bundle.cannot_write(tmp_path, OSError(errno.EROFS, "x")), BadDirectory)


def test_names_tell_the_time() -> None:
    assert bundle.default_directory().name.startswith("badhop-capture-20")


def test_the_caller_of_sudo_gets_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(
        os, "chown", lambda path, user, group, **_: given.append((path.name, user, group))
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "x").touch()
    bundle.hand_over(tmp_path)
    assert given == []
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setenv("SUDO_GID", "1001")
    bundle.hand_over(tmp_path)
    assert given == [("x", 1000, 1001), (tmp_path.name, 1000, 1001)]
