"""Captures that lost packets themselves."""

from __future__ import annotations

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, healthy, only, place
from tests.factories import CLIENT, SERVER, facts, fetched, resolved, sent

CODE = "capture.incomplete"


def test_acknowledged_bytes_that_never_appear() -> None:
    server = sent(90_000, 0.2, 0.9) | {"payload_bytes": 86_000, "unseen_acked_bytes": 4000}
    capture = facts(resolved(SERVER), fetched(server=server))
    finding = only(CODE, capture)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert finding.impact_s == 0.0
    healthy(capture)


def test_packets_that_the_tool_says_it_lost() -> None:
    finding = only(CODE, facts(resolved(SERVER), fetched(), packets=10_000, dropped=300))
    assert "300" in finding.evidence[0].text


def test_a_lost_packet_in_a_million_is_nothing() -> None:
    assert not found(CODE, facts(resolved(SERVER), fetched(), packets=1_000_000, dropped=1))
