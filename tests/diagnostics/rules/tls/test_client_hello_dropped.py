"""Large hellos that never arrive, and large hellos that are not to blame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    GATEWAY,
    SERVER,
    Part,
    facts,
    failed_hello,
    fetched,
    frame_at,
    icmp,
    large_hello,
    resolved,
)

CODE = "tls.client_hello_dropped"
LARGE = failed_hello(hello=large_hello(0.13))
SMALL_PASSES = fetched(1, 20.0)
"""GODEBUG=tlsmlkem=0: the same name, one segment."""


@pytest.mark.parametrize(
    "more", [pytest.param((), id="alone"), pytest.param(SMALL_PASSES, id="a smaller one passes")]
)
def test_a_split_hello_that_is_never_acknowledged(more: tuple[Part, ...]) -> None:
    dropped = facts(resolved(SERVER), LARGE, more)
    finding = only(CODE, dropped)
    assert place(finding) == (Role.MIDDLEBOX, None, (1, 5))
    assert frames(finding) == {frame_at(0.13), frame_at(0.131)}
    assert any(fix.command and "tlsmlkem=0" in fix.command for fix in finding.fix)


def test_alone_it_fails_the_download() -> None:
    assert root_of(facts(resolved(SERVER), LARGE)) == ("failed", CODE)


def test_a_smaller_one_that_passes_makes_it_surer() -> None:
    alone = only(CODE, facts(resolved(SERVER), LARGE))
    compared = only(CODE, facts(resolved(SERVER), LARGE, SMALL_PASSES))
    assert compared.confidence > alone.confidence


def test_when_large_hellos_with_other_names_pass_it_is_the_name() -> None:
    other = fetched(1, 20.0, name="www.example.com", hello=large_hello(20.03, "www.example.com"))
    assert not found(CODE, facts(resolved(SERVER), LARGE, other))
    assert found("tls.sni_blocked", facts(resolved(SERVER), LARGE, other))


def test_when_a_router_asks_for_smaller_packets_it_is_the_mtu() -> None:
    asked = icmp(0.14, GATEWAY, kind="fragmentation_needed", mtu=1400)
    assert not found(CODE, facts(resolved(SERVER), LARGE, asked))


def test_a_small_hello_is_not_dropped_for_its_size() -> None:
    assert not found(CODE, facts(resolved(SERVER), failed_hello()))


def test_an_acknowledged_hello_arrived() -> None:
    arrived = facts(resolved(SERVER), failed_hello(hello=large_hello(0.13), acked=True))
    assert not found(CODE, arrived)
    assert root_of(arrived) == ("failed", "tls.handshake_timeout")


def test_what_the_adapter_cuts_later_is_one_frame_in_the_capture() -> None:
    whole = replace(large_hello(0.13), frames=(frame_at(0.13),))
    finding = only(CODE, facts(resolved(SERVER), failed_hello(hello=whole)))
    assert "2 segments" in finding.evidence[0].text
