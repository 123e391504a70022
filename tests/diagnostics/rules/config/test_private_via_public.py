"""Private modules that a checksum database was asked for."""

from __future__ import annotations

import pytest

from captures.session import Request
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    CLIENT,
    NAME,
    SERVER,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    resolved,
    session,
)

CODE = "config.private_via_public"
LOOKUP = "/lookup/git.corp.example/team/secret/v2@v2.0.1"


@pytest.mark.parametrize("prefix", ["", "/sumdb/sum.golang.org"])
@pytest.mark.parametrize("status", [404, 410])
def test_a_lookup_that_the_database_cannot_answer(prefix: str, status: int) -> None:
    unknown = facts(
        resolved(SERVER), fetched_plain(target=prefix + LOOKUP, status=status), duration_s=3.0
    )
    finding = only(CODE, unknown)
    assert place(finding) == (Role.CLIENT, CLIENT, (0, 0))
    assert frames(finding) == {frame_at(0.13), frame_at(0.15)}
    assert finding.fix[0].command == "go env -w GOPRIVATE=git.corp.example/team"
    assert root_of(unknown) == ("failed", CODE)


def test_inside_tls_gos_trace_knows() -> None:
    url = f"https://{NAME}{LOOKUP}"
    recorded = session(
        f"go: git.corp.example/team/secret: verifying module: reading {url}: 404 Not Found",
        requests=(Request(url=url, status=404, duration_s=0.1),),
    )
    assert root_of(facts(resolved(SERVER), fetched(), session=recorded)) == ("failed", CODE)


def test_upper_case_is_written_as_it_is_in_the_module_path() -> None:
    """ "!a" is how the protocol writes "A" (go.dev/ref/mod#goproxy-protocol)."""
    target = "/lookup/git.example/!azure/x@v1.0.0"
    unknown = facts(resolved(SERVER), fetched_plain(target=target, status=404), duration_s=3.0)
    assert "git.example/Azure/x" in only(CODE, unknown).summary


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (LOOKUP, 200),
        (LOOKUP, 500),
        ("/git.corp.example/team/secret/@v/v2.0.1.info", 404),
        ("/tile/8/0/001", 404),
        ("/sumdb/sum.golang.org/supported", 404),
    ],
)
def test_other_answers(target: str, status: int) -> None:
    answered = facts(resolved(SERVER), fetched_plain(target=target, status=status), duration_s=3.0)
    assert not found(CODE, answered)
