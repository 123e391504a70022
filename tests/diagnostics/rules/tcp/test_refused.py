"""RST to SYN: the host's own, the proxy's, or that of a box nearer than the host."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection
from captures.session import Proxies
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NOTHING_BACK,
    SERVER,
    connect,
    connection,
    facts,
    fetched,
    frame_at,
    reset,
    resolved,
    session,
)

CODE = "tcp.refused"


def refused(
    stream: int = 0, at_s: float = 0.1, *, after_s: float = 0.02, ttl: int = 60, **changes: Any
) -> Connection:
    answer = reset(at_s + after_s, ttl=ttl)
    silent: dict[str, Any] = {"server": {"ttl": None, "ttl_syn": None}}
    return connection(
        stream,
        at_s,
        last_s=at_s + after_s,
        resets=(answer,),
        **(silent | NOTHING_BACK | changes),
    )


def test_a_closed_port_is_the_servers() -> None:
    closed = facts(resolved(SERVER), refused())
    finding = only(CODE, closed)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frames(finding) == {frame_at(0.1), frame_at(0.12)}
    assert root_of(closed) == ("failed", CODE)


@pytest.mark.parametrize("https", [f"http://{SERVER}:8080", "http://proxy.example.org:8080"])
def test_a_closed_port_of_the_proxy_is_the_proxys(https: str) -> None:
    recorded = session(proxies=Proxies(https=https))
    closed = facts(resolved(SERVER), refused(port=8080), session=recorded)
    assert place(only(CODE, closed))[0] is Role.PROXY


@pytest.mark.parametrize(("port", "role"), [(3128, Role.PROXY), (8080, Role.SERVER)])
def test_a_port_that_only_proxies_have(port: int, role: Role) -> None:
    assert place(only(CODE, facts(resolved(SERVER), refused(port=port))))[0] is role


def test_a_proxy_is_known_by_the_connect_of_another_connection() -> None:
    open_one = connection(1, 5.0, port=8080)
    closed = facts(resolved(SERVER), refused(port=8080), open_one, connect(1, 5.03))
    assert place(only(CODE, closed))[0] is Role.PROXY


def test_a_nearer_and_sooner_reset_is_not_the_hosts() -> None:
    """The host answers elsewhere from distance 5 after 20 ms, the RST comes from 2 after 1 ms."""
    forged = facts(
        resolved(SERVER), refused(after_s=0.001, ttl=63), fetched(1, 0.2, name="other.example.org")
    )
    assert not found(CODE, forged)
    assert place(only("tcp.reset_injected", forged)) == (Role.MIDDLEBOX, None, (2, 2))


def test_another_ttl_alone_convicts_nobody() -> None:
    odd = facts(resolved(SERVER), refused(ttl=63), fetched(1, 0.2, name="other.example.org"))
    assert found(CODE, odd)
    assert not found("tcp.reset_injected", odd)


def test_the_other_address_of_the_name_may_answer() -> None:
    first = refused(address="198.51.100.8")
    passed = facts(resolved("198.51.100.8", SERVER), first, fetched(1, 0.13))
    assert not found(CODE, passed)
    assert root_of(passed) == ("healthy", None)


@pytest.mark.parametrize(("address", "told"), [("::1", True), ("127.0.0.1", True), (SERVER, False)])
def test_who_is_led_to_this_machine_is_told_what_may_lead_there(address: str, told: bool) -> None:
    commands = [fix.command for fix in only(CODE, facts(refused(address=address))).fix]
    assert ("cat /etc/hosts" in commands) is told
