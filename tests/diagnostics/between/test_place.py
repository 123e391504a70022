"""On which side of two points a cause lies, from what the points say together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analyzers.facts import Connection, LossSide, RttSamples, Side
from analyzers.facts.vantage import Comparison, DnsTransit, Forged, Pair, Tie, Transit, Way
from diagnostics.between.place import Where, place
from diagnostics.verdict import Evidence, Finding, Hop, Role
from tests.factories import SERVER, connection, facts, reset, sent
from tests.factories.courses import again

NEAR = connection(0, 0.1, client=sent(500, 0.13), server=sent(9000, 0.15, 0.5))


def finding(cause: str, hop: Hop | None = None, frames: tuple[int, ...] = ()) -> Finding:
    return Finding(
        hop=hop or Hop(Role.SERVER, SERVER, None, (5, 5)),
        summary="",
        evidence=(Evidence("", frames, 0),),
        fix=(),
        confidence=0.9,
        impact_s=1.0,
        streams=frozenset((0,)),
        cause=cause,
    )


def transit(**changes: Any) -> Transit:
    """Ten segments that all came out at the other end."""
    whole = Transit(9000, 10, 0, (), 0, 0, 0, 0, np.full(10, 0.01))
    return replace(whole, **changes)


def comparison(far: Connection = NEAR, tie: Tie = Tie.SAME, **changes: Any) -> Comparison:
    """One connection, seen at both points, three routers apart."""
    lost = changes.pop("lost", {})
    pair = Pair(0, 0, tie, transit(), transit(**lost))
    usual = Comparison(
        near_file="near",
        far_file="far",
        clock=None,
        same_point=False,
        hops=3,
        pairs=(pair,),
        vanished=(),
        near_only=0,
        far_only=0,
        forged=(),
        changes=(),
        dns=DnsTransit(),
        far_connections={0: far},
        overlap=(0.0, 60.0),
    )
    return replace(usual, **changes)


def placed(cause: str, together: Comparison, near: Connection = NEAR, **more: Any) -> Where | None:
    return place(facts(near), together, finding(cause, **more))


def test_the_clients_own_faults_lie_before() -> None:
    own = Hop(Role.CLIENT, None, None, (0, 0))
    assert placed("client.slow", comparison(), hop=own) is Where.BEFORE


@pytest.mark.parametrize(
    ("cause", "together"),
    [
        ("tcp.refused", comparison(same_point=True)),
        ("capture.incomplete", comparison()),
        ("tcp.refused", comparison(tie=Tie.TERMINATED)),
        # The far capture lacks a part of what the client was told.
        (
            "tcp.reset_by_server",
            comparison(replace(NEAR, server=replace(NEAR.server, payload_bytes=9))),
        ),
        ("dns.servfail", comparison()),
    ],
)
def test_what_two_captures_cannot_place(cause: str, together: Comparison) -> None:
    assert placed(cause, together) is None


def test_what_came_past_the_far_point_was_made_behind_it() -> None:
    assert placed("http.server_error", comparison()) is Where.BEYOND
    told = replace(NEAR, resets=(reset(0.6),))
    assert placed("tcp.reset_by_server", comparison(told), told) is Where.BEYOND
    assert placed("tcp.reset_by_server", comparison(), told) is None


FORGED = Forged("reset", Way.BACK, 9, 0, 63)


@pytest.mark.parametrize(
    ("cause", "changes"),
    [
        ("tcp.syn_timeout", {"vanished": (0,)}),
        ("tcp.reset_injected", {"forged": (FORGED,)}),
        ("tls.intercepted", {"tie": Tie.REWRITTEN}),
        ("tcp.blackhole", {"lost": {"lost_frames": (4, 5), "lost_last": 2}}),
        ("path.mtu_blackhole", {"lost": {"lost_frames": (4, 6), "lost_full_sized": 2}}),
        ("path.loss", {"lost": {"lost_frames": (4, 5, 9)}}),
    ],
)
def test_what_happens_between(cause: str, changes: dict[str, Any]) -> None:
    assert placed(cause, comparison(**changes)) is Where.BETWEEN


def test_silence_lies_behind_only_where_the_far_capture_ran_to_the_end() -> None:
    assert placed("tcp.blackhole", comparison()) is Where.BEYOND
    assert (
        placed("tcp.blackhole", comparison(overlap=(0.0, 0.2)), replace(NEAR, last_s=9.0)) is None
    )


@pytest.mark.parametrize(
    ("distance", "where"),
    [((2, 2), Where.BETWEEN), ((4, 5), Where.BEYOND), ((2, 5), None), (None, None)],
)
def test_a_device_without_a_pair_lies_where_its_distance_says(
    distance: tuple[int, int] | None, where: Where | None
) -> None:
    device = Hop(Role.MIDDLEBOX, None, None, distance)
    assert placed("tcp.reset_injected", comparison(pairs=()), hop=device) is where


@pytest.mark.parametrize(
    ("cause", "dns", "where"),
    [
        ("dns.no_response", DnsTransit(2, (7,)), Where.BETWEEN),
        ("dns.no_response", DnsTransit(2, (), (12,)), Where.BETWEEN),
        ("dns.no_response", DnsTransit(2), Where.BEYOND),
        ("dns.servfail", DnsTransit(1), Where.BEYOND),
    ],
)
def test_lookups(cause: str, dns: DnsTransit, where: Where) -> None:
    assert placed(cause, comparison(dns=dns), frames=(7, 8)) is where


def test_an_answer_that_never_went_in_is_forged_between() -> None:
    forged = Forged("answer", Way.BACK, 8, None, 63)
    together = comparison(dns=DnsTransit(1), forged=(forged,))
    assert placed("dns.forged", together, frames=(7, 8)) is Where.BETWEEN
    assert placed("dns.forged", together, frames=(3,)) is Where.BEYOND


def losing(side: Side, where: LossSide) -> Connection:
    """Three segments of one side lost on one side of the capture."""
    copies = tuple(replace(again(0.3 + i), loss=where) for i in range(3))
    half = replace(NEAR.half(side), retransmissions=copies)
    changed: dict[str, Any] = {side.value: half}
    return replace(NEAR, **changed)


@pytest.mark.parametrize(
    ("near", "far", "where"),
    [
        (losing(Side.SERVER, LossSide.AFTER_CAPTURE), NEAR, Where.BEFORE),
        (losing(Side.CLIENT, LossSide.BEFORE_CAPTURE), NEAR, Where.BEFORE),
        (NEAR, losing(Side.CLIENT, LossSide.AFTER_CAPTURE), Where.BEYOND),
        (NEAR, losing(Side.SERVER, LossSide.BEFORE_CAPTURE), Where.BEYOND),
        (NEAR, NEAR, None),
    ],
)
def test_loss_lies_where_most_segments_went(
    near: Connection, far: Connection, where: Where | None
) -> None:
    assert placed("path.loss", comparison(far), near) is where


def taking(rtt_s: float) -> Connection:
    samples = RttSamples(np.arange(3.0), np.full(3, rtt_s), np.zeros(3, dtype=np.int64))
    return replace(NEAR, rtt=samples)


@pytest.mark.parametrize(
    ("near_s", "far_s", "where"),
    [(0.3, 0.01, Where.BETWEEN), (0.3, 0.29, Where.BEYOND), (0.3, 0.15, None)],
)
def test_delay_lies_where_most_of_it_comes_about(
    near_s: float, far_s: float, where: Where | None
) -> None:
    assert placed("path.high_latency", comparison(taking(far_s)), taking(near_s)) is where
