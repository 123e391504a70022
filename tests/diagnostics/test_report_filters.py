"""Evidence becomes a filter that Wireshark takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.report.filters import (
    MAX_TERMS,
    common_filter,
    evidence_filter,
    frame_list,
    joined,
)
from diagnostics.verdict import Evidence
from tests.packets import write_pcap

FRAMES = st.lists(st.integers(1, 10**6), max_size=80).map(tuple)
EVIDENCE = st.builds(Evidence, st.just(""), FRAMES, st.none() | st.integers(0, 10**4))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence("", (12, 15), 2), "tcp.stream eq 2 && frame.number in {12,15}"),
        (Evidence("", (15, 12, 12)), "frame.number in {12,15}"),
        (Evidence("", (3, 4)), "frame.number in {3,4}"),
        (Evidence("", (3, 4, 5, 9)), "frame.number in {3..5,9}"),
        (Evidence("", (), 7), "tcp.stream eq 7"),
        (Evidence("the session says so"), ""),
    ],
)
def test_filter_of_one_piece(evidence: Evidence, expected: str) -> None:
    assert evidence_filter(evidence) == expected


def test_common_filter_joins_frames_and_keeps_a_shared_stream() -> None:
    same = [Evidence("", (12, 15), 2), Evidence("", (16,), 2)]
    assert common_filter(same) == "tcp.stream eq 2 && frame.number in {12,15,16}"
    other = [Evidence("", (1,), None), Evidence("", (16,), 2)]
    assert common_filter(other) == "frame.number in {1,16}"
    whole = [Evidence("", (), 2), Evidence("", (16,), 3), Evidence("no packets")]
    assert common_filter(whole) == "(tcp.stream eq 2) || (tcp.stream eq 3 && frame.number in {16})"
    assert common_filter([]) == ""


def test_pieces_that_say_the_same_are_one() -> None:
    pieces = [Evidence("reset", (5,), 1), Evidence("alert", (6,), 1), Evidence("reset", (9,), 2)]
    assert joined(pieces) == [Evidence("reset", (5, 9), None), Evidence("alert", (6,), 1)]


@given(EVIDENCE)
def test_a_filter_stays_short_and_names_only_given_frames(evidence: Evidence) -> None:
    text = evidence_filter(evidence)
    terms = re.findall(r"\{(.*)\}", text)
    ends = [int(n) for term in terms for n in re.findall(r"\d+", term)]
    assert set(ends) <= set(evidence.frames)
    assert all(term.count(",") < 2 * MAX_TERMS for term in terms)


def test_frames_for_people() -> None:
    assert frame_list((12,)) == "frame 12"
    assert frame_list((12, 15, 16, 17)) == "frames 12, 15-17"
    assert frame_list(tuple(range(1, 40, 2))) == "frames 1, 3, 5, 7, 9, 11 and 14 more"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_accepts_the_filters(tmp_path: Path) -> None:
    pieces = [Evidence("", (12, 15, 20, 21, 22), 2), Evidence("", (), 3)]
    text = common_filter(pieces)
    empty = write_pcap(tmp_path / "empty.pcap", [])
    command = ["tshark", "-r", str(empty), "-Y", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
