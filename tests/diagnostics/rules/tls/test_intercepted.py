"""Certificates that a device on the way minted, and private authorities that mint honestly."""

from __future__ import annotations

import pytest
from cryptography import x509

from diagnostics.verdict import Role
from tests.analyzers.authority import Entity, authority, leaf, name
from tests.diagnostics.findings import found, only, place, root_of
from tests.diagnostics.rules.tls.authorities import URL, private_root, root, sent, trusting
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    Part,
    connection,
    facts,
    refused_certificate,
    resolved,
)

CODE = "tls.intercepted"
TIMESTAMPS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
"""Signed certificate timestamps (RFC 6962 section 3.3)."""
BOX = authority("Zscaler Root CA", subject=name("Zscaler Root CA", "Zscaler Inc."))
TRUST = trusting(root())


def refused(
    issuer: Entity, host: str = NAME, stream: int = 0, address: str = SERVER, ttl: int = 60
) -> tuple[Part, ...]:
    chain = sent(leaf(host, issuer), issuer)
    return refused_certificate(
        stream, 0.1 + stream, name=host, address=address, chain=chain, ttl=ttl
    )


def test_the_name_of_an_inspection_product() -> None:
    minted = facts(resolved(SERVER), refused(BOX, ttl=63), session=TRUST)
    finding = only(CODE, minted)
    assert place(finding) == (Role.MIDDLEBOX, None, (2, 2))
    assert "Zscaler" in finding.summary
    assert root_of(minted) == ("failed", CODE)


def test_a_public_service_has_no_private_issuer() -> None:
    host = "proxy.golang.org"
    minted = facts(resolved(SERVER, name=host), refused(private_root(), host), session=TRUST)
    assert root_of(minted) == ("failed", CODE)


def test_a_public_service_whose_intermediate_is_missing_is_no_box() -> None:
    """Timestamps of certificate transparency come from public authorities only."""
    host = "proxy.golang.org"
    timestamps = x509.UnrecognizedExtension(TIMESTAMPS, b"\4\0")
    own = leaf(host, authority("Example R44", root()), extra=((timestamps, False),))
    refusal = refused_certificate(name=host, chain=sent(own))
    cut = facts(resolved(SERVER, name=host), refusal, session=TRUST)
    assert root_of(cut) == ("failed", "tls.chain_incomplete")


def test_one_unknown_issuer_for_unrelated_names_at_unrelated_addresses() -> None:
    minted = facts(
        resolved(SERVER),
        refused(private_root()),
        refused(private_root(), "www.elsewhere.example", 1, OTHER),
        session=TRUST,
    )
    assert len(found(CODE, minted)) == 2
    assert not found("tls.untrusted_issuer", minted)


def test_a_handshake_from_nearer_than_the_server() -> None:
    far = connection(1, 2.0, port=80, ttl=58)
    minted = facts(resolved(SERVER), refused(private_root(), ttl=62), far, session=TRUST)
    assert place(only(CODE, minted)) == (Role.MIDDLEBOX, None, (3, 3))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="one name of a private authority"),
        pytest.param(
            refused(private_root(), "sum.example.org", 1, OTHER), id="two names of one site"
        ),
        pytest.param(
            refused(private_root(), "www.elsewhere.example", 1), id="two sites on one server"
        ),
        pytest.param((connection(1, 2.0, port=80),), id="another port at the same distance"),
    ],
)
def test_private_authorities_are_no_inspection(more: tuple[Part, ...]) -> None:
    private = facts(resolved(SERVER), refused(private_root()), more, session=TRUST)
    assert not found(CODE, private)
    assert found("tls.untrusted_issuer", private)


def test_an_inspection_that_is_trusted_is_no_fault() -> None:
    trusted = facts(resolved(SERVER), refused(BOX), session=trusting(BOX))
    assert not found(CODE, trusted)


def test_a_link_that_is_missing_but_can_be_fetched_is_no_inspection() -> None:
    """Devices mint leaves without a place to fetch their issuer from."""
    host = "proxy.golang.org"
    certificate = leaf(host, authority("Some Issuing CA", private_root()), issuer_url=URL)
    refused = refused_certificate(name=host, chain=sent(certificate))
    capture = facts(resolved(SERVER, name=host), refused, session=TRUST)
    assert root_of(capture) == ("failed", "tls.chain_incomplete")
