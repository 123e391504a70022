"""Leaves without the intermediate that signed them."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.analyzers.authority import Entity, authority, leaf
from tests.diagnostics.findings import found, only, place, root_of
from tests.diagnostics.rules.tls.authorities import (
    URL,
    good,
    private_root,
    root,
    sent,
    sub,
    trusting,
)
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    facts,
    fetched,
    handshake,
    refused_certificate,
    resolved,
)

CODE = "tls.chain_incomplete"


@pytest.mark.parametrize("source", ["wire", "probe"])
def test_a_leaf_alone_is_the_servers(source: str) -> None:
    refused = refused_certificate(chain=sent(good(), source=source))
    alone = facts(resolved(SERVER), refused, session=trusting(root()))
    finding = only(CODE, alone)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert "Example Sub CA" in finding.summary
    assert any(fix.command and URL in fix.command for fix in finding.fix)
    assert root_of(alone) == ("failed", CODE)


def test_another_chain_of_the_capture_shows_what_is_missing() -> None:
    """The leaf itself does not say where to fetch it, and its issuer's name says root."""
    intermediate = authority("Some Root Sub CA", root())
    complete = sent(leaf("other.example", intermediate), intermediate)
    alone = facts(
        resolved(SERVER),
        refused_certificate(chain=sent(leaf(NAME, intermediate))),
        fetched(1, 2.0, name="other.example", address=OTHER)[0],
        handshake(1, 2.03, sni="other.example", version=0x0303, chain=complete),
        session=trusting(root()),
    )
    assert found(CODE, alone)


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param((good(), sub()), id="nothing is missing but the root"),
        pytest.param((leaf(NAME, private_root()),), id="the issuer is a root by its name"),
        pytest.param((leaf(NAME, private_root()), private_root()), id="the root is sent"),
    ],
)
def test_chains_that_lack_only_trust(chain: tuple[Entity, ...]) -> None:
    refused = facts(
        resolved(SERVER), refused_certificate(chain=sent(*chain)), session=trusting(private_root())
    )
    assert not found(CODE, refused)
    other = facts(resolved(SERVER), refused_certificate(chain=sent(*chain)), session=trusting())
    assert not found(CODE, other)
