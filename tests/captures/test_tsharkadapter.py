"""tshark as a process: what it is given, what it says, and everything it can do wrong."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from captures import files, tsharkadapter
from captures.tsharkadapter import Segment, TsharkFailed, TsharkMissing, dissect

SEGMENTS = (
    Segment(0, True, b"hello"),
    Segment(0, False, b"x" * 130_000),
    Segment(7, True, b"other"),
)

Fake = Callable[[str], None]


@pytest.fixture
def tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a shell script in tshark's place."""

    def install(script: str) -> None:
        path = tmp_path / "tshark"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(tsharkadapter, "find_program", lambda *_: str(path))

    return install


def told(frame: object, **layers: object) -> str:
    line = json.dumps({"layers": {"frame_number": [frame], **layers}})
    return f"echo '{line}'"


def run(segments: Iterable[Segment] = SEGMENTS) -> list[tuple[int, dict[str, list[str]]]]:
    return list(dissect(segments, b"CLIENT_RANDOM 00 11\n", ("http2.type", "data.data")))


def test_answers_name_segments_not_packets(tshark: Fake) -> None:
    """The second segment took three packets, for IP has room for 64 KiB."""
    tshark("\n".join(told(str(n), http2_type=[str(n)]) for n in range(1, 6)))
    assert [(number, found["http2.type"]) for number, found in run()] == [
        (0, ["1"]),
        (1, ["2"]),
        (1, ["3"]),
        (1, ["4"]),
        (2, ["5"]),
    ]


def test_what_tshark_is_given(tshark: Fake, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    tshark(f'cp "$3" {kept}; ls -l "$3" > {tmp_path}/mode; env > {tmp_path}/env')
    assert run() == []
    with files.open(kept) as capture:
        table = capture.table
        assert capture.secrets == (b"CLIENT_RANDOM 00 11\n",)
        assert table.payload_length.tolist() == [5, 60_000, 60_000, 10_000, 5]
        assert table.seq.tolist() == [1, 1, 60_001, 120_001, 1]
        assert table.ack.tolist() == [1, 6, 6, 6, 1]
        ports = zip(table.source_port.tolist(), table.destination_port.tolist(), strict=True)
        assert list(ports) == [(50_000, 443), *[(443, 50_000)] * 3, (50_007, 443)]
        assert capture.payload(0) + capture.payload(4) == b"helloother"
        assert capture.cut_reason is None and not capture.notes
    assert (tmp_path / "mode").read_text().startswith("-rw-------")
    assert f"WIRESHARK_CONFIG_DIR={os.environ['HOME']}" not in (tmp_path / "env").read_text()


def test_nothing_is_left_behind(
    tshark: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    tshark("exit 3")
    with pytest.raises(TsharkFailed):
        run()
    assert {p.name for p in set(tmp_path.iterdir()) - before} <= {"tshark"}


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        '{"index":{"_index":"packets-2024"}}',
        "[]",
        "null",
        '{"layers":[]}',
        '{"layers":{"frame_number":[]}}',
        '{"layers":{"frame_number":["x"],"http2_type":["1"]}}',
        '{"layers":{"frame_number":["1"]}}',
        '{"layers":{"frame_number":["1"],"unasked":["1"]}}',
        '{"layers":{"frame_number":["1"],"http2_type":5}}',
        '{"layers":{"frame_number":["0"],"http2_type":["1"]}}',
        '{"layers":{"frame_number":["-1"],"http2_type":["1"]}}',
        '{"layers":{"frame_number":["999"],"http2_type":["1"]}}',
        "[" * 100_000,
    ],
)
def test_lines_that_make_no_sense_are_passed_over(tshark: Fake, tmp_path: Path, line: str) -> None:
    output = tmp_path / "output"
    output.write_bytes(line.encode() + b"\n\xff\xfe\n")
    tshark(f"cat {output}\n{told('1', http2_type=['4'])}")
    assert run() == [(0, {"http2.type": ["4"]})]


def test_without_tshark_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsharkadapter, "find_program", lambda *_: None)
    with pytest.raises(TsharkMissing) as caught:
        run()
    assert "apt install tshark" in caught.value.hint


def test_a_failure_is_told_in_its_words(tshark: Fake) -> None:
    tshark("echo 'Running as user \"root\"' >&2; echo 'tshark: no such field' >&2; exit 1")
    with pytest.raises(TsharkFailed, match=r"^tshark failed: tshark: no such field$"):
        run()


def test_a_failure_comes_after_what_could_be_had(tshark: Fake) -> None:
    tshark(told("1", http2_type=["4"]) + "; kill -9 $$")
    answers = dissect(SEGMENTS, b"", ("http2.type",))
    assert next(answers) == (0, {"http2.type": ["4"]})
    with pytest.raises(TsharkFailed, match="exit status -9"):
        next(answers)


def test_one_that_does_not_end_is_stopped(tshark: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsharkadapter, "TIMEOUT_S", 0.2)
    tshark(told("1", http2_type=["4"]) + "; exec sleep 60")
    with pytest.raises(TsharkFailed, match="stopped after 0 s"):
        run()


def test_one_that_says_too_much_is_stopped(tshark: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsharkadapter, "MAX_OUTPUT", 1 << 20)
    tshark("exec yes")
    with pytest.raises(TsharkFailed, match="1 MiB of output"):
        run()


def test_one_that_cannot_be_run_has_failed(tshark: Fake, tmp_path: Path) -> None:
    tshark("")
    (tmp_path / "tshark").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(TsharkFailed, match="tshark cannot be run"):
        run()


def test_no_room_for_its_input_is_told(
    tshark: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tshark("exit 0")
    monkeypatch.setattr(
        tsharkadapter, "create_private", lambda _: os.open("/dev/full", os.O_WRONLY)
    )
    with pytest.raises(TsharkFailed, match="cannot be written: No space left"):
        run()
