"""Chains of whole captures, judged in go's words at the time of the capture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers import extract
from analyzers.judgements import ChainJudgement, judgements
from analyzers.pki.paths import ProblemKind
from captures.session import Roots, Session
from tests.analyzers.authority import Entity, authority, leaf
from tests.analyzers.talk import captured
from tests.analyzers.tlstalk import (
    CLIENT,
    SERVER,
    Turn,
    block,
    client_hello,
    message,
    record,
    server_name,
    wire,
    words,
)
from tests.packets import START_S

HOST, URL = "proxy.example.com", "http://ca.example.com/sub.crt"
AT = datetime.fromtimestamp(START_S, UTC)
AROUND: dict[str, Any] = {"start": AT - timedelta(days=30), "end": AT + timedelta(days=300)}
ROOT = authority("Root CA", **AROUND)
SUB = authority("Sub CA", ROOT, **AROUND)
GOOD = leaf(HOST, SUB, issuer_url=URL, **AROUND)


def flights(*sent: Entity) -> list[Turn]:
    """A TLS 1.2 server that sends these certificates."""
    listed = b"".join(block(entity.der, 3) for entity in sent)
    answer = b"\3\3" + bytes(32) + b"\0" + words(0xC02F) + b"\0"
    hello = client_hello((0xC02F,), [server_name(HOST)])
    flight = message(2, answer) + message(11, block(listed, 3)) + message(14, b"")
    return [(CLIENT, record(22, message(1, hello))), (SERVER, record(22, flight))]


REFUSED: Turn = (CLIENT, record(21, b"\2\x2a"))
GOES_ON: list[Turn] = [
    (CLIENT, record(22, message(16, bytes(66))) + record(20, b"\1") + record(22, bytes(40))),
    (SERVER, record(20, b"\1") + record(22, bytes(40))),
    (CLIENT, record(23, bytes(60))),
]


def judged(turns: list[Turn], *trusted: Entity) -> ChainJudgement:
    """The one chain of a conversation, with the roots that the session lists."""
    roots = Roots(source=("made",), count=len(trusted), extra_pem="".join(t.pem for t in trusted))
    with captured(wire(turns).frames) as capture:
        (found,) = judgements(extract(capture, replace(Session(), roots=roots)))
    return found


def test_a_missing_intermediate_and_where_it_is_to_be_had() -> None:
    found = judged([*flights(GOOD), REFUSED], ROOT)
    assert found.problems == ("x509: certificate signed by unknown authority",)
    assert (found.kinds, found.detail) == ((ProblemKind.UNKNOWN_AUTHORITY,), "missing_issuer")
    assert found.missing_issuer == "CN=Sub CA"
    assert found.issuer_urls == (URL,)
    assert (found.name, found.source, found.accepted) == (HOST, "wire", False)
    assert found.judged_utc.replace(microsecond=0) == AT.replace(microsecond=0)


def test_a_chain_that_go_takes_whatever_its_order() -> None:
    found = judged([*flights(GOOD, SUB), REFUSED], ROOT)
    assert (found.problems, found.in_order) == ((), True)
    found = judged([*flights(GOOD, ROOT, SUB), REFUSED], ROOT)
    assert (found.problems, found.in_order) == ((), False)


def test_validity_is_judged_at_the_time_of_the_capture() -> None:
    old = leaf(HOST, SUB, start=AT - timedelta(days=30), end=AT - timedelta(seconds=1))
    found = judged([*flights(old, SUB), REFUSED], ROOT)
    assert found.kinds == (ProblemKind.EXPIRED,)
    assert "certificate has expired or is not yet valid: current time" in found.problems[0]
    early = leaf(HOST, SUB, start=AT + timedelta(hours=1), end=AT + timedelta(days=9))
    assert judged([*flights(early, SUB), REFUSED], ROOT).kinds == (ProblemKind.NOT_YET_VALID,)


def test_a_client_that_goes_on_has_accepted_it() -> None:
    found = judged([*flights(GOOD), *GOES_ON], ROOT)
    assert found.accepted
    assert found.problems == ()


def test_an_issuer_named_after_an_inspection_product() -> None:
    box = authority("Zscaler Root CA", **AROUND)
    found = judged([*flights(leaf(HOST, box, **AROUND), box), REFUSED], ROOT)
    assert (found.detail, found.inspection_product) == ("root_sent_untrusted", "Zscaler")
    assert found.missing_issuer is None


def test_a_capture_without_chains() -> None:
    with captured([]) as capture:
        assert list(judgements(extract(capture))) == []
