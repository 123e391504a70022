"""Which cause a ClientHello without a ServerHello belongs to, by its end and by what passed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import Facts, TlsStage
from diagnostics.helloends import End
from diagnostics.hellos import Cause, box_hop, failed_hellos, what_is_seen
from tests.factories import (
    GATEWAY,
    OTHER,
    SERVER,
    SERVER_TTL,
    Part,
    client_hello,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    icmp,
    large_hello,
    reset,
    resolved,
    sent,
)
from tests.factories.courses import shut

OTHER_NAME = "www.example.com"
FORGED = (reset(0.133, ttl=62, signs=("ttl_differs", "ip_id_differs")),)
OWN = (reset(0.152),)
SMALL = fetched(1, 20.0)
SMALL_OTHER_NAME = fetched(1, 20.0, name=OTHER_NAME, address=OTHER)
LARGE_OTHER_NAME = fetched(1, 20.0, name=OTHER_NAME, hello=large_hello(20.03, OTHER_NAME))
LARGE: dict[str, Any] = {"hello": large_hello(0.13)}
FIN = {"fin_s": 0.152, "fin_frame": frame_at(0.152), "fin_ttl": SERVER_TTL}
CONNECTED = {"payload_bytes": 39, "sent_bytes": 39, "last_data_s": 0.12}
"""A proxy's answer to CONNECT, before the hello."""
NEARER_FIN = FIN | {"fin_ttl": 62}


def fin(**changes: Any) -> dict[str, Any]:
    return {"server": changes, "last_s": 0.16}


def causes(captured: Facts) -> list[Cause]:
    return [c for c in Cause for _ in failed_hellos(captured, c)]


@pytest.mark.parametrize(
    ("hello", "more", "cause"),
    [
        # Ended by somebody else than the server: the name is what boxes look at first …
        ({"ended_by": FORGED}, (), Cause.SNI_BLOCKED),
        ({"ended_by": FORGED} | LARGE, (), Cause.SNI_BLOCKED),
        (fin(**NEARER_FIN), (), Cause.SNI_BLOCKED),
        ({"ended_by": FORGED}, SMALL_OTHER_NAME, Cause.SNI_BLOCKED),
        ({"ended_by": FORGED} | LARGE, LARGE_OTHER_NAME, Cause.SNI_BLOCKED),
        # … unless another hello with the same name passes.
        ({"ended_by": FORGED} | LARGE, SMALL, Cause.REJECTED),
        (fin(**NEARER_FIN) | LARGE, SMALL, Cause.REJECTED),
        ({"ended_by": OWN} | LARGE, SMALL, Cause.REJECTED),
        # Ended by the server itself.
        ({"ended_by": OWN}, (), Cause.SERVER_RESET),
        (fin(**FIN), (), Cause.REJECTED),
        # Silence: by what was acknowledged.
        ({"acked": True}, (), Cause.HANDSHAKE_TIMEOUT),
        ({"acked": True} | LARGE, (), Cause.HANDSHAKE_TIMEOUT),
        ({"acked": True} | LARGE, SMALL, Cause.REJECTED),
        ({"acked": True, "server": CONNECTED}, (), Cause.HANDSHAKE_TIMEOUT),
        # The server takes what its window holds of the hello, and closes it for good.
        (LARGE | {"server": {"zero_windows": (shut(0.2, None),)}}, (), Cause.HANDSHAKE_TIMEOUT),
        (LARGE | {"server": {"zero_windows": (shut(0.2, 0.3),)}}, (), Cause.DROPPED),
        ({}, (), Cause.SNI_BLOCKED),
        ({}, SMALL_OTHER_NAME, Cause.SNI_BLOCKED),
        (LARGE, (), Cause.DROPPED),
        (LARGE, SMALL, Cause.DROPPED),
        (LARGE, LARGE_OTHER_NAME, Cause.SNI_BLOCKED),
        # Silence in which the answer is on its way, and lost for its size.
        ({"acked": True, "server": {"missing_bytes": 2896}}, (), Cause.MTU),
        ({"acked": True, "server": {"sent_bytes": 2896}}, (), Cause.MTU),
        ({"acked": True, "server": CONNECTED | {"sent_bytes": 2935}}, (), Cause.MTU),
        (LARGE, (icmp(0.14, GATEWAY, kind="fragmentation_needed", mtu=1400),), Cause.MTU),
    ],
)
def test_the_cause(hello: dict[str, Any], more: tuple[Part, ...], cause: Cause) -> None:
    assert causes(facts(resolved(SERVER), failed_hello(**hello), more)) == [cause]


def test_large_hellos_that_fail_for_every_name_are_not_the_names() -> None:
    second = failed_hello(
        1,
        2.0,
        address=OTHER,
        hello=large_hello(2.03, OTHER_NAME),
        ended_by=(reset(2.033, ttl=62, signs=("before_rtt",)),),
    )
    both = facts(failed_hello(ended_by=FORGED, **LARGE), second)
    assert causes(both) == [Cause.REJECTED, Cause.REJECTED]


def test_a_large_hello_that_passes_elsewhere_leaves_the_name() -> None:
    """Not every name fails: what failed was the name, not the hello."""
    passed = fetched(1, 2.0, name=OTHER_NAME, address=OTHER, hello=large_hello(2.03, OTHER_NAME))
    assert causes(facts(failed_hello(ended_by=FORGED, **LARGE), passed)) == [Cause.SNI_BLOCKED]


@pytest.mark.parametrize("hello", [{"ended_by": FORGED}, fin(**NEARER_FIN)])
def test_what_was_hated_is_unknown_where_a_control_lies_before_the_capture(
    hello: dict[str, Any],
) -> None:
    """That server answers on another connection, whose hello may have had any name and size."""
    begun: dict[str, Any] = {"starts_midway": True, "syn_frame": None}
    begun["server"] = sent(9000, 0.0, 0.09)
    failed = failed_hello(**hello, **LARGE)
    assert causes(facts(failed, connection(1, 0.0, **begun))) == [Cause.UNDECIDED]
    elsewhere = connection(1, 0.0, address=OTHER, **begun)
    assert Cause.UNDECIDED not in causes(facts(failed, elsewhere))
    compared = facts(failed, SMALL, connection(2, 0.0, **begun))
    assert Cause.UNDECIDED not in causes(compared)
    plain = facts(failed_hello(**hello), connection(1, 0.0, **begun))
    assert causes(plain) == [Cause.SNI_BLOCKED]


def test_hellos_whose_names_are_cut_off_are_not_compared() -> None:
    """Neither is known to have the other's name, nor another one."""
    cut: dict[str, Any] = {"sni": None, "complete": False}
    silent = failed_hello(hello=large_hello(0.13, **cut))
    passed = fetched(1, 20.0, hello=client_hello(20.03, **cut))
    (failed,) = failed_hellos(facts(resolved(SERVER), silent, passed), Cause.DROPPED)
    assert not failed.why


def test_the_servers_answer_may_lose_the_race_against_a_forged_fin() -> None:
    """Its ServerHello arrives after the FIN in its name: the connection is over all the same."""
    late = {"fin_s": 0.133, "fin_frame": frame_at(0.133), "fin_ttl": SERVER_TTL}
    late |= {"last_data_s": 0.15, "last_data_frame": frame_at(0.15), "payload_bytes": 3000}
    carried, shaken = failed_hello(**fin(**late))
    answered = replace(
        shaken,
        stage=TlsStage.SERVER_HELLO,
        server_hello=fetched()[1].server_hello,
        first_server_record_s=0.15,
        first_server_record_frame=frame_at(0.15),
    )
    (failed,) = failed_hellos(facts(resolved(SERVER), carried, answered), Cause.SNI_BLOCKED)
    assert failed.end is End.CLOSED
    assert failed.forged


CUT_OFF, ASKED = failed_hello(last_s=0.5)
STILL_OPEN = (replace(CUT_OFF, client=replace(CUT_OFF.client, fin_s=None)), ASKED)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(fetched(), id="answered"),
        pytest.param(STILL_OPEN, id="the capture ends"),
    ],
)
def test_hellos_that_did_not_fail(parts: tuple[Part, ...]) -> None:
    assert not causes(facts(resolved(SERVER), parts))


@pytest.mark.parametrize(
    ("hello", "distance"),
    [
        ({"ended_by": FORGED}, (3, 3)),
        ({"ended_by": OWN}, (1, 5)),
        (fin(**NEARER_FIN), (3, 3)),
        (fin(**FIN), (1, 5)),
        ({}, (1, 5)),
    ],
)
def test_the_box_is_where_its_forgery_comes_from(
    hello: dict[str, Any], distance: tuple[int, int]
) -> None:
    captured = facts(resolved(SERVER), failed_hello(**hello))
    (failed,) = [f for c in Cause for f in failed_hellos(captured, c)]
    assert box_hop(captured, failed).distance == distance


def test_the_words_name_what_anybody_can_check() -> None:
    captured = facts(resolved(SERVER), failed_hello(ended_by=FORGED), SMALL_OTHER_NAME)
    (failed,) = failed_hellos(captured, Cause.SNI_BLOCKED)
    text, frames = what_is_seen(failed)
    assert frames == (frame_at(0.13), frame_at(0.133))
    for word in ("280 bytes", "3.0 ms", "TTL 62", "TTL 60", OTHER_NAME):
        assert word in text


def test_the_size_of_a_hello_is_told_from_its_name() -> None:
    """Go 1.22 and 1.27 differ by the key share; two names by a few bytes."""
    longer = client_hello(20.03, "a-much-longer-name.example.com", size=300)
    other = fetched(1, 20.0, name="a-much-longer-name.example.com", hello=longer)
    (failed,) = failed_hellos(
        facts(resolved(SERVER), failed_hello(ended_by=FORGED), other), Cause.SNI_BLOCKED
    )
    assert "a-much-longer-name" in failed.why
