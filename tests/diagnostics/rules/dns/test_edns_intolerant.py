"""Servers that fail queries for their OPT record, and failures that have nothing to do with it."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    RESOLVER,
    SERVER,
    facts,
    frame_at,
    query,
    question,
    resolved,
    response,
    unanswered,
)

CODE = "dns.edns_intolerant"
PLAIN = question(
    [query(2.0, edns=None)], [response(2.01, SERVER, has_edns=False)], name="other.example"
)


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
def test_queries_that_nobody_understands(rcode: str) -> None:
    intolerant = facts(resolved(rcode=rcode))
    finding = only(CODE, intolerant)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert frame_at(0.0) in frames(finding)
    assert any(fix.command and "netedns0=0" in fix.command for fix in finding.fix)
    assert root_of(intolerant) == ("failed", CODE)


def test_queries_that_die_where_plain_ones_pass() -> None:
    intolerant = facts(unanswered(0.0, 5.0), PLAIN, duration_s=10.0)
    assert place(only(CODE, intolerant)) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert root_of(intolerant) == ("failed", CODE)


WITHOUT = [query(0.0, edns=None)]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            [question(WITHOUT, [response(0.01, rcode="FORMERR")])], id="FORMERR to a plain query"
        ),
        pytest.param([*unanswered(0.0, 5.0)], id="nothing is answered at all"),
        pytest.param(
            [*unanswered(0.0, 5.0), PLAIN, *resolved(SERVER, at_s=20.0)],
            id="others with EDNS are answered",
        ),
        pytest.param([*resolved(rcode="SERVFAIL"), PLAIN], id="SERVFAIL says nothing of the query"),
        pytest.param(
            [*resolved(rcode="FORMERR"), *resolved(SERVER, at_s=0.02, server="192.0.2.54")],
            id="the next server answers",
        ),
    ],
)
def test_other_failures(asked: list[DnsExchange]) -> None:
    assert not found(CODE, facts(asked, duration_s=30.0))
