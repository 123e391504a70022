"""Chains judged as Go judges them: every case is also given to Go's own verifier."""

from __future__ import annotations

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from analyzers.certificates import chain
from analyzers.chains import Judgement, ProblemKind, TrustStore, judge
from tests.analyzers.authority import NOW, Order, authority, issue, leaf, name
from tests.analyzers.chaincases import Case, cases
from tests.analyzers.goverifier import Item, go_verdicts
from tests.analyzers.oddcertificates import (
    HOST,
    URL,
    good,
    root,
    stranger,
    sub,
)


def _judge(case: Case) -> Judgement:
    sent = chain([e.der for e in case.sent], (), "wire")
    return judge(sent, case.host, case.at, TrustStore(e.der for e in case.roots))


@pytest.mark.parametrize("title", cases())
def test_the_kind_of_problem(title: str) -> None:
    case = cases()[title]
    judgement = _judge(case)
    kinds = [p.kind for p in judgement.problems]
    assert kinds == ([] if case.first is None else [case.first, *case.others])
    assert judgement.valid == (case.first is None)
    if case.first is not None and case.detail:
        assert judgement.problems[0].detail == case.detail


def test_go_says_the_same_in_the_same_words() -> None:
    table = cases()
    items = [
        Item([e.der for e in c.sent], [e.der for e in c.roots], c.host, c.at)
        for c in table.values()
    ]
    verdicts = dict(zip(table, go_verdicts(items), strict=True))
    ours = {
        title: judgement.problems[0].text if judgement.problems else ""
        for title, judgement in ((t, _judge(c)) for t, c in table.items())
    }
    assert ours == verdicts


def test_the_missing_issuer_is_named_with_the_place_to_get_it() -> None:
    judgement = _judge(cases()["missing intermediate"])
    assert judgement.missing_issuer == "CN=Sub CA,O=Example Trust"
    assert judgement.missing_issuer_organization == "Example Trust"
    assert judgement.issuer_urls == (URL,)
    assert judgement.organization_trusted


def test_a_missing_issuer_of_nobody_known() -> None:
    judgement = _judge(cases()["untrusted root not sent"])
    assert judgement.missing_issuer == "CN=Box Root"
    assert not judgement.organization_trusted


def test_the_expired_certificate_is_pointed_at() -> None:
    for title, place, subject in (
        ("expired leaf", 0, f"CN={HOST}"),
        ("expired intermediate", 1, "CN=Sub CA"),
        ("expired root", None, "CN=Past Root"),
    ):
        problem = _judge(cases()[title]).problem(ProblemKind.EXPIRED)
        assert problem is not None and problem.certificate is not None
        assert (problem.index, problem.certificate.subject) == (place, subject)


def test_a_client_that_went_on_accepted_the_chain() -> None:
    sent = chain([leaf(HOST, stranger()).der], (), "wire")
    judgement = judge(sent, "elsewhere.example", NOW, TrustStore(()), accepted=True)
    assert judgement.valid and judgement.accepted


def test_without_a_name_only_the_rest_is_judged() -> None:
    sent = chain([good().der, sub().der], (), "wire")
    assert judge(sent, None, NOW, TrustStore([root().der])).valid


def test_a_certificate_that_go_cannot_read() -> None:
    broken = good().der[:-3]
    sent = chain([broken, sub().der], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert [p.kind for p in judgement.problems] == [ProblemKind.MALFORMED]


def test_an_empty_chain_is_no_crash() -> None:
    assert judge(chain([], (), "wire"), HOST, NOW, TrustStore(())).valid


def test_rsa_keys_larger_than_go_takes() -> None:
    large = leaf(HOST, sub(), key=_large_key())
    sent = chain([large.der, sub().der], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert [p.kind for p in judgement.problems] == [ProblemKind.KEY_TOO_LARGE]


class _LargeKey:
    """An RSA key that is only a number: making a real one takes a minute."""

    def public_key(self) -> rsa.RSAPublicKey:
        return rsa.RSAPublicNumbers(65537, (1 << 8999) | 1).public_key()


def _large_key() -> _LargeKey:
    return _LargeKey()


def test_many_namesakes_end_at_gos_limit() -> None:
    """Two hundred cross-signed namesakes do not make the work grow without bound."""
    keys = [authority("Twin CA") for _ in range(40)]
    twins = [
        issue(Order(name("Twin CA"), ca=True, usages=(), key=a.key), b) for a, b in pairwise(keys)
    ]
    sent = chain([leaf(HOST, keys[0]).der, *(t.der for t in twins)], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert judgement.problems[0].kind in (
        ProblemKind.UNKNOWN_AUTHORITY,
        ProblemKind.SIGNATURE_LIMIT,
    )
