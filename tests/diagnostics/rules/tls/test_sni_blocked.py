"""Connections that end with the name in the ClientHello, by somebody else than the server."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NOTHING_BACK,
    OTHER,
    SERVER,
    SERVER_TTL,
    client_hello,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    reset,
    resolved,
    unconnected,
)

CODE = "tls.sni_blocked"


def blocked(*more: Any, **changes: Any) -> Facts:
    return facts(resolved(SERVER), failed_hello(**changes), *more)


def forged(ttl: int = 62) -> dict[str, Any]:
    signs = ("ttl_differs", "ip_id_differs") if ttl != SERVER_TTL else ("sequence_changes",)
    return {"ended_by": (reset(0.133, ttl=ttl, signs=signs),)}


FIN: dict[str, Any] = {
    "server": {"fin_s": 0.135, "fin_frame": frame_at(0.135), "fin_ttl": 62},
    "last_s": 0.14,
}
SPARED = fetched(1, 1.0, name="www.example.com")
"""The same hello with another name, at the same address."""


@pytest.mark.parametrize(
    ("end", "distance"),
    [
        pytest.param(forged(), (3, 3), id="forged RST"),
        pytest.param(forged(SERVER_TTL), (1, 5), id="forged RST with the server's TTL"),
        pytest.param(FIN, (3, 3), id="forged FIN"),
    ],
)
def test_what_was_forged_places_the_box(end: dict[str, Any], distance: tuple[int, int]) -> None:
    cut = blocked(**end)
    finding = only(CODE, cut)
    assert place(finding) == (Role.MIDDLEBOX, None, distance)
    assert frame_at(0.13) in frames(finding)
    assert len(frames(finding)) == 2
    assert root_of(cut) == ("failed", CODE)


def refused(at_s: float, ttl: int, port: int = 443) -> Any:
    """A SYN that is reset at once."""
    return connection(
        1,
        at_s,
        port=port,
        last_s=at_s + 0.001,
        server={"ttl": None, "ttl_syn": None},
        resets=(reset(at_s + 0.001, ttl=ttl),),
        **NOTHING_BACK,
    )


def cut_at_once(at_s: float, ttl: int) -> Any:
    """A connection that is reset before its hello leaves."""
    signs = ("ttl_differs", "ip_id_differs") if ttl != SERVER_TTL else ()
    said: dict[str, Any] = {"client": {"payload_bytes": 0}, "server": {"payload_bytes": 0}}
    at_reset = (reset(at_s + 0.03, ttl=ttl, signs=signs),)
    return connection(1, at_s, last_s=at_s + 0.03, resets=at_reset, **said)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(cut_at_once(2.0, 113), id="reset as soon as it is connected"),
        pytest.param(cut_at_once(0.3, 113), id="by a lookup that served both"),
        pytest.param(refused(2.0, 113), id="reset"),
        pytest.param(unconnected(2.0, 3.0, 5.0, stream=1), id="silence"),
    ],
)
def test_the_box_goes_on_blocking_the_address_for_a_while(later: Any) -> None:
    cut = facts(resolved(SERVER), failed_hello(**forged()), later, duration_s=60.0)
    assert only(CODE, cut).streams == {0, 1}
    assert root_of(cut) == ("failed", CODE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(unconnected(0.0, 1.0, 3.0, stream=1), id="begun before"),
        pytest.param(unconnected(200.0, 201.0, 203.0, stream=1), id="long after"),
        pytest.param(cut_at_once(2.0, SERVER_TTL), id="the server's own reset"),
        pytest.param(unconnected(2.0, 3.0, 5.0, stream=1, port=80), id="another port"),
    ],
)
def test_what_else_does_not_connect_is_not_its_doing(other: Any) -> None:
    cut = facts(resolved(SERVER), failed_hello(**forged()), other, duration_s=300.0)
    assert only(CODE, cut).streams == {0}


def test_a_small_hello_that_is_swallowed() -> None:
    swallowed = blocked(SPARED, last_s=10.1)
    finding = only(CODE, swallowed)
    assert place(finding) == (Role.MIDDLEBOX, None, (1, 5))
    assert finding.confidence > 0.9
    assert finding.impact_s == pytest.approx(10.1, abs=0.1)
    assert root_of(swallowed) == ("failed", CODE)


def test_the_name_that_passes_makes_it_surer() -> None:
    assert (
        only(CODE, blocked(SPARED, **forged())).confidence
        > only(CODE, blocked(**forged())).confidence
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        pytest.param({"ended_by": (reset(0.152),), "acked": True}, "tcp.reset_by_server", id="own"),
        pytest.param({"acked": True}, "tls.handshake_timeout", id="acknowledged"),
    ],
)
def test_what_is_the_servers_own(changes: dict[str, Any], cause: str) -> None:
    ended = blocked(**changes)
    assert not found(CODE, ended)
    assert root_of(ended) == ("failed", cause)


def test_another_hello_with_the_same_name_clears_the_name() -> None:
    smaller = fetched(1, 1.0, hello=client_hello(1.03, size=180, signature_schemes=(0x0403,)))
    assert not found(CODE, blocked(smaller, **forged()))


def test_a_blocked_name_is_one_finding() -> None:
    again = failed_hello(
        1, 2.0, hello=client_hello(2.03), ended_by=(reset(2.033, ttl=62, signs=("before_rtt",)),)
    )
    assert only(CODE, blocked(again, **forged())).streams == {0, 1}


def test_another_program_on_a_block_list_is_background() -> None:
    stray = failed_hello(
        1,
        2.0,
        address=OTHER,
        hello=client_hello(2.03, "ads.example", is_go=False),
        ended_by=forged()["ended_by"],
    )
    assert root_of(facts(resolved(SERVER), fetched(), stray)) == ("healthy", None)


def test_a_name_that_was_not_read_is_not_blamed() -> None:
    """The RST is forged all the same: that much is said."""
    unread = client_hello(0.13, complete=False, sni=None)
    cut = blocked(hello=unread, **forged())
    assert not found(CODE, cut)
    assert found("tcp.reset_injected", cut)
