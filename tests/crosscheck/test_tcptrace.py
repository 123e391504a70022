"""Every difference from tcptrace has a reason."""

from __future__ import annotations

import shutil

import pytest

from tests.corpus import needs_corpus
from tests.crosscheck import tcptrace
from tests.crosscheck.corpus import lab

needs_programs = pytest.mark.skipif(
    not (shutil.which("tcptrace") and shutil.which("tshark")),
    reason="install tcptrace and tshark to compare with tcptrace",
)


def unexplained(ways: list[tcptrace.Way]) -> list[str]:
    """What differs for no reason that is known."""
    return [
        f"{way.capture} stream {way.connection.stream} port {way.half.port}: {d.quantity} "
        f"{d.theirs} and {d.ours}"
        for way in ways
        for d in tcptrace.differences(way)
        if not d.reason
    ]


@needs_corpus
def test_tcptraces_own_baselines() -> None:
    ways = list(tcptrace.baselines())
    assert len(ways) >= 60
    assert unexplained(ways) == []
    differing = [d for way in ways for d in tcptrace.differences(way)]
    assert len(differing) < 0.03 * sum(len(way.theirs) for way in ways)


@needs_programs
def test_tcptrace_on_the_labs_captures() -> None:
    ways = [way for path in lab() for way in tcptrace.run(path)]
    assert len(ways) > 200
    assert {q for way in ways for q in way.theirs} >= {"rexmt data pkts", "RTT min", "RTT max"}
    assert unexplained(ways) == []
