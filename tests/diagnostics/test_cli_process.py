"""The command as a process: pipes, closed pipes, odd encodings, start-up time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-c", "from diagnostics.cli import main; main()"]
HELP_LIMIT_S = 0.5
"""The goal is 0.2 s; a loaded machine gets more. numpy or scapy alone would cost as much."""


def run(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_help_is_quick() -> None:
    def once() -> float:
        started = time.perf_counter()
        assert run("--help").returncode == 0
        return time.perf_counter() - started

    assert min(once() for _ in range(3)) < HELP_LIMIT_S


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "--json"]])
def test_a_reader_that_goes_away_ends_it_quietly(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(write)
    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["rules"], ["--help"], ["rule", "tls.expired"]])
def test_a_full_disk_is_one_line(arguments: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"badhop: No space left on device\n"


def test_a_closed_standard_output_is_no_defect() -> None:
    shell = f'exec "{sys.executable}" -c "{COMMAND[2]}" rules >&-'
    done = subprocess.run(["/bin/sh", "-c", shell], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""


def test_what_the_terminal_cannot_encode_is_escaped() -> None:
    done = run("rule", "tls.größe東", PYTHONIOENCODING="latin-1")
    assert done.returncode == 2
    assert "größe\\u6771".encode("latin-1") in done.stderr


def test_what_is_no_capture_is_refused_in_one_line() -> None:
    done = run("diagnose", "-", stdin=b"#!/bin/sh\necho no\n")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"badhop: standard input is no capture")
    assert b"Traceback" not in done.stderr


def test_a_directory_without_a_capture_is_refused(tmp_path: Path) -> None:
    done = run("diagnose", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(b"badhop: ")
    assert len(done.stderr.splitlines()) == 2
