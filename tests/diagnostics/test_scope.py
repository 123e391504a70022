"""What belongs to the download, by signs of go, or everything when there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import TlsStage
from captures.session import Socket
from diagnostics.engine import diagnose
from diagnostics.scope import Scope, scope_of
from diagnostics.verdict import Finding, Hop, Outcome, Role
from tests.factories import (
    NAME,
    NOTHING_BACK,
    OTHER,
    SERVER,
    Part,
    client_hello,
    closed,
    connect,
    connection,
    facts,
    fetched,
    fetched_plain,
    query,
    question,
    reset,
    resolved,
    response,
    sent,
    session,
)

STRAY: list[Part] = [
    question([query(2.0, edns=None)], [response(2.01, OTHER)], name="www.example.com"),
    *fetched(
        1,
        2.1,
        name="www.example.com",
        address=OTHER,
        hello=client_hello(2.13, "www.example.com", is_go=False),
    ),
]


def names(*parts: Part) -> set[str | None]:
    captured = facts(*parts)
    return {captured.attempts[i].name for i in scope_of(captured).attempts}


@pytest.mark.parametrize(
    "mine",
    [
        pytest.param(fetched(), id="a go hello"),
        pytest.param(fetched_plain(), id="a module proxy's path"),
        pytest.param(
            fetched_plain(target="/x", user_agent="GoCommand/1 (+https://go.dev/cmd/go)"),
            id="go's user agent",
        ),
    ],
)
def test_what_shows_itself_as_gos_is_the_download(mine: tuple[Part, ...]) -> None:
    assert names(*resolved(SERVER), *mine, *STRAY) == {NAME}


def test_a_name_whose_address_is_never_tried_is_still_the_downloads() -> None:
    """go connects to 0.0.0.0 over loopback, which is not recorded; the rest is not its traffic."""
    sunk = resolved("0.0.0.0", name="proxy.golang.org")
    foreign = client_hello(0.13, "www.example.com", is_go=False)
    stray = fetched(name="www.example.com", address=OTHER, hello=foreign)
    assert names(*sunk, *stray) == {"proxy.golang.org"}


def test_the_connect_of_a_go_handshake_is_gos() -> None:
    carried, shaken = fetched(port=3128)
    assert names(carried, shaken, connect(at_s=0.11), *STRAY) == {NAME}


def test_sockets_of_the_recorded_command_are_gos() -> None:
    """A connection that shows nothing else: its ports and addresses say whose it is."""
    unknown = connection(0, 0.1, address="198.51.100.99", server=sent(900, 0.2))
    socket = Socket("tcp", "10.1.0.2", 41000, "198.51.100.99", 443)
    captured = facts(unknown, STRAY, session=session(sockets=(socket,)))
    assert scope_of(captured).streams == {0}


def test_without_any_sign_all_of_it_is_judged() -> None:
    scope = scope_of(facts(STRAY[0], connection(0, 2.1, address=OTHER)))
    assert scope.attempts == {0}
    assert not scope.recognised


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(question([], [response(0.01, OTHER)]), id="begins with an answer"),
        pytest.param(
            question([query(0.0)], [response(0.01, whole=False)]), id="addresses are cut off"
        ),
        pytest.param(
            question([query(0.0, whole=False)], [response(0.01, OTHER)]), id="a query is cut off"
        ),
    ],
)
def test_a_failure_is_nobodys_where_the_signs_of_go_are_not_captured(hidden: Part) -> None:
    failing = connection(0, 2.1, address="198.51.100.99", **NOTHING_BACK, resets=(reset(2.12),))
    assert not scope_of(facts(hidden, failing)).attempts
    assert scope_of(facts(failing)).attempts == {0}
    working = facts(hidden, fetched(0, 2.1, hello=client_hello(2.13, is_go=False)))
    assert scope_of(working).attempts


def test_a_failure_beside_may_be_gos_where_its_sign_is_cut_off() -> None:
    """go follows a redirect to a name whose lookup is cut short, and fails there."""
    denied = response(1.31, rcode="NXDOMAIN")
    aside = question([query(1.3, edns=None)], [denied], name="cdn.example")
    whole = facts(resolved(SERVER), fetched(), aside, duration_s=9.0)
    assert diagnose(whole).outcome is Outcome.HEALTHY
    asked = replace(aside.queries[0], whole=False)
    cut = facts(resolved(SERVER), fetched(), replace(aside, queries=(asked,)), duration_s=9.0)
    verdict = diagnose(cut)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "cdn.example:443 failed" in (verdict.reason or "")


def test_a_hello_beside_that_is_cut_off_may_be_gos_last() -> None:
    cut = client_hello(0.53, complete=False, sni=None, is_go=False)
    unread, shaken = fetched(1, 0.5, address=OTHER, hello=cut)
    brief = replace(unread, server=replace(unread.server, payload_bytes=100))
    nothing: dict[str, Any] = {"server_hello": None, "first_application_data_s": {}}
    unreadable = replace(shaken, stage=TlsStage.CLIENT_HELLO, **nothing)
    captured = facts(resolved(SERVER), fetched(), brief, unreadable, duration_s=9.0)
    assert diagnose(captured).outcome is Outcome.INCONCLUSIVE


def test_flows_that_began_before_the_capture_may_be_it() -> None:
    midway = connection(
        0, 0.0, address="198.51.100.99", starts_midway=True, server=sent(90_000, 0.1, 0.9)
    )
    failing = connection(1, 0.5, address=OTHER)
    scope = scope_of(facts(midway, failing))
    assert scope.streams == {0}
    assert not scope.recognised


@pytest.mark.parametrize(
    "ended", [{"client": closed(0.4)}, {"server": closed(0.4)}, {"resets": (reset(0.4),)}]
)
def test_flows_that_only_end_in_the_capture_may_be_it(ended: dict[str, Any]) -> None:
    midway = connection(0, 0.0, address="198.51.100.99", starts_midway=True, **NOTHING_BACK | ended)
    assert scope_of(facts(midway, connection(1, 0.5, address=OTHER))).streams == {0}


def test_names_of_other_programs_stay_theirs_where_gos_answer_is_unread() -> None:
    """Any connection may be the download's then, but no name that go would have asked for."""
    cut = [replace(half, responses=(response(0.02, whole=False),)) for half in resolved(SERVER)]
    foreign = question([query(0.1, edns=None)], [response(0.11, rcode="NXDOMAIN")], name="ads.test")
    captured = facts(*cut, foreign, connection(0, 1.5, address=OTHER))
    assert {captured.attempts[i].name for i in scope_of(captured).attempts} == {NAME, None}


def test_a_hello_that_was_cut_off_may_be_gos() -> None:
    """What else failed is then another program's as likely as go's: nothing can be said."""
    cut = client_hello(0.13, complete=False, sni=None, is_go=False)
    unread = fetched(hello=cut, address="198.51.100.99")
    failing = connection(1, 0.5, address=OTHER, **NOTHING_BACK, resets=(reset(0.52),))
    captured = facts(unread, failing)
    assert scope_of(captured).streams == {0}
    verdict = diagnose(captured)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert f"{OTHER}:443 failed" in (verdict.reason or "")


def test_an_ssh_session_in_the_capture_is_no_download() -> None:
    session_of_mine = connection(
        0, 0.0, address="198.51.100.99", port=22, starts_midway=True, server=sent(900, 0.1, 0.9)
    )
    assert scope_of(facts(session_of_mine, connection(1, 0.5, address=OTHER))).streams == {0, 1}


def covered(**changes: Any) -> bool:
    scope = Scope(frozenset((1,)), frozenset((7,)), True)
    return scope.covers(Finding(Hop(Role.PATH), "", (), (), 0.9, 0.0, **changes))


@pytest.mark.parametrize(
    ("changes", "inside"),
    [
        ({}, True),
        ({"attempts": frozenset((1, 2))}, True),
        ({"attempts": frozenset((2,))}, False),
        ({"streams": frozenset((7,))}, True),
        ({"streams": frozenset((8,))}, False),
        ({"attempts": frozenset((2,)), "streams": frozenset((7,))}, False),
    ],
)
def test_findings_are_of_the_download_by_their_attempts_first(
    changes: dict[str, frozenset[int]], inside: bool
) -> None:
    assert covered(**changes) is inside
