"""How lookups fail, in one word, and whose fault it is behind a forwarder on this machine."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange, Facts
from diagnostics.lookupfailures import (
    Failure,
    failed_lookups,
    failure_of,
    resolvers_of,
    spent_s,
)
from tests.factories import (
    NAME,
    RESOLVER,
    SERVER,
    facts,
    query,
    question,
    resolved,
    response,
    unanswered,
)

STUB = "127.0.0.53"


@pytest.mark.parametrize(
    ("asked", "failure"),
    [
        (resolved(SERVER), None),
        (resolved(rcode="NXDOMAIN"), Failure.NXDOMAIN),
        (resolved(rcode="SERVFAIL"), Failure.SERVFAIL),
        (resolved(rcode="REFUSED"), Failure.REFUSED),
        (resolved(rcode="FORMERR"), Failure.FORMERR),
        (resolved(rcode="NOTIMP"), Failure.FORMERR),
        (resolved(), Failure.NO_ADDRESS),
        (unanswered(0.0, 5.0), Failure.NO_RESPONSE),
        ((question([0.0], icmp_frames=(9,)),), Failure.UNREACHABLE),
        (
            (question([0.0], icmp_frames=(9,)), question([0.0], qtype="AAAA")),
            Failure.UNREACHABLE,
        ),
        ((question([0.0], [response(0.01)]), question([0.0], qtype="AAAA")), Failure.HALF_ANSWERED),
        ((question([0.0], [response(0.01, whole=False)]),), None),
        ((question([], [response(0.01, rcode="NXDOMAIN")]),), None),
    ],
    ids=lambda value: value.value if isinstance(value, Failure) else "",
)
def test_each_failure_has_one_word(asked: tuple[DnsExchange, ...], failure: Failure | None) -> None:
    (lookup,) = facts(asked, duration_s=10.0).lookups
    assert failure_of(lookup) is failure


def test_the_first_resolver_is_the_one_to_ask_about() -> None:
    first = question([0.0], [response(0.01, rcode="SERVFAIL")], server="192.0.2.1")
    second = question([0.02], [response(0.03, rcode="REFUSED")], server="192.0.2.2")
    captured = facts(first, second)
    (lookup,) = captured.lookups
    assert resolvers_of(lookup) == ("192.0.2.1", "192.0.2.2")
    assert [server for server, _ in failed_lookups(captured, Failure.SERVFAIL)] == ["192.0.2.1"]


def forwarding(rcode: str | None) -> Facts:
    """A stub on this machine asks the real resolver what go asked it, and hands on the answer."""
    upstream = question(
        [query(0.001, port=50_000, number=99)],
        [] if rcode is None else [response(0.02, rcode=rcode, transaction_id=99)],
    )
    said = [response(0.021, rcode=rcode or "SERVFAIL")]
    asked = question([0.0], said, server=STUB, client="127.0.0.1")
    return facts(asked, upstream, duration_s=9.0)


def servers(captured: Facts) -> set[str]:
    return {s for failure in Failure for s, _ in failed_lookups(captured, failure)}


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "REFUSED", None])
def test_a_stub_hands_on_what_its_own_server_said(rcode: str | None) -> None:
    assert servers(forwarding(rcode)) == {RESOLVER}


def test_a_stub_that_fails_by_itself_is_to_blame() -> None:
    alone = facts(question([0.0], [response(0.001, rcode="SERVFAIL")], server=STUB))
    assert servers(alone) == {STUB}
    assert NAME in {k.name for k in alone.lookups}


def test_lookups_side_by_side_cost_their_time_once() -> None:
    both = facts(unanswered(0.0, 5.0), unanswered(1.0, 6.0, name="mirror.example"), duration_s=20.0)
    one, other = both.lookups
    assert spent_s([one, other]) == pytest.approx(
        max(one.end_s, other.end_s) - min(one.start_s, other.start_s)
    )
