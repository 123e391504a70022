"""Complete chains to a root that this client does not trust."""

from __future__ import annotations

import pytest

from analyzers.facts import Chain
from diagnostics.verdict import Role
from tests.analyzers.authority import authority, leaf
from tests.diagnostics.findings import found, healthy, only, place, root_of
from tests.diagnostics.rules.tls.authorities import (
    good,
    private_root,
    root,
    sent,
    sub,
    trusting,
)
from tests.factories import (
    NAME,
    SERVER,
    facts,
    fetched,
    handshake,
    refused_certificate,
    resolved,
)

CODE = "tls.untrusted_issuer"
OFFICE_SUB = authority("Office Sub", private_root())
OFFICE = leaf(NAME, private_root())


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param(sent(OFFICE, private_root()), id="the root is sent"),
        pytest.param(sent(OFFICE), id="the root is named"),
        pytest.param(
            sent(leaf(NAME, OFFICE_SUB), OFFICE_SUB, private_root()),
            id="by way of an intermediate",
        ),
    ],
)
def test_a_private_authority_that_is_not_installed(chain: Chain) -> None:
    refused = refused_certificate(chain=chain)
    unknown = facts(resolved(SERVER), refused, session=trusting(root()))
    finding = only(CODE, unknown)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert "Office Root CA" in finding.summary
    assert root_of(unknown) == ("failed", CODE)


def test_a_private_authority_that_is_installed_is_healthy() -> None:
    carried, _ = fetched()
    shaken = handshake(version=0x0303, chain=sent(OFFICE, private_root()))
    healthy(facts(resolved(SERVER), carried, shaken))


def test_an_empty_trust_store_distrusts_everybody() -> None:
    """A container without ca-certificates: a chain that is in order is refused."""
    refused = refused_certificate(chain=sent(good(), sub()))
    assert found(CODE, facts(resolved(SERVER), refused, session=trusting()))


@pytest.mark.parametrize(
    "words",
    [
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        'x509: "Office" certificate is not trusted',
    ],
)
def test_gos_words_do_where_the_chain_is_encrypted(words: str) -> None:
    said = trusting(output=(f'Get "https://{NAME}/m": {words}',))
    unknown = facts(resolved(SERVER), refused_certificate(), session=said)
    assert root_of(unknown) == ("failed", CODE)
