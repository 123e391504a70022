"""Certificates past their end, read from the wire, the probe, or go's own words."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.analyzers.authority import authority, leaf
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.diagnostics.rules.tls.authorities import (
    FRAMES,
    LONG_AGO,
    good,
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
    frame_at,
    handshake,
    refused_certificate,
    resolved,
)

CODE = "tls.expired"
OLD = leaf(NAME, sub(), **LONG_AGO)


@pytest.mark.parametrize("source", ["wire", "probe"])
def test_an_old_leaf_is_the_servers(source: str) -> None:
    refused = refused_certificate(chain=sent(OLD, sub(), source=source))
    expired = facts(resolved(SERVER), refused, session=trusting(root()))
    finding = only(CODE, expired)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frame_at(0.16) in frames(finding)
    assert source == "probe" or set(FRAMES) <= frames(finding)
    assert "2023-06-02" in finding.summary
    assert root_of(expired) == ("failed", CODE)


def test_an_old_intermediate_counts() -> None:
    old_sub = authority("Old Sub", root(), **LONG_AGO)
    refused = refused_certificate(chain=sent(leaf(NAME, old_sub), old_sub))
    assert found(CODE, facts(resolved(SERVER), refused, session=trusting(root())))


def test_gos_words_do_where_the_chain_is_encrypted() -> None:
    words = (
        f'Get "https://{NAME}/x": tls: failed to verify certificate: x509: certificate has expired '
        "or is not yet valid: current time 2024-06-01T12:00:00Z is after 2023-06-01T12:00:00Z"
    )
    expired = facts(resolved(SERVER), refused_certificate(), session=trusting(output=(words,)))
    assert only(CODE, expired).confidence < 0.9
    assert root_of(expired) == ("failed", CODE)


def test_gos_words_about_another_host_do_not() -> None:
    words = "https://other.example/x: x509: certificate has expired or is not yet valid: is after"
    other = facts(resolved(SERVER), refused_certificate(), session=trusting(output=(words,)))
    assert not found(CODE, other)


def test_a_client_that_goes_on_has_accepted_it() -> None:
    carried, _ = fetched()
    shaken = handshake(version=0x0303, chain=sent(OLD, sub()))
    healthy(facts(resolved(SERVER), carried, shaken))


def test_a_valid_chain_that_is_refused_has_not_expired() -> None:
    refused = refused_certificate(chain=sent(good(), sub()))
    assert not found(CODE, facts(resolved(SERVER), refused, session=trusting()))
