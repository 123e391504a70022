"""The captures that speed is measured on are valid ones, and hold what they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzers
import captures
from analyzers.facts import Facts, Outcome
from tests.bench import traffic


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Facts]:
    """Packets written, and the facts of what was read again."""
    path = tmp_path_factory.mktemp("bench") / "downloads.pcap"
    written = traffic.write(path, 0.02, body=1_200_000)
    with captures.open(path) as capture:
        return written, analyzers.extract(capture)


def test_every_packet_is_read(downloads: tuple[int, Facts]) -> None:
    written, facts = downloads
    assert facts.capture.packets == written
    assert facts.capture.cut is None
    assert facts.capture.unsupported_packets == 0


def test_every_download_succeeds(downloads: tuple[int, Facts]) -> None:
    _, facts = downloads
    assert len(facts.connections) == len(facts.handshakes) == len(facts.lookups) == 7
    assert {c.state for c in facts.connections} == {"SF"}
    assert all(h.completed and h.client_hello and h.client_hello.is_go for h in facts.handshakes)
    assert [a.outcome for a in facts.attempts if a.stream is not None] == [Outcome.SUCCEEDED] * 7


def test_segments_are_lost_and_repaired(downloads: tuple[int, Facts]) -> None:
    _, facts = downloads
    servers = [c.server for c in facts.connections]
    again = [r for half in servers for r in half.retransmissions]
    share = sum(r.loss == "before_capture" for r in again) / sum(s.data_packets for s in servers)
    assert traffic.LOSS / 2 < share < traffic.LOSS * 2
    assert {str(r.kind) for r in again} >= {"fast", "timeout", "spurious"}
    assert not any(half.missing_bytes or half.unseen_acked_bytes for half in servers)
    assert any(c.client.duplicate_ack_frames for c in facts.connections)
    assert any(c.client.dsack_frames for c in facts.connections)


def test_short_records_tell_the_same_tcp(tmp_path: Path) -> None:
    kept = []
    for name, snaplen in (("whole", 262_144), ("heads", 96)):
        traffic.write(tmp_path / name, 0.01, snaplen, 100_000)
        with captures.open(tmp_path / name) as capture:
            facts = analyzers.extract(capture)
        kept.append([(c.state, c.history, c.server.payload_bytes) for c in facts.connections])
    assert kept[0] == kept[1]
