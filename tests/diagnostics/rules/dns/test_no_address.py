"""NOERROR without an address for either type, and answers that lack one type only."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import NAME, RESOLVER, SERVER, facts, fetched, question, resolved, response

CODE = "dns.no_address"


def test_two_empty_answers_are_pinned_on_the_resolver() -> None:
    empty = facts(resolved())
    finding = only(CODE, empty)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert NAME in finding.summary
    assert root_of(empty) == ("failed", CODE)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(resolved(SERVER), id="only AAAA is empty"),
        pytest.param(resolved("2001:db8::7"), id="only A is empty"),
        pytest.param(
            (question([0.0], [response(0.01, whole=False)]),), id="the capture cut the answer"
        ),
    ],
)
def test_one_empty_answer_is_no_finding(asked: tuple[DnsExchange, ...]) -> None:
    assert not found(CODE, facts(asked, fetched()))
