"""Connections that die without a word, and servers that only stall."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, LossSide, TlsHandshake
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import (
    CLIENT,
    OTHER,
    SERVER,
    asked_again,
    client_hello,
    closed,
    connection,
    facts,
    failed_hello,
    fetched,
    request,
    resolved,
    sent,
)
from tests.factories.courses import again, needless

CODE = "tcp.blackhole"
COPIES = asked_again((0.2, 0.22), (1.0, None), (1.22, None), (1.7, None), (2.6, None), (4.4, None))


def test_data_that_is_never_heard_again() -> None:
    silent = fetched(client=sent(1000, 0.13, 4.4) | COPIES, last_s=4.4)
    capture = facts(resolved(SERVER), silent)
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s == pytest.approx(3.4)
    assert finding.streams == {0}
    assert root_of(capture) == ("failed", CODE)


def test_other_programs_go_on() -> None:
    """What a browser loads after the download has died does not make it good."""
    silent = fetched(client=sent(1000, 0.13, 4.4) | COPIES | closed(5.0), last_s=5.0)
    foreign = client_hello(20.03, "www.example.com", is_go=False)
    browser = fetched(1, 20.0, name="www.example.com", address=OTHER, hello=foreign)
    capture = facts(resolved(SERVER), silent, browser, duration_s=30.0)
    assert root_of(capture) == ("failed", CODE)


def test_a_stalled_server_answers_keep_alives() -> None:
    answered = asked_again((0.2, 0.22), (15.0, 15.02), (30.0, 30.02))
    stalled = fetched(client=sent(1000, 0.13) | answered, last_s=30.02)
    assert not found(CODE, facts(resolved(SERVER), stalled))


def test_an_outage_that_ended_is_no_death() -> None:
    back = asked_again((1.0, None), (1.22, None), (1.7, None), (2.6, None), (4.4, 4.42))
    assert not found(CODE, facts(resolved(SERVER), fetched(client=back, last_s=6.0)))


def test_a_hello_that_nobody_answers_has_its_own_rules() -> None:
    asked = asked_again((0.13, None), (0.35, None), (0.8, None), (1.7, None), (3.5, None))
    _, handshake = failed_hello()
    silent = connection(client=sent(300, 0.13) | asked, last_s=3.5)
    assert not found(CODE, facts(resolved(SERVER), [silent, handshake]))


def test_farewells_to_a_host_that_left_cost_nothing() -> None:
    byes = asked_again((0.2, 0.22), (1.0, None), (1.3, None), (2.0, None), (3.6, None))
    done = fetched(client=sent(1000, 0.13) | closed(1.0) | byes, last_s=3.6)
    assert not found(CODE, facts(resolved(SERVER), done))


def test_a_server_that_hears_no_more_repeats_what_was_acknowledged() -> None:
    copies = tuple(needless(t) for t in (1.0, 1.5, 2.4, 4.2))
    server = sent(15_000, 0.2, 0.5) | {"retransmissions": copies}
    finding = only(CODE, facts(resolved(SERVER), fetched(server=server, last_s=4.2)))
    assert "no longer hears" in finding.summary


def test_needless_copies_of_different_segments_are_no_sign() -> None:
    copies = tuple(needless(t, sequence=n) for n, t in enumerate((1.0, 1.5, 2.4, 4.2)))
    server = sent(15_000, 0.2, 0.5) | {"retransmissions": copies}
    assert not found(CODE, facts(resolved(SERVER), fetched(server=server, last_s=4.2)))


def test_a_body_that_stops_and_a_fin_that_nobody_answers() -> None:
    byes = asked_again((0.2, 0.22), (9.0, None), (9.23, None))
    stopped = connection(
        port=80,
        client=sent(200, 0.13) | closed(9.0) | byes,
        server=sent(2000, 0.2, 0.5),
        last_s=9.23,
    )
    asked = request(0, 0.13, complete=False, announced_bytes=9000, received_bytes=2000)
    finding = only(CODE, facts(resolved(SERVER), [stopped, asked]))
    assert finding.confidence < 0.8


def gone(**client: Any) -> tuple[Connection, TlsHandshake]:
    """On a router: the server sends one segment four times more, and the client is not heard."""
    lost = tuple(again(t, loss=LossSide.AFTER_CAPTURE) for t in (0.6, 1.2, 2.4, 4.8))
    asked = asked_again(
        (0.2, 0.22), (0.3, None), (0.6, None), (1.2, None), (2.4, None), (4.8, None)
    )
    server = sent(20_000, 0.2, 0.3) | asked | {"retransmissions": lost, "last_s": 4.8}
    return fetched(client=sent(1000, 0.13, 0.22) | client, server=server, last_s=4.8)


def test_a_client_that_is_gone_seen_from_a_router() -> None:
    capture = facts(resolved(SERVER), gone(), distances={CLIENT: 2})
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 2))
    assert "by the client" in finding.summary
    assert finding.fix[1].command == f"sudo traceroute {CLIENT}"


def test_a_client_that_left_is_no_dead_path() -> None:
    assert not found(CODE, facts(resolved(SERVER), gone(**closed(0.22)), distances={CLIENT: 2}))


def test_the_capturing_client_does_not_fall_silent_to_itself() -> None:
    assert not found(CODE, facts(resolved(SERVER), gone()))
