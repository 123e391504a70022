"""Whose resets they were, and which of them ended anything."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, Facts, Side
from diagnostics.resets import (
    broken_by_reset,
    forged_reset,
    forged_ttls,
    refusal_is_forged,
    reset_after_hello,
    reset_evidence,
    struck,
)
from tests.factories import (
    NOTHING_BACK,
    SERVER,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    handshake,
    request,
    reset,
    resolved,
    sent,
)


def cut(*resets: Any, answered: bool = True, tls: bool = True) -> Facts:
    server = sent(9000, 0.15, 0.5) if answered else {}
    carried = connection(
        port=443 if tls else 80,
        last_s=0.6,
        client=sent(900, 0.13, 0.2),
        server=server,
        resets=resets,
    )
    said = handshake() if tls else request(status=200 if answered else None, complete=False)
    return facts(resolved(SERVER), carried, said)


@pytest.mark.parametrize(
    ("captured", "broken"),
    [
        pytest.param(cut(reset(0.6)), True, id="in the middle of an answer"),
        pytest.param(cut(reset(0.6), answered=False, tls=False), True, id="before an answer"),
        pytest.param(cut(reset(0.6, Side.CLIENT)), False, id="the client's own"),
        pytest.param(cut(), False, id="none"),
        pytest.param(
            facts(resolved(SERVER), failed_hello(ended_by=(reset(0.133),))),
            False,
            id="after a ClientHello, which has rules of its own",
        ),
    ],
)
def test_what_a_reset_broke(captured: Facts, broken: bool) -> None:
    assert bool(broken_by_reset(captured)) is broken


def test_of_several_resets_the_forged_one_counts() -> None:
    captured = cut(reset(0.58), reset(0.6, ttl=62, signs=("sequence_changes",)))
    forged = forged_reset(captured, captured.attempts[0])
    assert forged is not None
    assert forged.frame == frame_at(0.6)


def test_the_clients_reset_is_never_the_servers_forged_one() -> None:
    captured = cut(reset(0.6, Side.CLIENT, signs=("sequence_changes",)))
    assert forged_reset(captured, captured.attempts[0]) is None


def test_the_hosts_own_ttl_is_not_a_forgers() -> None:
    """It resets the connection itself once the forged RST has confused both sides."""
    mixed = cut(reset(0.58, ttl=62, signs=("peer_went_on",)), reset(0.6, signs=("before_rtt",)))
    assert forged_ttls(mixed, SERVER) == {62}
    assert forged_ttls(cut(reset(0.6, signs=("before_rtt",))), SERVER) == {60}
    assert not forged_ttls(cut(reset(0.6)), SERVER)


def refused(after_s: float, ttl: int) -> Connection:
    return connection(
        0,
        0.1,
        last_s=0.1 + after_s,
        server={"ttl": None, "ttl_syn": None},
        resets=(reset(0.1 + after_s, ttl=ttl),),
        **NOTHING_BACK,
    )


@pytest.mark.parametrize(
    ("after_s", "ttl", "forged"),
    [
        (0.001, 63, True),
        (0.001, 113, True),  # a TTL that is made up
        (0.02, 63, False),  # nearer, but not sooner than the host could answer
        (0.001, 60, False),  # sooner, but from where the host is
        (0.02, 60, False),
    ],
)
def test_a_refusal_from_nearer_and_sooner_than_the_host(
    after_s: float, ttl: int, forged: bool
) -> None:
    captured = facts(refused(after_s, ttl), fetched(1, 0.5))
    assert refusal_is_forged(captured, captured.connection(0)) is forged


@pytest.mark.parametrize(
    ("syns", "accepted_ttl", "forged"),
    [
        pytest.param((0.1,), 60, True, id="the host accepts the SYN that was refused"),
        pytest.param((0.1, 0.6), 60, False, id="another SYN, which a service that is up accepts"),
        pytest.param((0.1,), 113, False, id="both from one sender"),
    ],
)
def test_a_refusal_that_a_syn_ack_follows(
    syns: tuple[float, ...], accepted_ttl: int, forged: bool
) -> None:
    both = connection(
        0,
        0.1,
        last_s=0.7,
        client={"syn_frames": tuple(map(frame_at, syns)), "syn_times_s": syns},
        server={"ttl": accepted_ttl, "ttl_syn": accepted_ttl},
        resets=(reset(0.11, ttl=113),),
        **(NOTHING_BACK | {"syn_ack_frame": frame_at(0.65)}),
    )
    captured = facts(both)
    assert refusal_is_forged(captured, captured.connection(0)) is forged


def test_a_refusal_cannot_be_told_without_the_host() -> None:
    captured = facts(refused(0.001, 63))
    assert not refusal_is_forged(captured, captured.connection(0))


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"ended_by": (reset(0.133),)}, True),
        ({"ended_by": (reset(0.133),), "acked": True}, True),
        # The server's answer was on its way: a forged RST still answered the hello.
        ({"ended_by": (reset(0.16, signs=("before_rtt",)),), "server": sent(1400, 0.15)}, True),
        ({"ended_by": (reset(0.16),), "server": sent(1400, 0.15)}, False),
        ({"ended_by": ()}, False),
    ],
)
def test_resets_that_answer_a_hello(changes: dict[str, Any], after: bool) -> None:
    captured = facts(resolved(SERVER), failed_hello(**changes))
    assert reset_after_hello(captured, captured.attempts[0]) is after


def test_go_gives_up_only_over_an_answer_that_had_begun() -> None:
    begun = cut(reset(0.6))
    assert struck(begun, begun.attempts[0])
    waiting = cut(reset(0.6), answered=False, tls=False)
    assert not struck(waiting, waiting.attempts[0])


def test_the_evidence_sets_the_reset_beside_the_servers_segments() -> None:
    captured = cut(reset(0.6, ttl=62, signs=("ttl_differs", "ip_id_differs")))
    shown = reset_evidence(captured, captured.attempts[0])
    assert shown.frames == (frame_at(0.12), frame_at(0.6))
    for words in ("TTL 62", "TTL 60", "9000 bytes", "ip id differs, ttl differs"):
        assert words in shown.text
