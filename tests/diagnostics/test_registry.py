"""Every rule is a file with a manual page, a code of the contract, and a page in docs/rules."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from diagnostics import contract, registry
from diagnostics.verdict import Finding, Hop, Role
from tests import rulepages
from tests.factories import whole

CODES = registry.codes()
KNOWN = {cause.code for cause in contract.CAUSES}


def test_codes_of_the_contract_are_unique_and_sorted_by_layer() -> None:
    assert len(KNOWN) == len(contract.CAUSES)
    layers = [cause.code.partition(".")[0] for cause in contract.CAUSES]
    assert all(layer.isalpha() for layer in layers)


@pytest.mark.parametrize("code", CODES)
def test_a_rule_has_a_code_of_the_contract_and_its_sections(code: str) -> None:
    assert code in KNOWN
    rule = registry.load(code)
    assert rule.code == code
    assert rule.title.endswith(".")
    assert tuple(rule.sections) == registry.SECTIONS
    assert all(rule.sections.values())


@pytest.mark.parametrize("code", CODES)
def test_a_rule_explains_only_codes_that_exist(code: str) -> None:
    for pattern in registry.load(code).explains:
        assert any(fnmatchcase(known, pattern) for known in KNOWN), pattern


def test_a_code_without_a_rule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry.load("tls.no_such_cause")


def test_a_clock_that_ran_backwards_makes_no_negative_cost() -> None:
    finding = Finding(Hop(Role.SERVER), "Summary.", (), (), confidence=1.0, impact_s=-3.0)
    rule = registry.Rule("tls.expired", "Title.", {}, (), lambda _: [finding])
    (stamped,) = rule.findings(whole.facts())
    assert (stamped.cause, stamped.impact_s) == ("tls.expired", 0.0)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tls.expird", "tls.expired"),
        ("expired", "tls.expired"),
        ("TLS.Chain", "tls.chain_incomplete"),
        ("tls.mtu_blackhole", "path.mtu_blackhole"),
    ],
)
def test_the_nearest_code_comes_first(typed: str, meant: str) -> None:
    assert contract.nearest(typed)[0] == meant


def test_nothing_is_near_to_nonsense() -> None:
    assert contract.nearest("") == ()
    assert contract.nearest("zzzzzzzz") == ()


def test_the_rule_pages_are_fresh() -> None:
    stale = rulepages.stale()
    assert not stale, f"run `make docs` and commit: {', '.join(stale)}"
