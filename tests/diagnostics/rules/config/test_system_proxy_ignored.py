"""A system proxy that go does not read, where direct connections fail."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from captures.session import Proxies, SystemProxy
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import (
    CLIENT,
    SERVER,
    facts,
    fetched,
    reset,
    resolved,
    session,
    unconnected,
)

CODE = "config.system_proxy_ignored"
GNOME = SystemProxy(source="gsettings", https="http://10.9.9.9:3128")
PAC = SystemProxy(source="gsettings", pac="http://wpad.example/wpad.dat")


def direct(**changes: Any) -> Facts:
    return facts(
        resolved(SERVER),
        unconnected(0.1, 1.1, 3.1),
        session=session(**changes),
        duration_s=30.0,
    )


@pytest.mark.parametrize("system", [GNOME, PAC])
def test_direct_connections_fail(system: SystemProxy) -> None:
    ignored = direct(system_proxy=system)
    finding = only(CODE, ignored)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert (system.https or system.pac) in finding.summary
    assert root_of(ignored) == ("failed", CODE)


def test_the_command_can_be_pasted() -> None:
    command = only(CODE, direct(system_proxy=GNOME)).fix[0].command
    assert command == "HTTPS_PROXY=http://10.9.9.9:3128 go mod download"


def test_names_that_only_the_proxy_resolves_fail_too() -> None:
    denied = facts(resolved(rcode="NXDOMAIN"), session=session(system_proxy=GNOME))
    assert root_of(denied) == ("failed", CODE)


def _answered_by_reset(ttl: int) -> Facts:
    closed = unconnected(0.1, resets=(reset(0.15, ttl=ttl),))
    return facts(resolved(SERVER), closed, session=session(system_proxy=GNOME))


def test_a_firewall_near_by_that_resets_lets_nobody_out() -> None:
    assert root_of(_answered_by_reset(63)) == ("failed", CODE)


def test_a_server_far_away_that_resets_would_refuse_the_proxy_too() -> None:
    assert not found(CODE, _answered_by_reset(60))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="not known"),
        pytest.param({"system_proxy": SystemProxy()}, id="none set"),
        pytest.param(
            {"system_proxy": GNOME, "proxies": Proxies(https="http://10.9.9.9:3128")},
            id="the environment has it",
        ),
    ],
)
def test_nothing_is_ignored(changes: dict[str, Any]) -> None:
    assert not found(CODE, direct(**changes))


def test_a_download_that_works_without_it_is_healthy() -> None:
    passed = facts(resolved(SERVER), fetched(), session=session(exit_code=0, system_proxy=GNOME))
    assert root_of(passed) == ("healthy", None)


def test_a_fault_beyond_the_connection_is_not_the_proxys_absence() -> None:
    failed = facts(
        resolved(SERVER), fetched(), session=session("checksum mismatch", system_proxy=GNOME)
    )
    assert not found(CODE, failed)
