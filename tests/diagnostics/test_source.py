"""What a command-line argument means: a file, a recording's directory, standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from captures import session
from captures.errors import UnreadableCapture
from diagnostics.source import facts_of, locate
from tests.packets import ACK, SYN, ip, tcp, write_pcap

RECORDED = session.Session(command=("go", "mod", "download"), exit_code=1)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A directory as `badhop capture` leaves it, with one handshake."""
    frames = [
        (0.00, ip("10.1.0.1", "10.3.0.2", 6, tcp(40000, 443, 100, 0, SYN))),
        (0.01, ip("10.3.0.2", "10.1.0.1", 6, tcp(443, 40000, 500, 101, SYN | ACK), ttl=61)),
        (0.02, ip("10.1.0.1", "10.3.0.2", 6, tcp(40000, 443, 101, 501, ACK))),
    ]
    write_pcap(tmp_path / session.CAPTURE_NAME, frames)
    session.save(RECORDED, tmp_path / session.SESSION_NAME)
    return tmp_path


def test_a_directory_means_its_capture_and_its_session(bundle: Path) -> None:
    capture, recorded = locate(str(bundle))
    assert capture == bundle / "capture.pcapng"
    assert recorded == RECORDED


def test_a_file_alone_means_the_packets_alone(bundle: Path) -> None:
    capture = bundle / "capture.pcapng"
    assert locate(str(capture)) == (capture, None)


def test_a_directory_may_lack_its_session(bundle: Path) -> None:
    (bundle / "session.json").unlink()
    assert locate(str(bundle)) == (bundle / "capture.pcapng", None)


def test_a_directory_without_a_capture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCapture, match=r"a directory without a capture\.pcapng") as caught:
        locate(str(tmp_path))
    assert "badhop capture" in caught.value.hint


def test_a_dash_is_standard_input() -> None:
    assert locate("-") == (Path("-"), None)


def test_facts_of_a_bundle(bundle: Path) -> None:
    facts = facts_of(str(bundle))
    assert facts.capture.packets == 3
    assert len(facts.connections) == 1
    assert facts.session == RECORDED


def test_what_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCapture):
        facts_of(str(tmp_path / "missing.pcap"))
