"""Hellos that arrive and are refused for what they carry, not for the name in them."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    OTHER,
    SERVER,
    facts,
    failed_hello,
    fetched,
    frame_at,
    large_hello,
    reset,
    resolved,
)

CODE = "tls.client_hello_rejected"
SMALL_PASSES = fetched(1, 20.0)


def refused(stream: int = 0, at_s: float = 0.1, **changes: Any) -> Any:
    """A large hello, acknowledged, and a RST from distance 3."""
    rst = reset(at_s + 0.033, ttl=62, signs=("ttl_differs", "ip_id_differs"))
    usual: dict[str, Any] = {
        "hello": large_hello(at_s + 0.03),
        "acked": True,
        "ended_by": (rst,),
    }
    return failed_hello(stream, at_s, **(usual | changes))


def test_a_smaller_hello_with_the_same_name_passes() -> None:
    finding = only(CODE, facts(resolved(SERVER), refused(), SMALL_PASSES))
    assert place(finding) == (Role.MIDDLEBOX, None, (3, 3))
    assert frames(finding) == {frame_at(t) for t in (0.13, 0.131, 0.133)}
    assert any(fix.command and "tlsmlkem=0" in fix.command for fix in finding.fix)


def test_every_name_fails_alike() -> None:
    name = "sum.example.com"
    second = refused(1, 2.0, hello=large_hello(2.03, name), address=OTHER)
    both = facts(resolved(SERVER), resolved(OTHER, at_s=1.9, name=name), refused(), second)
    assert len(found(CODE, both)) == 2
    assert not found("tls.sni_blocked", both)
    assert root_of(both) == ("failed", CODE)


@pytest.mark.parametrize(
    ("changes", "hop"),
    [
        pytest.param(
            {"ended_by": (reset(0.152),)}, (Role.SERVER, SERVER, (5, 5)), id="the server's own RST"
        ),
        pytest.param(
            {"ended_by": (reset(0.152, ttl=62, signs=("ttl_differs",)),)},
            (Role.MIDDLEBOX, None, (1, 5)),
            id="a RST of which only the TTL is odd",
        ),
        pytest.param(
            {"ended_by": (), "last_s": 10.1}, (Role.MIDDLEBOX, None, (1, 5)), id="silence"
        ),
    ],
)
def test_the_comparison_decides_whatever_the_end(changes: dict[str, Any], hop: object) -> None:
    assert place(only(CODE, facts(resolved(SERVER), refused(**changes), SMALL_PASSES))) == hop


def test_a_large_hello_with_another_name_that_passes_blames_the_name() -> None:
    other = fetched(1, 20.0, name="www.example.com", hello=large_hello(20.03, "www.example.com"))
    named = facts(resolved(SERVER), refused(), other)
    assert not found(CODE, named)
    assert found("tls.sni_blocked", named)


def test_one_small_hello_says_nothing_of_contents() -> None:
    own = failed_hello(ended_by=(reset(0.152),), acked=True)
    assert not found(CODE, facts(resolved(SERVER), own))
