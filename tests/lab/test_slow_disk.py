"""The slow file system itself: it keeps what is written, it is slow, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.netns import REPOSITORY
from tests.lab.requirements import missing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

_USE = """
import os, pathlib, shutil, sys
here = pathlib.Path(sys.argv[1])
assert (here / "before").read_text() == "kept"
(here / "a/b").mkdir(parents=True)
(here / "a/b/large").write_bytes(bytes(range(256)) * 4096)
(here / "a/b").rename(here / "moved")
large = here / "moved/large"
assert large.read_bytes() == bytes(range(256)) * 4096
large.chmod(0o400)
os.truncate(large, 1000)
assert (large.stat().st_mode & 0o777, large.stat().st_size) == (0o400, 1000)
shutil.copytree(here / "moved", here / "copy")
shutil.rmtree(here / "a")
(here / "before").unlink()
assert sorted(p.name for p in here.iterdir()) == ["copy", "moved"]
"""
_TIME = """
import pathlib, sys, time
def took(path):
    start = time.monotonic()
    for number in range(10):
        (pathlib.Path(path) / str(number)).mkdir()
    return time.monotonic() - start
print(took(sys.argv[1]), took(sys.argv[2]))
"""
_WRITE = """
import pathlib, sys, time
with (pathlib.Path(sys.argv[1]) / "file").open("wb", buffering=0) as file:
    for number in range(10):
        start = time.monotonic()
        file.write(bytes(10_000))
        print(time.monotonic() - start)
"""


def _run(directory: Path, script: str, *words: str, **order: float) -> str:
    wanted = {"directory": str(directory), "operation_ms": 0, "still_after_kb": 0, "still_s": 0}
    python = (sys.executable, "-c", script, str(directory), *words)
    done = subprocess.run(
        (sys.executable, "-m", "tests.lab.nodes.slow_disk", json.dumps(wanted | order), *python),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_it_keeps_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "before").write_text("kept")
    _run(tmp_path, _USE)
    assert (tmp_path / "copy/large").read_bytes() == (bytes(range(256)) * 4096)[:1000]


def test_its_operations_take_time_and_those_beside_it_none(tmp_path: Path) -> None:
    slow, fast = tmp_path / "slow", tmp_path / "fast"
    slow.mkdir()
    fast.mkdir()
    inside_s, outside_s = map(float, _run(slow, _TIME, str(fast), operation_ms=20).split())
    assert inside_s >= 10 * 0.02
    assert outside_s < inside_s / 2
    assert len(list(slow.iterdir())) == 10


def test_it_stands_still_once(tmp_path: Path) -> None:
    took_s = [float(line) for line in _run(tmp_path, _WRITE, still_after_kb=45, still_s=1).split()]
    assert [took > 0.9 for took in took_s] == [number == 4 for number in range(10)]


def test_nobody_else_sees_it_and_nothing_remains_of_it(tmp_path: Path) -> None:
    look = "import pathlib, sys; print('slow' in pathlib.Path('/proc/self/mounts').read_text())"
    assert _run(tmp_path, look).strip() == "True"
    assert "fuse.slow" not in Path("/proc/self/mounts").read_text()
    assert not list(tmp_path.iterdir())
