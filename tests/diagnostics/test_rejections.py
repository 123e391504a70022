"""Why a client refused certificates: one refusal per chain, from the wire, the probe, or go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analyzers.facts import Chain, Side
from diagnostics.engine import diagnose
from diagnostics.rejectionfindings import box_hop
from diagnostics.rejections import Refusal, capture_time, rejections
from diagnostics.verdict import Hop, Outcome, Role
from tests.analyzers.authority import authority, leaf
from tests.diagnostics.rules.tls.authorities import (
    LONG_AGO,
    TO_COME,
    good,
    private_root,
    root,
    sent,
    sub,
    trusting,
)
from tests.factories import (
    FIRST_NS,
    NAME,
    SERVER,
    alert,
    closed,
    connect,
    connection,
    facts,
    fetched,
    handshake,
    refused_certificate,
    resolved,
    session,
)
from tests.factories import sent as sent_bytes

OFFICE_SUB = authority("Office Sub", private_root())
BOX = authority("FortiGate CA")
ELSEWHERE = "www.example.com"


def refusals(chain: Chain | None, *output: str, trusts: bool = True) -> list[Refusal]:
    told = trusting(*([root()] if trusts else []), output=output)
    refused = facts(resolved(SERVER), refused_certificate(chain=chain), session=told)
    return [r.refusal for r in rejections(refused)]


@pytest.mark.parametrize(
    ("chain", "refusal"),
    [
        (sent(leaf(NAME, sub(), **LONG_AGO), sub()), Refusal.EXPIRED),
        (sent(leaf(NAME, sub(), **TO_COME), sub()), Refusal.NOT_YET_VALID),
        (sent(leaf(ELSEWHERE, sub()), sub()), Refusal.NAME_MISMATCH),
        (sent(leaf(NAME, None)), Refusal.SELF_SIGNED),
        (sent(good()), Refusal.CHAIN_INCOMPLETE),
        (sent(leaf(NAME, OFFICE_SUB)), Refusal.CHAIN_INCOMPLETE),
        (sent(leaf(NAME, private_root())), Refusal.UNTRUSTED_ISSUER),
        (sent(leaf(NAME, private_root()), private_root()), Refusal.UNTRUSTED_ISSUER),
        (sent(leaf(NAME, OFFICE_SUB), OFFICE_SUB), Refusal.UNTRUSTED_ISSUER),
        (sent(leaf(NAME, BOX), BOX), Refusal.INTERCEPTED),
        (sent(good(), sub()), Refusal.UNTRUSTED_ISSUER),
        (None, Refusal.UNKNOWN),
    ],
    ids=lambda value: value.value if isinstance(value, Refusal) else "",
)
def test_what_is_wrong_with_a_chain(chain: Chain | None, refusal: Refusal) -> None:
    assert refusals(chain) == [refusal]


EXPIRED = "x509: certificate has expired or is not yet valid: current time X is after Y"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (EXPIRED, Refusal.EXPIRED),
        (EXPIRED.replace("after", "before"), Refusal.NOT_YET_VALID),
        (f"x509: certificate is valid for {ELSEWHERE}, not {NAME}", Refusal.NAME_MISMATCH),
        ("x509: certificate relies on legacy Common Name field", Refusal.NAME_MISMATCH),
        ("x509: certificate signed by unknown authority", Refusal.UNTRUSTED_ISSUER),
        ("some other failure", Refusal.UNKNOWN),
    ],
)
def test_gos_words_where_the_chain_is_encrypted(words: str, refusal: Refusal) -> None:
    current = words.replace("X is", "2024-06-01T12:00:00Z is")
    assert refusals(None, f"https://{NAME}/m: {current}") == [refusal]


def test_the_detail_is_what_x509_says() -> None:
    words = f'Get "https://{NAME}/m": tls: failed: {EXPIRED.replace("X is", "now is")}'
    told = trusting(root(), output=(words,))
    (refused,) = rejections(facts(refused_certificate(), session=told))
    assert refused.detail == EXPIRED.replace("X is", "now is")


def test_gos_words_need_the_name() -> None:
    assert refusals(None, f"https://other.example/m: {EXPIRED}") == [Refusal.UNKNOWN]


def test_the_chain_is_believed_before_the_words() -> None:
    assert refusals(sent(leaf(NAME, None)), f"{NAME}: {EXPIRED}") == [Refusal.SELF_SIGNED]


def test_a_client_that_goes_on_rejects_nothing() -> None:
    assert not rejections(facts(resolved(SERVER), fetched()))


def test_a_version_that_the_client_refuses_is_no_certificate() -> None:
    carried, shaken = refused_certificate()
    refused = replace(shaken, alerts=(alert(0.16, "protocol_version", 70, Side.CLIENT),))
    assert not rejections(facts(resolved(SERVER), carried, refused))


def test_certificates_are_judged_at_the_time_of_the_capture() -> None:
    refused = facts(resolved(SERVER), refused_certificate(chain=sent(good())))
    at = capture_time(refused, refused.handshakes[0])
    assert at == datetime.fromtimestamp(FIRST_NS // 10**9, UTC).replace(microsecond=130_000)


@pytest.mark.parametrize("first_ns", [-(10**18), 0, 2**63 - 1, 10**30])
def test_a_clock_that_is_out_of_all_range_is_survived(first_ns: int) -> None:
    refused = facts(resolved(SERVER), refused_certificate(chain=sent(good())), first_ns=first_ns)
    assert len(rejections(refused)) == 1


def test_the_inspecting_box_is_as_near_as_its_segments() -> None:
    chain = sent(leaf(NAME, BOX), BOX)
    near = facts(resolved(SERVER), refused_certificate(chain=chain, ttl=63), session=session())
    assert box_hop(near, rejections(near)[0]) == Hop(Role.MIDDLEBOX, None, None, (2, 2))
    through = facts(refused_certificate(chain=chain), connect(at_s=0.11), session=session())
    assert box_hop(through, rejections(through)[0]).distance is None


def test_names_of_certificates_cannot_steer_a_terminal() -> None:
    words = f"https://{NAME}/m: x509: certificate signed by unknown authority \x1b[2J\u202e"
    told = trusting(root(), output=(words,))
    (refused,) = rejections(facts(refused_certificate(), session=told))
    assert refused.detail.isprintable()


UNUSED = handshake(chain=sent(good()), first_application_data_s={})
FATAL = f"\tfatal: unable to access 'https://{NAME}/m.git/': "


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (f"{FATAL}server certificate verification failed. CAfile: none CRLfile: none", True),
        (f"{FATAL}SSL certificate problem: certificate has expired", True),
        (f"{FATAL}Problem with the SSL CA cert (path? access rights?)", False),
        (f"{FATAL}Could not resolve host: {NAME}", False),
        ("\tfatal: unable to access 'https://x.example/': SSL certificate problem", False),
    ],
)
def test_git_may_refuse_a_certificate_without_a_word_on_the_wire(words: str, refused: bool) -> None:
    """With GnuTLS the handshake is complete by then."""
    told = trusting(root(), output=(words,))
    closed_early = connection(client=sent_bytes(300, 0.13) | closed(0.3), last_s=0.3)
    captured = facts(resolved(SERVER), closed_early, UNUSED, session=told)
    assert bool(rejections(captured)) is refused
    verdict = diagnose(captured)
    assert (verdict.outcome is Outcome.FAILED) is refused
