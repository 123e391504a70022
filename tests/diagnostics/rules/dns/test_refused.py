"""REFUSED for a name that is needed, and answers that come from elsewhere after it."""

from __future__ import annotations

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import (
    RESOLVER,
    SERVER,
    facts,
    fetched,
    question,
    resolved,
    response,
)

CODE = "dns.refused"


def test_a_resolver_that_answers_REFUSED_is_the_hop() -> None:
    failed = facts(resolved(rcode="REFUSED", took_s=0.3), resolved(rcode="REFUSED", at_s=0.31))
    finding = only(CODE, failed)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert finding.evidence[0].frames
    assert root_of(failed) == ("failed", CODE)


def test_the_second_resolver_may_answer() -> None:
    passed = facts(
        resolved(rcode="REFUSED", server="192.0.2.1"), resolved(SERVER, at_s=0.02), fetched()
    )
    assert not found(CODE, passed)


def test_one_type_with_an_address_is_enough() -> None:
    passed = facts(
        question([0.0], [response(0.01, SERVER)]),
        question([0.001], [response(0.012, rcode="REFUSED")], qtype="AAAA"),
        fetched(),
    )
    assert not found(CODE, passed)
