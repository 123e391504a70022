"""IPv6 that is configured but carries nothing."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import SERVER, Part, facts, fetched, icmp, resolved, unconnected

CODE = "path.ipv6_broken"
SIX = "2001:db8::7"


def tries(*at_s: float) -> list[Part]:
    """Downloads that begin at these times, each over IPv6 first."""
    parts: list[Part] = []
    for number, start_s in enumerate(at_s):
        parts.append(unconnected(start_s, stream=2 * number, address=SIX))
        parts += fetched(2 * number + 1, start_s + 0.3)
    return parts


def test_every_connection_waits_for_the_fallback() -> None:
    capture = facts(resolved(SIX, SERVER), tries(0.1, 2.0, 4.0), duration_s=6.0)
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s == pytest.approx(0.9)
    assert root_of(capture) == ("degraded", CODE)


def test_one_lost_syn_shows_nothing() -> None:
    assert not found(CODE, facts(resolved(SIX, SERVER), tries(0.1), duration_s=6.0))


def test_ipv6_that_answers_sometimes_is_not_broken() -> None:
    parts = [*tries(0.1, 2.0), *fetched(4, 4.0, address=SIX)]
    assert not found(CODE, facts(resolved(SIX, SERVER), parts, duration_s=6.0))


def test_a_refusal_by_icmp_costs_no_time() -> None:
    refused = [icmp(0.11, "2001:db8::1", stream=0), icmp(2.01, "2001:db8::1", stream=2)]
    parts = [*tries(0.1, 2.0), *refused]
    assert not found(CODE, facts(resolved(SIX, SERVER), parts, duration_s=6.0))


def test_without_ipv4_that_works_the_address_is_to_blame() -> None:
    parts = [unconnected(0.1, 1.1, 3.1, address=SIX)]
    assert not found(CODE, facts(resolved(SIX), parts, duration_s=30.0))
