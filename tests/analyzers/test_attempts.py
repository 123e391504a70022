"""Facts joined into tries: which lookup, which name, which ending, and which are no failures."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Attempt, Facts
from tests.factories import (
    NAME,
    NOTHING_BACK,
    OTHER,
    RESOLVER,
    SERVER,
    Part,
    client_hello,
    closed,
    connect,
    connection,
    facts,
    failed_hello,
    fetched,
    fetched_plain,
    handshake,
    query,
    question,
    request,
    reset,
    resolved,
    response,
    sent,
    session,
    unanswered,
    unconnected,
)

SIX = "2001:db8::7"


def only(captured: Facts) -> Attempt:
    (attempt,) = captured.attempts
    return attempt


def words(captured: Facts) -> list[tuple[str, str, str]]:
    return [(a.need, a.outcome.value, a.reason) for a in captured.attempts]


def refused_at(stream: int, at_s: float, address: str = SERVER) -> Part:
    ended: dict[str, Any] = NOTHING_BACK | {"resets": (reset(at_s + 0.02),), "last_s": at_s + 0.02}
    return connection(stream, at_s, address=address, **ended)


def test_a_try_from_its_name_to_its_answer() -> None:
    attempt = only(facts(resolved(SERVER), fetched()))
    assert (attempt.need, attempt.name, attempt.address) == (f"{NAME}:443", NAME, SERVER)
    assert (attempt.lookup, attempt.stream, attempt.handshake, attempt.requests) == (0, 0, 0, ())
    assert (attempt.start_s, attempt.end_s) == (0.0, 1.1)
    assert attempt.is_go


def test_what_a_presigned_url_allows_is_not_quoted() -> None:
    carried, first = fetched_plain(target="/m.zip?X-Amz-Expires=60&X-Amz-Signature=c0ffee")
    attempt = facts(resolved(SERVER), carried, first).attempts[0]
    assert attempt.need == f"http://{NAME}/m.zip?X-Amz-Expires=60&X-Amz-Signature=***"


def test_each_clear_request_is_a_try_of_its_own() -> None:
    carried, first = fetched_plain(target="/m/@v/list")
    both = facts(resolved(SERVER), carried, first, request(0, 0.5, "/m/@v/v1.mod", status=404))
    one, two = both.attempts
    url = f"http://{NAME}/m/@v"
    assert (one.need, two.need) == (f"{url}/list", f"{url}/v1.mod")
    assert (one.start_s, two.start_s) == (0.0, 0.5)
    assert (one.reason, two.reason) == ("status 200", "status 404")


def test_a_tunnel_is_for_the_name_behind_the_proxy() -> None:
    carried, shaken = fetched(port=3128)
    proxy = resolved(SERVER, name="proxy.office")
    attempt = only(facts(proxy, carried, shaken, connect(at_s=0.11)))
    assert attempt.via_proxy
    assert (attempt.need, attempt.address, attempt.port) == (f"{NAME}:443", SERVER, 3128)
    assert attempt.lookup == 0


def test_a_request_in_absolute_form_goes_through_a_proxy() -> None:
    whole, asked = fetched_plain(target=f"http://{NAME}/m/@v/list")
    attempt = only(facts(whole, asked))
    assert attempt.via_proxy
    assert attempt.need == f"http://{NAME}/m/@v/list"


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        pytest.param([*fetched()], NAME, id="the SNI"),
        pytest.param([connection(port=80), request(host=f"{NAME}:8080")], NAME, id="Host"),
        pytest.param([*resolved(SERVER), connection()], NAME, id="its lookup"),
        pytest.param([connection()], None, id="none"),
    ],
)
def test_where_the_name_comes_from(parts: list[Part], name: str | None) -> None:
    assert facts(parts).attempts[-1].name == name


def test_of_two_names_at_one_address_the_one_that_was_asked_for() -> None:
    both = facts(
        resolved(SERVER, name="a.example"), resolved(SERVER, name=NAME, at_s=0.02), fetched()
    )
    attempt = next(a for a in both.attempts if a.stream == 0)
    assert both.lookups[attempt.lookup or 0].name == NAME


def test_an_answer_that_came_later_was_not_used() -> None:
    late = facts(fetched(), resolved(SERVER, at_s=5.0))
    assert next(a for a in late.attempts if a.stream == 0).lookup is None


def test_a_try_that_reuses_an_answer_begins_with_its_own_syn() -> None:
    """go asks anew each time; systems that keep answers do not."""
    first, second = facts(resolved(SERVER), fetched(), fetched(1, 30.0)).attempts
    assert (first.start_s, second.start_s) == (0.0, 30.0)
    assert second.lookup == first.lookup


def test_a_first_try_begins_with_its_lookup_however_long_that_took() -> None:
    """AAAA was never answered: the connection follows the time-out."""
    half = (
        question([0.0], [response(0.01, SERVER)]),
        question([query(0.001), query(5.001)], qtype="AAAA"),
    )
    assert only(facts(half, fetched(at_s=10.01))).start_s == 0.0


def test_happy_eyeballs_losers_are_no_failures() -> None:
    raced = facts(resolved(SIX, SERVER), unconnected(0.1, 1.1, address=SIX), fetched(1, 0.4))
    loser = next(a for a in raced.attempts if a.address == SIX)
    assert (loser.outcome.value, loser.reason) == ("abandoned", "another was faster")


def test_a_first_address_that_stayed_silent_for_its_whole_share_is_a_failure() -> None:
    """Two addresses of one family: go gives the first 15 s, and then tries the second."""
    split = facts(
        resolved(OTHER, SERVER),
        unconnected(0.1, 1.1, 3.1, 7.1, address=OTHER, last_s=7.1),
        fetched(1, 15.2),
        duration_s=17.0,
    )
    assert next(a for a in split.attempts if a.address == OTHER).outcome.value == "failed"


@pytest.mark.parametrize(
    ("shaken", "reason"),
    [
        ([handshake(1, 0.131, first_application_data_s={})], "completed and never used"),
        ([], "opened and never used"),
    ],
)
def test_spare_connections_of_the_start_are_no_failures(shaken: list[Part], reason: str) -> None:
    said: dict[str, Any] = {"client": closed(0.3), "server": closed(0.31)}
    spare = connection(1, 0.101, last_s=0.31, **said)
    started = facts(resolved(SERVER), fetched(), spare, shaken)
    assert words(started)[1] == (f"{NAME}:443", "abandoned", reason)


@pytest.mark.parametrize(
    ("asked", "outcome", "reason"),
    [
        (resolved(rcode="NXDOMAIN"), "failed", "NXDOMAIN"),
        (resolved(rcode="SERVFAIL"), "failed", "SERVFAIL"),
        (resolved(), "failed", "no address"),
        (unanswered(0.0, 5.0), "failed", "no answer"),
        (unanswered(9.5), "unknown", "the capture ends"),
        (unanswered(4.5, 9.5), "failed", "no answer"),
        (unanswered(5.0), "failed", "no answer"),
        ((question([0.0], icmp_frames=(9,)),), "failed", "unreachable"),
        (resolved(SERVER), "unknown", "resolved, not used"),
        (
            (question([0.0], [response(0.01, whole=False)]),),
            "unknown",
            "answered, cut short by the capture",
        ),
        (
            (question([0.0]), question([0.001], [response(0.01)], qtype="AAAA")),
            "unknown",
            "an answer is missing in the capture",
        ),
        (
            (question([0.0]), question([], [response(0.01)], qtype="AAAA")),
            "unknown",
            "an answer is missing in the capture",
        ),
        (
            (question([0.0], [response(0.01, rcode="NXDOMAIN", whole=False)]),),
            "failed",
            "NXDOMAIN",
        ),
        (
            (question([0.0], [response(0.01)], qtype="AAAA"),),
            "unknown",
            "only AAAA was asked for",
        ),
    ],
)
def test_tries_that_ended_at_their_lookup(asked: Any, outcome: str, reason: str) -> None:
    captured = facts(asked, duration_s=10.0)
    assert words(captured) == [(f"{NAME}:443", outcome, reason)]
    assert only(captured).stage.name == "DNS"


def test_an_answer_that_cannot_be_read_led_to_what_was_tried_next() -> None:
    cut = question([0.0], [response(0.02, whole=False)])
    joined = facts(cut, connection(0, 0.021))
    assert only(joined).lookup == 0
    assert only(joined).name == NAME
    assert {a.lookup for a in facts(cut, connection(0, 3.0)).attempts} == {0, None}
    assert {a.lookup for a in facts(cut, connection(0, 0.021, port=8123)).attempts} == {0, None}
    missing = question([0.0]), question([0.001], [response(0.02)], qtype="AAAA")
    assert only(facts(missing, connection(0, 0.021))).lookup == 0
    # Of each family, the first address that is tried then; which others are its own, none knows.
    others = [connection(1, 0.022, address=OTHER), connection(2, 0.023, address=SIX)]
    tried = facts(cut, connection(0, 0.021), others).attempts
    assert {a.address: a.name for a in tried} == {SERVER: NAME, OTHER: None, SIX: NAME}
    # A name is dialled at one port: another program's connection joins in at no other.
    plain, other = connection(0, 0.021, port=80), connection(1, 0.022, port=443)
    assert [a.lookup for a in facts(cut, plain, other).attempts if a.port == 443] == [None]


def test_a_lossy_capture_shows_no_silence_that_ends_before_a_second_query() -> None:
    """go would have asked again after 5 s, had nothing come: the capture lost the answer."""
    lossy = connection(0, 0.1, server=sent(900, 0.2) | {"unseen_acked_bytes": 100})
    hasty = unanswered(6.0, name="other.example")
    captured = facts(resolved(SERVER), lossy, hasty, duration_s=10.0)
    assert ("other.example:443", "unknown", "the capture ends") in words(captured)
    patient = facts(resolved(SERVER), lossy, unanswered(4.0, name="other.example"), duration_s=10.0)
    assert ("other.example:443", "failed", "no answer") in words(patient)


def test_a_client_that_moves_on_had_its_answer() -> None:
    """A capture of what it sends alone: it connects right after a query that it never repeats."""
    asked = unanswered(0.0)
    moved = facts(asked, unconnected(0.05, 1.05, 3.05), duration_s=9.0)
    assert (f"{NAME}:443", "unknown", "the capture holds one direction only") in words(moved)
    waiting = facts(unanswered(0.0, 5.0), unconnected(0.05, 1.05, 3.05), duration_s=11.0)
    assert (f"{NAME}:443", "failed", "no answer") in words(waiting)
    later = facts(asked, unconnected(2.0, 3.0, 5.0), duration_s=9.0)
    assert (f"{NAME}:443", "failed", "no answer") in words(later)


def test_what_was_looked_up_before_the_capture_has_the_name_it_has_later() -> None:
    """Refused, looked up anew and refused again: the first try was for the same name."""
    early, late = refused_at(0, 0.0), refused_at(1, 1.1)
    known = facts(early, resolved(SERVER, at_s=1.0), late)
    assert [a.name for a in known.attempts] == [NAME, NAME]
    elsewhere = facts(early, resolved(OTHER, at_s=1.0), refused_at(1, 1.1, OTHER))
    assert [a.name for a in elsewhere.attempts] == [None, NAME]


def test_search_names_are_no_tries() -> None:
    captured = facts(
        resolved(name=f"{NAME}.corp.example", rcode="NXDOMAIN"),
        resolved(SERVER, at_s=0.02),
        fetched(),
    )
    assert [a.name for a in captured.attempts] == [NAME]


def test_an_answer_that_an_open_connection_made_needless() -> None:
    """go looked the name up again, and then found a connection that could be used."""
    again = facts(resolved(SERVER), fetched(), resolved(SERVER, at_s=0.5))
    assert words(again)[1][1] == "abandoned"


def test_dns_over_tcp_is_no_try() -> None:
    assert not facts(connection(address=RESOLVER, port=53)).attempts


def test_a_name_of_gos_is_gos_on_every_try() -> None:
    """SYNs show nothing of go's; the hello that follows elsewhere does."""
    both = facts(
        resolved(OTHER, SERVER),
        unconnected(0.1, 1.1, 3.1, address=OTHER),
        fetched(1, 15.2),
        duration_s=17.0,
    )
    assert [a.is_go for a in both.attempts] == [True, True]


def test_without_a_sign_nothing_is_gos() -> None:
    hello = client_hello(0.13, is_go=False)
    asked = question([query(0.0, edns=None)], [response(0.01, SERVER)])
    assert not only(facts(asked, fetched(hello=hello))).is_go


def test_tries_are_numbered_in_order_of_their_start() -> None:
    captured = facts(
        fetched(0, 5.0),
        fetched(1, 1.0, name="a.example", address=OTHER),
        resolved(rcode="NXDOMAIN", name="b.example", at_s=2.0),
    )
    assert [a.start_s for a in captured.attempts] == [1.0, 2.0, 5.0]
    assert [a.index for a in captured.attempts] == [0, 1, 2]


def test_each_has_exactly_one_ending() -> None:
    captured = facts(
        resolved(SERVER),
        failed_hello(acked=True),
        connection(1, 0.2, port=80, client=sent(200, 0.23)),
        request(1, 0.23, status=None),
        session=session(),
        duration_s=30.0,
    )
    assert [a.reason for a in captured.attempts] == ["no answer", "no answer"]
