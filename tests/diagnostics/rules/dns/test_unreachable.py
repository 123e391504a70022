"""DNS queries that come back as ICMP errors: whoever sends them names itself."""

from __future__ import annotations

import pytest

from analyzers.facts import IcmpError
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    CLIENT,
    GATEWAY,
    RESOLVER,
    SERVER,
    facts,
    fetched,
    frame_at,
    icmp,
    question,
    response,
)

CODE = "dns.unreachable"


def quoting_a_query(at_s: float, sender: str, kind: str, ttl: int) -> IcmpError:
    return icmp(
        at_s,
        sender,
        kind=kind,
        ttl=ttl,
        quoted_protocol=17,
        quoted_destination=RESOLVER,
        quoted_destination_port=53,
        stream=None,
    )


@pytest.mark.parametrize(
    ("sender", "kind", "ttl", "role", "distance"),
    [
        (RESOLVER, "port_unreachable", 62, Role.RESOLVER, 3),
        (GATEWAY, "admin_prohibited", 64, Role.GATEWAY, 1),
        ("192.0.2.9", "host_unreachable", 254, Role.TRANSIT, 2),
        ("192.0.2.9", "admin_prohibited", 253, Role.MIDDLEBOX, 3),
    ],
)
def test_the_sender_of_the_error_is_the_hop(
    sender: str, kind: str, ttl: int, role: Role, distance: int
) -> None:
    asked = question([0.0, 5.0], icmp_frames=(frame_at(0.002), frame_at(5.002)))
    errors = [quoting_a_query(t, sender, kind, ttl) for t in (0.002, 5.002)]
    refused = facts(asked, errors)
    finding = only(CODE, refused)
    assert place(finding) == (role, sender, (distance, distance))
    assert {frame_at(0.002), frame_at(5.002)} <= frames(finding)
    assert root_of(refused) == ("failed", CODE)


def test_an_error_of_this_machine_itself_blames_this_machine() -> None:
    asked = question([0.0], server="127.0.0.53", icmp_frames=(frame_at(0.002),))
    error = quoting_a_query(0.002, CLIENT, "host_unreachable", 64)
    assert place(only(CODE, facts(asked, error)))[0] is Role.CLIENT


def test_an_error_for_a_query_that_another_server_answers_is_none() -> None:
    asked = question([0.0], icmp_frames=(frame_at(0.002),))
    answered = question([0.01], [response(0.02, SERVER)], server="192.0.2.54")
    error = quoting_a_query(0.002, RESOLVER, "port_unreachable", 62)
    assert not found(CODE, facts(asked, answered, error, fetched()))
