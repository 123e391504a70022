"""ICMP errors to SYNs: their sender names itself."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    CLIENT,
    GATEWAY,
    SERVER,
    facts,
    fetched,
    frame_at,
    icmp,
    resolved,
    unconnected,
)

CODE = "tcp.unreachable"


@pytest.mark.parametrize(
    ("sender", "kind", "ttl", "role", "distance"),
    [
        (GATEWAY, "admin_prohibited", 64, Role.GATEWAY, 1),
        (GATEWAY, "host_unreachable", 64, Role.GATEWAY, 1),
        ("192.0.2.1", "admin_prohibited", 253, Role.MIDDLEBOX, 3),
        ("192.0.2.1", "host_unreachable", 253, Role.TRANSIT, 3),
        (SERVER, "port_unreachable", 60, Role.SERVER, 5),
    ],
)
def test_the_sender_is_the_hop(sender: str, kind: str, ttl: int, role: Role, distance: int) -> None:
    errors = [icmp(t, sender, kind=kind, ttl=ttl) for t in (0.102, 1.102)]
    rejected = facts(resolved(SERVER), unconnected(0.1, 1.1), errors)
    finding = only(CODE, rejected)
    assert place(finding) == (role, sender, (distance, distance))
    assert {frame_at(0.102), frame_at(1.102)} <= frames(finding)
    assert root_of(rejected) == ("failed", CODE)


def test_what_this_machine_tells_itself_is_its_own() -> None:
    own = icmp(0.101, CLIENT, kind="host_unreachable", ttl=64)
    rejected = facts(resolved(SERVER), unconnected(0.1), own)
    assert place(only(CODE, rejected)) == (Role.CLIENT, CLIENT, (0, 0))


@pytest.mark.parametrize("kind", ["fragmentation_needed", "redirect"])
def test_advice_is_no_refusal(kind: str) -> None:
    advised = facts(resolved(SERVER), fetched(), icmp(0.3, GATEWAY, kind=kind, ttl=64))
    assert not found(CODE, advised)


def test_the_other_family_may_get_through() -> None:
    error = icmp(0.102, GATEWAY, kind="host_unreachable", quoted_destination="2001:db8::7")
    passed = facts(
        resolved("2001:db8::7", SERVER),
        unconnected(0.1, address="2001:db8::7"),
        fetched(1, 0.11),
        error,
    )
    healthy(passed)


def test_an_error_after_the_connection_came_about_changes_nothing() -> None:
    passed = facts(resolved(SERVER), fetched(), icmp(0.5, GATEWAY, kind="host_unreachable"))
    healthy(passed)
