"""Commas that keep go from the next entry, and lists that end for other reasons."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import pytest

from analyzers.facts import Facts
from captures.session import OutputLine, Request
from diagnostics.engine import diagnose
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import (
    CLIENT,
    NAME,
    OTHER,
    SERVER,
    Part,
    facts,
    fetched,
    resolved,
    session,
    unconnected,
)

CODE = "config.fallback_blocked"
NEXT = "https://mirror.example"


def ended(goproxy: str, *more: Iterable[Part], exit_code: int = 1) -> Facts:
    """The first entry's SYNs are never answered."""
    return facts(
        resolved(SERVER),
        unconnected(0.1, 1.1, 3.1),
        *more,
        session=session(exit_code=exit_code, env={"GOPROXY": goproxy}),
        duration_s=30.0,
    )


@pytest.mark.parametrize("following", [NEXT, "direct"])
def test_a_comma_after_the_entry_that_failed(following: str) -> None:
    blocked = ended(f"https://{NAME},{following}")
    finding = only(CODE, blocked)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert following in finding.summary
    command = finding.fix[0].command
    assert command is not None
    assert shlex.split(command)[-1] == f"GOPROXY=https://{NAME}|{following}"


def test_it_is_no_root_cause_beside_the_failure_itself() -> None:
    blocked = ended(f"https://{NAME},{NEXT}")
    assert root_of(blocked) == ("failed", "tcp.syn_timeout")
    (listed,) = [f for f in diagnose(blocked).findings if f.cause == CODE]
    assert listed.impact_s == 0.0


@pytest.mark.parametrize(("status", "blocked"), [(403, True), (502, True), (404, False)])
def test_a_status_that_only_gos_trace_tells(status: int, blocked: bool) -> None:
    """Inside TLS the attempt succeeded, as far as packets show."""
    url = f"https://{NAME}/example.com/m/@v/v1.0.0.info"
    recorded = session(
        exit_code=1,
        env={"GOPROXY": f"https://{NAME},{NEXT}"},
        requests=(Request(url, status, None, 0.2, 0.3, 0.1),),
        output=(OutputLine(0.4, "stderr", f"go: example.com/m@v1.0.0: reading {url}: {status}"),),
    )
    refused = facts(resolved(SERVER), fetched(), session=recorded)
    assert bool(found(CODE, refused)) is blocked


@pytest.mark.parametrize(
    ("goproxy", "exit_code"),
    [
        (f"https://{NAME}|{NEXT}", 1),
        (f"https://{NAME},off", 1),
        (f"https://{NAME}", 1),
        ("", 1),
        (f"https://elsewhere.example,{NEXT}", 1),
        (f"https://{NAME},{NEXT}", 0),
    ],
    ids=["pipe", "off", "one entry", "unknown", "another entry", "the command succeeded"],
)
def test_other_lists(goproxy: str, exit_code: int) -> None:
    assert not found(CODE, ended(goproxy, exit_code=exit_code))


def test_an_entry_that_was_asked_was_not_kept_from_it() -> None:
    mirror = "mirror.example"
    asked = ended(
        f"https://{NAME},{NEXT}",
        resolved(OTHER, at_s=20.0, name=mirror),
        fetched(1, 20.1, name=mirror, address=OTHER),
    )
    assert not found(CODE, asked)
