"""A single self-signed leaf, and chains that only resemble it."""

from __future__ import annotations

import pytest

from analyzers.facts import Chain
from diagnostics.verdict import Role
from tests.analyzers.authority import leaf
from tests.diagnostics.findings import found, only, place, root_of
from tests.diagnostics.rules.tls.authorities import good, private_root, root, sent, sub, trusting
from tests.factories import NAME, SERVER, facts, refused_certificate, resolved

CODE = "tls.self_signed"
ALONE = leaf(NAME, None)


def test_a_leaf_that_vouches_for_itself() -> None:
    refused = refused_certificate(chain=sent(ALONE))
    alone = facts(resolved(SERVER), refused, session=trusting(root()))
    assert place(only(CODE, alone)) == (Role.SERVER, SERVER, (5, 5))
    assert root_of(alone) == ("failed", CODE)


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param(sent(leaf(NAME, private_root()), private_root()), id="a private authority"),
        pytest.param(sent(good()), id="a leaf alone"),
        pytest.param(sent(good(), sub()), id="a chain without its root"),
    ],
)
def test_chains_that_somebody_else_signed(chain: Chain) -> None:
    refused = refused_certificate(chain=chain)
    assert not found(CODE, facts(resolved(SERVER), refused, session=trusting()))


def test_one_that_is_trusted_on_purpose_was_refused_for_something_else() -> None:
    refused = refused_certificate(chain=sent(ALONE))
    assert not found(CODE, facts(resolved(SERVER), refused, session=trusting(ALONE)))
