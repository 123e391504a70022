"""What two captures say together, on conversations made by hand."""

from __future__ import annotations

import pytest

from diagnostics.between.bracket import names
from diagnostics.between.place import Where
from diagnostics.between.verdict import Judged, judge
from diagnostics.verdict import Outcome, Role
from tests.analyzers.vantage.twopoints import Path, Talk, compared, download, files, of
from tests.packets import ACK, PSH, SYN, pcap

GET = b"GET /example.org/m/@v/v1.0.0.zip HTTP/1.1\r\nHost: proxy.example\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"


def judged(*talks: Talk) -> Judged:
    return judge(of(*talks))


STRAIGHT = Path()


def interrupted(path: Path = STRAIGHT) -> Talk:
    """A download over plain HTTP that stops in the middle of its body."""
    talk = Talk(path, server_port=80).open()
    talk.send(0, GET, flags=ACK | PSH)
    talk.send(1, HEAD + talk.fresh(900))
    talk.send(0)
    return talk


@pytest.mark.parametrize("nat", [False, True])
def test_a_reset_that_the_server_never_sent_is_injected_between(nat: bool) -> None:
    # Given a RST that looks in every way like the server's own
    talk = interrupted(Path(nat=nat))
    talk.reset(1, seen="near")
    talk.now_s += 1.0
    talk.send(1, talk.fresh(100), seen="far")
    # When both points are compared
    found = judged(talk)
    # Then it is known to be forged, and where
    root = found.verdict.root_cause
    assert root is not None
    assert root.cause == "tcp.reset_injected"
    assert root.hop.role is Role.MIDDLEBOX
    assert root.hop.distance is not None and root.hop.distance[1] <= 3
    assert found.where is Where.BETWEEN
    assert root.confidence >= 0.95
    assert "near" not in root.summary or root.summary.count("between") == 1


def test_a_reset_that_passed_both_points_stays_the_servers() -> None:
    talk = interrupted()
    talk.reset(1)
    found = judged(talk)
    root = found.verdict.root_cause
    assert root is not None
    assert root.cause == "tcp.reset_by_server"
    assert root.hop.role is Role.SERVER
    assert found.where is Where.BEYOND


def test_a_far_capture_that_loses_packets_proves_no_forgery() -> None:
    # Given a far capture that missed data which the client acknowledged past it
    talk = interrupted()
    talk.send(1, talk.fresh(900), seen="near")
    talk.send(0)
    talk.reset(1, seen="near")
    talk.now_s += 1.0
    talk.send(1, seen="far")
    found = judged(talk)
    # Then the reset may have been missed as well
    root = found.verdict.root_cause
    assert root is not None
    assert root.cause == "tcp.reset_by_server"
    assert found.where is None


def test_a_refusal_that_never_passed_the_far_point_is_not_the_servers() -> None:
    good = interrupted()
    blocked = Talk(Path(), server_port=80, client_port=40077, seed=9, start_s=1.0)
    blocked.send(0, flags=SYN, seen="near")
    blocked.reset(1, seen="near")
    good.now_s = 4.0
    good.send(1, good.fresh(900))
    good.reset(1, seen="far")
    found = judged(good, blocked)
    # It is another connection than the download's, so its failure is background.
    causes = {f.cause for f in (*found.verdict.findings, *found.verdict.background)}
    assert "tcp.reset_injected" in causes and "tcp.refused" not in causes


def test_nothing_in_common_is_inconclusive_and_says_so() -> None:
    near, _ = files([download(seed=1)])
    _, far = files([download(seed=2)])
    found = judge(compared(near, far))
    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert found.verdict.root_cause is None
    assert found.verdict.exit_status == 3
    assert "no connection in common" in (found.verdict.reason or "")


def test_empty_captures_are_inconclusive() -> None:
    found = judge(compared(pcap([]), pcap([])))
    assert found.verdict.exit_status == 3


def test_the_same_file_twice_gets_the_verdict_of_one() -> None:
    talk = interrupted()
    talk.reset(1)
    near, _ = files([talk])
    found = judge(compared(near, near))
    assert found.verdict.root_cause is not None
    assert found.where is None
    assert any("same point" in note for note in found.verdict.notes)


def test_files_are_named_as_shortly_as_tells_them_apart() -> None:
    from dataclasses import replace

    comparison = of(download()).comparison
    pairs = {
        ("a/near.pcap", "a/far.pcap"): ("near.pcap", "far.pcap"),
        ("x/one/c.pcapng", "x/two/c.pcapng"): ("one/c.pcapng", "two/c.pcapng"),
        ("c.pcapng", "c.pcapng"): ("c.pcapng", "c.pcapng"),
        ("-", "c.pcapng"): ("-", "c.pcapng"),
        ("", ""): ("", ""),
    }
    for (near, far), wanted in pairs.items():
        assert names(replace(comparison, near_file=near, far_file=far)) == wanted
