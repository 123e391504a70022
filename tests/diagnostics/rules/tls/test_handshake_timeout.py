"""Servers that take a hello and say nothing, and silences with another reason."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    OTHER,
    SERVER,
    connect,
    facts,
    failed_hello,
    fetched,
    frame_at,
    resolved,
)

CODE = "tls.handshake_timeout"


def test_an_acknowledged_hello_and_ten_seconds_of_nothing() -> None:
    silent = facts(resolved(SERVER), failed_hello(acked=True))
    finding = only(CODE, silent)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frame_at(0.13) in frames(finding)
    assert finding.impact_s == pytest.approx(10.1, abs=0.1)
    assert root_of(silent) == ("failed", CODE)


def test_through_a_proxy_the_server_has_a_name_only() -> None:
    through = facts(failed_hello(acked=True, port=3128), connect(at_s=0.11))
    assert place(only(CODE, through)) == (Role.SERVER, None, None)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"acked": False}, "tls.sni_blocked"),
        ({"acked": True, "server": {"missing_bytes": 2896}}, "path.mtu_blackhole"),
        ({"acked": True, "server": {"sent_bytes": 2896}}, "path.mtu_blackhole"),
    ],
)
def test_other_silences(changes: dict[str, Any], cause: str) -> None:
    silent = facts(resolved(SERVER), failed_hello(**changes))
    assert not found(CODE, silent)
    assert root_of(silent) == ("failed", cause)


def test_another_address_that_answers_makes_it_good() -> None:
    passed = facts(
        resolved(OTHER, SERVER), failed_hello(acked=True, address=OTHER), fetched(1, 10.2)
    )
    assert root_of(passed) == ("degraded", CODE)


def test_a_server_that_is_not_heard_again_may_have_answered() -> None:
    """Its answers may all be too large for the way: only a number in a later segment tells."""
    unheard = failed_hello(acked=True, server={"last_s": 0.2})
    assert not found(CODE, facts(resolved(SERVER), unheard))
