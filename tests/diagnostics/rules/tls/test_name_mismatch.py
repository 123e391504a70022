"""Certificates for other names than the one that was asked."""

from __future__ import annotations

import pytest

from analyzers.facts import Chain
from diagnostics.verdict import Role
from tests.analyzers.authority import leaf, name
from tests.diagnostics.findings import found, only, place, root_of
from tests.diagnostics.rules.tls.authorities import root, sent, sub, trusting
from tests.factories import NAME, SERVER, facts, refused_certificate, resolved

CODE = "tls.name_mismatch"


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param(sent(leaf("www.example.com", sub()), sub()), id="another site's"),
        pytest.param(sent(leaf("*.a.example.org", sub()), sub()), id="a wildcard one deeper"),
        pytest.param(
            sent(leaf("x", sub(), subject=name(NAME), dns=()), sub()), id="in its common name only"
        ),
        pytest.param(sent(leaf("example.org", sub())), id="and an incomplete chain behind it"),
    ],
)
def test_other_names(chain: Chain) -> None:
    refused = refused_certificate(chain=chain)
    mismatch = facts(resolved(SERVER), refused, session=trusting(root()))
    finding = only(CODE, mismatch)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert SERVER in finding.summary
    assert root_of(mismatch) == ("failed", CODE)


@pytest.mark.parametrize("names", [(NAME,), ("*.example.org",), ("a.example", NAME.upper())])
def test_names_that_match(names: tuple[str, ...]) -> None:
    refused = refused_certificate(chain=sent(leaf(NAME, sub(), dns=names), sub()))
    assert not found(CODE, facts(resolved(SERVER), refused, session=trusting()))


@pytest.mark.parametrize(
    "words",
    [
        f"x509: certificate is valid for a.example, not {NAME}",
        f"{NAME}: x509: certificate is not valid for any names, but wanted to match {NAME}",
        f"{NAME}: x509: certificate relies on legacy Common Name field, use SANs instead",
    ],
)
def test_gos_words(words: str) -> None:
    refused = facts(resolved(SERVER), refused_certificate(), session=trusting(output=(words,)))
    assert root_of(refused) == ("failed", CODE)
