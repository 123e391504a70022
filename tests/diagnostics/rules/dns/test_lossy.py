"""Queries that are lost and asked again, and what has another reason."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    SERVER,
    facts,
    fetched,
    frame_at,
    question,
    resolved,
    response,
    unanswered,
)

CODE = "dns.lossy"
RETRIED = question([0.0, 5.0], [response(5.01, SERVER, latency_s=0.01)])
PROMPT = question([0.001], [response(0.012)], qtype="AAAA")


def test_a_lost_query_costs_the_time_out() -> None:
    lossy = facts(RETRIED, PROMPT, fetched(at_s=5.1))
    finding = only(CODE, lossy)
    assert place(finding) == (Role.PATH, None, (0, 3))
    assert finding.impact_s == pytest.approx(5.0, abs=0.05)
    assert {frame_at(0.0), frame_at(5.0), frame_at(5.01)} <= frames(finding)
    assert root_of(lossy) == ("degraded", CODE)


def test_two_parallel_losses_cost_their_time_once() -> None:
    other = question([0.001, 5.001], [response(5.012, latency_s=0.011)], qtype="AAAA")
    finding = only(CODE, facts(RETRIED, other, fetched(at_s=5.1)))
    assert finding.impact_s == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(resolved(SERVER), id="nothing lost"),
        pytest.param(unanswered(0.0, 5.0), id="never answered"),
        pytest.param((question([0.0, 0.3], [response(0.31, SERVER)]),), id="asked twice at once"),
        pytest.param(
            (question([0.0, 5.0], [response(7.5, SERVER, latency_s=7.5)]),), id="slow, not lost"
        ),
        pytest.param(
            (question([0.0, 1.0], [response(1.05, SERVER), response(1.06, SERVER)]),),
            id="each copy answered",
        ),
    ],
)
def test_other_repetitions_are_not_loss(asked: tuple[DnsExchange, ...]) -> None:
    assert not found(CODE, facts(asked, fetched(at_s=8.0)))


def test_loss_does_not_explain_a_download_that_failed_later() -> None:
    refused = facts(
        RETRIED,
        PROMPT,
        fetched(at_s=5.1),
        resolved(at_s=8.0, rcode="NXDOMAIN", name="sum.example.org"),
    )
    assert root_of(refused) == ("failed", "dns.nxdomain")
