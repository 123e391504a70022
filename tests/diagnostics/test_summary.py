"""The verdict's frame: the capture's clock range, and the hops that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyzers.facts import (
    Facts,
    Hop,
    LossSide,
    Retransmission,
    RetransmissionKind,
    RttSamples,
)
from diagnostics.scope import scope_of
from diagnostics.summary import capture_summary, path_hops, rfc3339
from diagnostics.verdict import Finding, PathHop, Role, RttSummary
from diagnostics.verdict import Hop as Blamed
from tests.factories import (
    CLIENT,
    GATEWAY,
    NAME,
    RESOLVER,
    SERVER,
    connect,
    facts,
    fetched,
    icmp,
    resolved,
    sent,
)


def hops(captured: Facts, *findings: Finding) -> tuple[PathHop, ...]:
    return path_hops(captured, scope_of(captured), findings)


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_717_243_200_123_456_789, "2024-06-01T12:00:00.123456Z"),
        (-5, "1970-01-01T00:00:00.000000Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775Z"),
        (10**30, "9999-12-31T23:59:59.000000Z"),
    ],
)
def test_times_however_wrong_a_clock_is(time_ns: int, text: str) -> None:
    assert rfc3339(time_ns) == text


def test_the_capture() -> None:
    shown = capture_summary(facts(resolved(SERVER), fetched(), dropped=3))
    assert shown.files == ("download.pcapng",)
    assert shown.first == "2024-06-01T12:00:00.000000Z"
    assert shown.last == "2024-06-01T12:00:01.100000Z"
    assert shown.dropped == 3
    assert capture_summary(facts()).first is None


def test_ends_in_order_of_their_distance() -> None:
    known = hops(facts(resolved(SERVER), fetched()))
    assert [(h.distance, h.role, h.address, h.name) for h in known] == [
        (0, Role.CLIENT, CLIENT, None),
        (3, Role.RESOLVER, RESOLVER, None),
        (5, Role.SERVER, SERVER, NAME),
    ]


def test_a_proxy_is_no_server() -> None:
    carried, through = fetched(port=3128)
    (_, end) = hops(facts(carried, through, connect(at_s=0.11)))
    assert (end.role, end.name) == (Role.PROXY, None)


def test_routers_that_showed_themselves() -> None:
    probed = [
        Hop(SERVER, 1, GATEWAY, 10, 10, (0.001, 0.002, 0.003), (1,), False),
        Hop(SERVER, 2, None, 10, 0, (), (), False),
        Hop(SERVER, 4, "192.0.2.9", 10, 9, (0.02,), (2,), False),
        Hop(SERVER, 5, SERVER, 10, 9, (0.03,), (3,), True),
    ]
    error = icmp(0.2, "192.0.2.2", kind="fragmentation_needed", ttl=254)
    known = {h.address: h for h in hops(facts(resolved(SERVER), fetched(), probed, error))}
    assert (known[GATEWAY].role, known[GATEWAY].loss) == (Role.GATEWAY, 0.0)
    assert known[GATEWAY].rtt_ms == RttSummary(1.0, 2.0, 2.9)
    assert known["192.0.2.9"].role is Role.TRANSIT
    assert known["192.0.2.9"].loss == pytest.approx(0.1)
    assert known["192.0.2.2"].distance == 2
    assert None not in known
    assert known[SERVER].role is Role.SERVER


def test_round_trips_and_losses_of_a_server() -> None:
    lost = Retransmission(9, 0.4, 1, 1448, RetransmissionKind.FAST, LossSide.BEFORE_CAPTURE, 0.1, 7)
    spurious = replace(lost, loss=LossSide.NOT_LOST)
    server = sent(90_000, 0.15, 0.8) | {"retransmissions": (lost, spurious), "data_packets": 99}
    samples = RttSamples(np.zeros(3), np.array([0.02, 0.03, 0.02]), np.zeros(3, np.int64))
    carried, through = fetched(server=server, rtt=samples)
    end = hops(facts(resolved(SERVER), carried, through))[-1]
    assert end.rtt_ms is not None
    assert end.rtt_ms.min == end.rtt_ms.median == pytest.approx(20.0)
    assert end.loss == pytest.approx(1 / 100)


@pytest.mark.parametrize(("distance", "shown"), [((2, 2), True), ((1, 4), False), (None, False)])
def test_a_box_stands_where_its_forgeries_place_it(
    distance: tuple[int, int] | None, shown: bool
) -> None:
    blamed = Finding(Blamed(Role.MIDDLEBOX, None, None, distance), "", (), (), 0.9, 1.0)
    found = hops(facts(resolved(SERVER), fetched()), blamed)
    assert (Role.MIDDLEBOX in {h.role for h in found}) is shown


def test_an_empty_capture_has_a_client() -> None:
    assert [h.role for h in hops(facts())] == [Role.CLIENT]
