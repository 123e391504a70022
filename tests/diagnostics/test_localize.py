"""Hops from addresses, TTLs and ICMP senders: never narrower than what was seen."""

from __future__ import annotations

import pytest

from analyzers.facts import Facts
from diagnostics.localize import (
    client_hop,
    distance_of,
    distance_of_ttl,
    forger_hop,
    host_hop,
    icmp_hop,
    path_hop,
    reset_is_forged,
    resolver_hop,
    server_hop,
    upstream_hop,
)
from diagnostics.verdict import Hop, Role
from tests.factories import (
    CLIENT,
    GATEWAY,
    NAME,
    OTHER,
    RESOLVER,
    SERVER,
    connect,
    connection,
    facts,
    fetched,
    icmp,
    reset,
    resolved,
)

FACTS = facts(resolved(SERVER), fetched())
UNSEEN = "203.0.113.200"


@pytest.mark.parametrize(
    ("ttl", "distance"),
    [(64, 1), (63, 2), (57, 8), (128, 1), (117, 12), (255, 1), (250, 6), (32, 1), (25, 8)],
)
def test_a_ttl_gives_the_distance_from_the_nearest_initial_value(ttl: int, distance: int) -> None:
    assert distance_of_ttl(ttl) == distance


@pytest.mark.parametrize("ttl", [65, 90, 129, 200])
def test_a_ttl_that_no_path_is_long_enough_for(ttl: int) -> None:
    assert distance_of_ttl(ttl) is None


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        (client_hop(FACTS), Hop(Role.CLIENT, CLIENT, None, (0, 0))),
        (resolver_hop(FACTS, RESOLVER), Hop(Role.RESOLVER, RESOLVER, None, (3, 3))),
        (resolver_hop(FACTS, "127.0.0.53"), Hop(Role.RESOLVER, "127.0.0.53", None, (0, 0))),
        (resolver_hop(FACTS, CLIENT), Hop(Role.RESOLVER, CLIENT, None, (0, 0))),
        (resolver_hop(FACTS, UNSEEN), Hop(Role.RESOLVER, UNSEEN, None, None)),
        (server_hop(FACTS, FACTS.attempts[0]), Hop(Role.SERVER, SERVER, NAME, (5, 5))),
        (upstream_hop(FACTS, FACTS.attempts[0]), Hop(Role.UPSTREAM, None, NAME, None)),
        (host_hop(FACTS, Role.SERVER, SERVER), Hop(Role.SERVER, SERVER, NAME, (5, 5))),
        (path_hop(FACTS, SERVER), Hop(Role.PATH, None, None, (0, 5))),
        (path_hop(FACTS, UNSEEN), Hop(Role.PATH, None, None, None)),
    ],
)
def test_hosts_as_they_show_themselves(hop: Hop, expected: Hop) -> None:
    assert hop == expected


def test_the_server_of_a_tunnel_is_the_proxy() -> None:
    through = facts(connection(port=3128), connect(status=403))
    assert server_hop(through, through.attempts[0]).role is Role.PROXY


def test_an_address_that_sent_nothing_has_no_distance() -> None:
    assert distance_of(FACTS, UNSEEN) is None
    assert distance_of(FACTS, None) is None


def place(capture: Facts, sender: str, kind: str, ttl: int) -> tuple[Role, int | None]:
    hop = icmp_hop(capture, icmp(0.2, sender, kind=kind, ttl=ttl))
    return hop.role, hop.distance[0] if hop.distance else None


@pytest.mark.parametrize(
    ("sender", "kind", "ttl", "expected"),
    [
        (SERVER, "port_unreachable", 60, (Role.SERVER, 5)),
        (CLIENT, "host_unreachable", 64, (Role.CLIENT, 0)),
        (GATEWAY, "admin_prohibited", 64, (Role.GATEWAY, 1)),
        (OTHER, "admin_prohibited", 254, (Role.MIDDLEBOX, 2)),
        (OTHER, "host_unreachable", 254, (Role.TRANSIT, 2)),
    ],
)
def test_the_sender_of_an_icmp_error_names_itself(
    sender: str, kind: str, ttl: int, expected: tuple[Role, int]
) -> None:
    assert place(FACTS, sender, kind, ttl) == expected


@pytest.mark.parametrize(
    ("ttl", "victim", "distance"),
    [
        pytest.param(62, SERVER, (3, 3), id="its own TTL tells"),
        pytest.param(253, SERVER, (3, 3), id="from another initial value"),
        pytest.param(60, SERVER, (1, 5), id="the victim's TTL, copied"),
        pytest.param(50, SERVER, (1, 5), id="beyond the victim"),
        pytest.param(90, SERVER, (1, 5), id="no path is that long"),
        pytest.param(62, UNSEEN, (3, 3), id="a victim that is not seen"),
        pytest.param(90, UNSEEN, None, id="nothing known"),
        pytest.param(64, CLIENT, None, id="in the name of a host that is no hop away"),
    ],
)
def test_where_a_forger_stands(ttl: int, victim: str, distance: tuple[int, int] | None) -> None:
    hop = forger_hop(FACTS, {ttl}, victim)
    assert (hop.role, hop.address, hop.distance) == (Role.MIDDLEBOX, None, distance)


def test_a_ttl_that_changes_from_packet_to_packet_places_nobody() -> None:
    assert forger_hop(FACTS, {62, 47, 101}, SERVER).distance == (1, 5)
    assert forger_hop(FACTS, (), SERVER).distance == (1, 5)


@pytest.mark.parametrize(
    ("signs", "forged"),
    [
        ((), False),
        (("ttl_differs",), False),
        (("ip_id_differs", "timestamps_missing", "window_odd"), False),
        (("ttl_differs", "window_odd"), True),
        (("sequence_changes",), True),
        (("before_rtt",), True),
    ],
)
def test_a_ttl_alone_convicts_nobody(signs: tuple[str, ...], forged: bool) -> None:
    assert reset_is_forged(connection(), reset(0.5, signs=signs)) is forged


def test_a_closed_socket_answers_late_segments_with_their_own_numbers() -> None:
    """Those ACKs may be missing in the capture: after a plain RST such a number is no forgery."""
    below = reset(0.6, signs=("sequence_below_data", "timestamps_missing"))
    assert reset_is_forged(connection(resets=(below,)), below)
    assert not reset_is_forged(connection(resets=(reset(0.5), below)), below)
    bare = reset(0.5, signs=("timestamps_missing",))
    assert not reset_is_forged(connection(resets=(bare, below)), below)
    odd = reset(0.5, signs=("ttl_differs", "timestamps_missing"))
    assert reset_is_forged(connection(resets=(odd, below)), below)
