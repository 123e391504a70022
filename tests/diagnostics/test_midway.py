"""What a capture that lacks the beginning, or the end, leaves open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import Connection, DnsExchange, Turn
from captures.session import Socket
from diagnostics.engine import diagnose
from diagnostics.verdict import Outcome, Verdict
from tests.factories import (
    CLIENT,
    NOTHING_BACK,
    OTHER,
    SERVER,
    Part,
    client_hello,
    connect,
    connection,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    query,
    question,
    reset,
    resolved,
    response,
    sent,
    session,
    unconnected,
)

OLDER = "198.51.100.99"


def judged(*parts: Any, **changes: Any) -> Verdict:
    return diagnose(facts(*parts, **{"duration_s": 60.0} | changes))


def unasked(at_s: float, *addresses: str, **changes: Any) -> DnsExchange:
    """The answer to a question that is not in the capture."""
    return question([], [response(at_s, *addresses, latency_s=None, **changes)])


def refused(stream: int = 0, at_s: float = 0.1, *, address: str = OTHER) -> Connection:
    return connection(
        stream,
        at_s,
        address=address,
        **NOTHING_BACK,
        resets=(reset(at_s + 0.05),),
        last_s=at_s + 0.05,
    )


def socket_to(address: str) -> Socket:
    """A socket of the recorded command."""
    return Socket("tcp", CLIENT, 41000, address, 443)


def turn(asked_s: float) -> Turn:
    answered_s = asked_s + 0.03
    frames = frame_at(asked_s), frame_at(answered_s)
    return Turn(frames[0], asked_s, frames[1], answered_s, 0.03, None, False, 0.02, 0.01)


def older(*asked_s: float, **changes: Any) -> Connection:
    """A connection from before the capture, over which these questions were answered."""
    talk: dict[str, Any] = {"client": sent(900, 0.01, 0.5), "server": sent(9000, 0.03, 0.6)}
    asked = tuple(map(turn, asked_s))
    kept = {"address": OLDER, "starts_midway": True, "syn_frame": None, "turns": asked}
    return connection(2, 0.0, **talk | kept | changes)


def test_what_failed_counts_where_the_capture_begins_before_it() -> None:
    assert judged(refused()).outcome is Outcome.FAILED
    whole = question([query(0.0)], [response(0.01, SERVER)])
    assert judged(whole, refused()).outcome is Outcome.FAILED


def test_what_failed_after_an_unasked_answer_may_be_anybodys() -> None:
    verdict = judged(unasked(0.01, SERVER), refused())
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert f"{OTHER}:443 failed" in str(verdict.reason)


def test_a_query_that_the_capture_lost_later_changes_nothing() -> None:
    """Its answer comes later than anybody waits: it was asked while the capture ran."""
    assert judged(refused(), unasked(5.1, SERVER)).outcome is Outcome.FAILED


def test_the_answer_that_led_to_a_dead_address_may_lie_before_the_capture() -> None:
    """The recorded command connects to an address that none of the answers has: a forged one,
    which came before them, may have led there."""
    told = unasked(0.01, SERVER)
    dead = unconnected(0.1, 1.1, 3.1, address=OTHER)
    mine = session(sockets=(socket_to(OTHER),))
    verdict = judged(told, dead, session=mine)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "which answer" in str(verdict.reason)
    assert judged(dead, session=mine).outcome is Outcome.FAILED
    here = unconnected(0.1, 1.1, 3.1, address=SERVER)
    named = judged(told, here, session=session(sockets=(socket_to(SERVER),)))
    assert named.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        pytest.param(older(0.16, 0.46), Outcome.INCONCLUSIVE, id="and was answered"),
        pytest.param(older(0.46), Outcome.FAILED, id="once, as anybody may"),
        pytest.param(older(0.16), Outcome.FAILED, id="after the first only"),
        pytest.param(older(0.16, 0.46, port=22), Outcome.FAILED, id="over ssh"),
        pytest.param(older(0.05, 0.9), Outcome.FAILED, id="at other times"),
        pytest.param(older(0.16, 0.46, starts_midway=False), Outcome.FAILED, id="not from before"),
    ],
)
def test_at_once_the_client_turned_to_an_older_connection(more: Part, outcome: Outcome) -> None:
    """GOPROXY may go on there: the capture does not show what that server is."""
    failures = [refused(address=SERVER), refused(1, 0.4, address=SERVER)]
    parts = [resolved(SERVER, name="proxy.golang.org"), failures, more]
    assert judged(*parts).outcome is outcome
    assert judged(*parts, session=session(sockets=(socket_to(SERVER),))).outcome is Outcome.FAILED


def test_a_server_whose_lookup_lies_before_the_capture_may_be_the_next_entry() -> None:
    """go asks it after each failure."""
    used, shaken = fetched(2, 0.0, name="mirror.example", address=OLDER)
    elsewhere = replace(used, turns=(turn(0.16), turn(0.46)))
    failures = [refused(address=SERVER), refused(1, 0.4, address=SERVER)]
    looked_up = resolved(SERVER, name="proxy.golang.org")
    parts = [failures, elsewhere, shaken]
    assert judged(looked_up, *parts).outcome is Outcome.INCONCLUSIVE
    assert judged(looked_up, resolved(OLDER, name="mirror.example"), *parts).root_cause is not None


def test_a_cut_answer_leaves_open_which_address_it_gave() -> None:
    """Two answers, an address that is no server's, another try at the same moment: any of these
    may mean that what failed has nothing to do with the name."""
    cut = question([query(0.0)], [response(0.01, whole=False)], name="proxy.golang.org")
    assert judged(cut, refused(0, 0.02)).outcome is Outcome.FAILED
    twice = replace(cut, responses=(*cut.responses, response(0.012, whole=False)))
    sunk = refused(0, 0.02, address="127.0.0.1")
    both = [refused(0, 0.02), refused(1, 0.1, address=OLDER)]
    for odd in ([twice, refused(0, 0.02)], [cut, sunk], [cut, both]):
        verdict = judged(*odd)
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert "cut short or missing" in str(verdict.reason)


def test_an_answer_that_two_senders_gave_may_have_been_the_wrong_one() -> None:
    """AAAA is answered twice, by two that differ; the second answer to A is not in the capture."""
    four, six = resolved(OTHER, name="proxy.golang.org")
    forged = replace(six.responses[0], has_edns=False, ip_ttl=63)
    both = replace(six, responses=(forged, replace(six.responses[0], time_s=0.05)))
    assert judged(four, six, refused(0, 0.06)).outcome is Outcome.FAILED
    verdict = judged(four, both, refused(0, 0.06))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "two senders" in str(verdict.reason)


def test_a_cut_hello_may_be_that_of_the_next_entry() -> None:
    """Refused, and then another server answers: what name it was asked for cannot be read."""
    cut = client_hello(0.18, complete=False, sni=None, is_go=False)
    answered, shaken = fetched(1, 0.15, address=OLDER, hello=cut)
    lookup = resolved(OTHER, name="proxy.golang.org")
    after = replace(answered, turns=(turn(0.2),))
    assert judged(lookup, refused(), after, shaken).outcome is Outcome.INCONCLUSIVE
    before = replace(answered, turns=(turn(0.05),))
    assert judged(lookup, refused(), before, shaken).outcome is Outcome.FAILED


def test_a_tunnel_whose_asker_is_cut_off_may_be_for_the_next_entry() -> None:
    """A 404, and at once a CONNECT that is never answered: whose, its User-Agent would say."""
    missing = fetched_plain(target="/m/@v/v1.mod", status=404)
    after_s = 0.2
    said = sent(90, after_s + 0.03)
    carried = connection(1, after_s, address=OTHER, port=3128, client=said, last_s=30.0)
    asked = connect(
        1, after_s + 0.03, status=None, response_s=None, user_agent=None, to="b.example"
    )
    parts = [resolved(SERVER), missing, carried, asked]
    assert judged(*parts).outcome is Outcome.FAILED
    verdict = judged(*parts, truncated_packets=9)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "go asked for that too" in str(verdict.reason)


def test_a_connection_that_had_not_come_about_when_the_capture_stopped() -> None:
    """Nothing shows which of the two go needs."""
    waiting = unconnected(0.02)
    denied = question([query(0.1)], [response(0.11, rcode="NXDOMAIN")], name="a.internal")
    verdict = judged(waiting, denied, duration_s=0.2)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "had not come about" in str(verdict.reason)
    alone = judged(denied, duration_s=0.2)
    assert alone.outcome is Outcome.FAILED


def test_other_programs_alone_prove_no_healthy_download() -> None:
    """The capture begins within a connection, and every ClientHello in it is another program's."""
    foreign = client_hello(0.01, "www.example.com", is_go=False)
    begun, shaken = fetched(0, 0.0, name="www.example.com", hello=foreign)
    whole = judged(begun, shaken)
    assert whole.outcome is Outcome.HEALTHY
    midway: dict[str, Any] = {"starts_midway": True, "syn_frame": None}
    verdict = judged(replace(begun, **midway), shaken)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "nothing that it shows is go's" in str(verdict.reason)
    mine = fetched(0, 0.0)
    assert judged(replace(mine[0], **midway), mine[1]).outcome is Outcome.HEALTHY
