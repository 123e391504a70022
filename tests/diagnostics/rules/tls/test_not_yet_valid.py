"""Certificates of the future: whose clock is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from captures.session import Clock
from diagnostics.verdict import Role
from tests.analyzers.authority import leaf
from tests.diagnostics.findings import found, only, place, root_of
from tests.diagnostics.rules.tls.authorities import TO_COME, good, root, sent, sub, trusting
from tests.factories import (
    CLIENT,
    NAME,
    OTHER,
    SERVER,
    Part,
    facts,
    fetched_plain,
    refused_certificate,
    resolved,
)

CODE = "tls.not_yet_valid"
EARLY = sent(leaf(NAME, sub(), **TO_COME), sub())


def too_early(*more: Part, **changes: Any) -> Facts:
    refused = refused_certificate(chain=EARLY)
    return facts(resolved(SERVER), refused, *more, session=trusting(root(), **changes))


@pytest.mark.parametrize("offset_s", [-86_400.0 * 400, -3600.0])
def test_a_clock_that_was_measured_behind_is_the_clients(offset_s: float) -> None:
    behind = too_early(clock=Clock(offset_s, "ntp"))
    assert place(only(CODE, behind)) == (Role.CLIENT, CLIENT, (0, 0))
    assert root_of(behind) == ("failed", CODE)


@pytest.mark.parametrize("offset_s", [0.0, -3.0, 86_400.0])
def test_with_the_right_clock_it_is_the_servers(offset_s: float) -> None:
    assert place(only(CODE, too_early(clock=Clock(offset_s, "ntp")))) == (
        Role.SERVER,
        SERVER,
        (5, 5),
    )


def test_a_servers_date_contradicts_the_clock() -> None:
    told = fetched_plain(
        1, 1.0, target="/other", headers=(("date", "Sun, 01 Jun 2025 12:00:00 GMT"),)
    )
    assert place(only(CODE, too_early(*told)))[0] is Role.CLIENT


def test_a_servers_date_that_agrees_leaves_it_the_servers() -> None:
    told = fetched_plain(
        1, 1.0, target="/other", headers=(("date", "Sat, 01 Jun 2024 12:00:01 GMT"),)
    )
    assert place(only(CODE, too_early(*told)))[0] is Role.SERVER


def test_unrelated_servers_are_not_all_too_early() -> None:
    second = sent(leaf("other.example", sub(), **TO_COME), sub())
    refused = refused_certificate(1, 2.0, name="other.example", address=OTHER, chain=second)
    findings = found(CODE, too_early(*refused))
    assert {place(f)[0] for f in findings} == {Role.CLIENT}
    assert len(findings) == 2


def test_a_valid_chain_is_not_too_early() -> None:
    refused = refused_certificate(chain=sent(good(), sub()))
    assert not found(CODE, facts(resolved(SERVER), refused, session=trusting()))
