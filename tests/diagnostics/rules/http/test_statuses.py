"""Statuses of a module proxy: which rule and which hop each one has, on the wire and in traces."""

from __future__ import annotations

import pytest

from captures.session import Request
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    resolved,
    session,
)

CODES = (
    "http.not_found",
    "http.unauthorized",
    "http.rate_limited",
    "http.server_error",
)
HERE = (Role.SERVER, SERVER, (5, 5))
BEHIND = (Role.UPSTREAM, None, None)
STATUSES = [
    (401, "http.unauthorized", HERE),
    (403, "http.unauthorized", HERE),
    (404, "http.not_found", HERE),
    (410, "http.not_found", HERE),
    (429, "http.rate_limited", HERE),
    (500, "http.server_error", HERE),
    (501, "http.server_error", HERE),
    (502, "http.server_error", BEHIND),
    (503, "http.server_error", BEHIND),
    (504, "http.server_error", BEHIND),
]
URL = f"https://{NAME}/example.com/m/@v/v1.0.0.zip"


@pytest.mark.parametrize(("status", "code", "hop"), STATUSES)
def test_in_clear(status: int, code: str, hop: object) -> None:
    failed = facts(resolved(SERVER), fetched_plain(status=status), duration_s=3.0)
    assert [c for c in CODES if found(c, failed)] == [code]
    finding = only(code, failed)
    assert place(finding) == hop
    assert frames(finding) == {frame_at(0.13), frame_at(0.15)}
    assert finding.fatal
    assert root_of(failed) == ("failed", code)


@pytest.mark.parametrize(
    ("name", "private"), [pytest.param(NAME, True), pytest.param("proxy.golang.org", False)]
)
def test_public_proxies_are_told_no_private_paths(name: str, private: bool) -> None:
    """Whoever is refused by a company's own proxy most likely asks for what is the company's."""
    tried = fetched_plain(status=401, host=name)
    refused = facts(resolved(SERVER, name=name), tried, duration_s=3.0)
    fix = only("http.unauthorized", refused).fix[-1]
    assert ("Only for public modules" in fix.text) is private
    assert f"https://{name}|" not in (fix.command or "")


@pytest.mark.parametrize(("status", "code", "hop"), STATUSES)
def test_inside_tls_gos_own_trace_knows(status: int, code: str, hop: object) -> None:
    recorded = session(
        f"# get {URL}: {status} (0.2s)",
        f"go: example.com/m@v1.0.0: reading {URL}: {status}",
        requests=(Request(url=URL, status=status, duration_s=0.2),),
    )
    failed = facts(resolved(SERVER), fetched(), session=recorded)
    assert [c for c in CODES if found(c, failed)] == [code]
    finding = only(code, failed)
    assert place(finding) == hop
    assert "encrypted" in finding.evidence[0].text
    assert root_of(failed) == ("failed", code)


@pytest.mark.parametrize("status", [200, 301, 302, 304])
def test_statuses_that_are_no_failures(status: int) -> None:
    passed = facts(resolved(SERVER), fetched_plain(status=status))
    assert not [c for c in CODES if found(c, passed)]


@pytest.mark.parametrize("status", [404, 410])
def test_the_next_entry_of_goproxy_has_it(status: int) -> None:
    second = "/mirror/example.com/m/@v/v1.0.0.zip"
    passed = facts(
        resolved(SERVER),
        fetched_plain(status=status),
        resolved(OTHER, at_s=1.2, name="mirror.example"),
        fetched_plain(1, 1.3, address=OTHER, host="mirror.example", target=second),
    )
    assert not found("http.not_found", passed)
    healthy(passed)


@pytest.mark.parametrize(
    "target",
    ["/example.com/m/@v/list", "/example.com/m/@latest", "/sumdb/sum.golang.org/supported"],
)
def test_a_404_that_go_can_do_without(target: str) -> None:
    passed = facts(
        resolved(SERVER),
        fetched_plain(status=404, target=target),
        fetched_plain(1, 1.3),
        duration_s=4.0,
    )
    assert not found("http.not_found", passed)
    healthy(passed)


@pytest.mark.parametrize("status", [403, 503])
def test_other_statuses_for_the_same_files_end_the_command(status: int) -> None:
    """Only 404 and 410 mean "not here" (go.dev/ref/mod#goproxy-protocol)."""
    target = "/sumdb/sum.golang.org/supported"
    failed = facts(resolved(SERVER), fetched_plain(status=status, target=target), duration_s=3.0)
    assert root_of(failed)[0] == "failed"


def test_a_4xx_is_asked_twice_which_is_one_finding() -> None:
    twice = facts(
        resolved(SERVER),
        fetched_plain(status=403),
        fetched_plain(1, 1.3, status=403),
        duration_s=4.0,
    )
    finding = only("http.unauthorized", twice)
    assert finding.streams == {0, 1}
    assert finding.impact_s < 0.1


def test_a_later_try_that_succeeds_makes_an_error_good() -> None:
    again = facts(
        resolved(SERVER), fetched_plain(status=503), fetched_plain(1, 1.3), duration_s=4.0
    )
    finding = only("http.server_error", again)
    assert not finding.fatal
    assert finding.impact_s == 0.0
    healthy(again)


def test_an_error_for_another_program_is_background() -> None:
    stray = fetched_plain(
        1, 1.3, address=OTHER, host="api.example", target="/v1/x", status=500, user_agent="curl/8"
    )
    assert root_of(facts(resolved(SERVER), fetched(), stray, duration_s=4.0)) == ("healthy", None)


def test_failures_at_the_same_time_cost_it_once() -> None:
    """go asks for as many files at a time as there are processors."""
    traced = tuple(
        Request(URL.replace("v1.0.0", f"v1.0.{n}"), 500, None, 0.2, 1.2, 1.0) for n in range(3)
    )
    said = [f"go: example.com/m: reading {r.url}: 500 Internal Server Error" for r in traced]
    recorded = session(*said, requests=traced)
    failed = facts(resolved(SERVER), fetched(), session=recorded)
    assert only("http.server_error", failed).impact_s == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("target", "private"),
    [
        ("/git.corp.example/team/lib/v2/@v/v2.0.0.mod", "git.corp.example/team"),
        ("/api/go/!acme.example/tool/@v/v1.0.0.zip", "Acme.example/tool"),
        ("/acme.example/@v/v1.0.0.mod", "acme.example"),
        ("/a.example/$(id)/@v/v1.0.0.mod", "'a.example/$(id)'"),
        ("/team/@v/v1.0.0.mod", "example.com/yours"),
        ("/index.html", "example.com/yours"),
    ],
)
def test_what_is_not_found_may_be_private(target: str, private: str) -> None:
    """The command names the module that was asked for, without the proxy's own prefix."""
    missing = facts(resolved(SERVER), fetched_plain(target=target, status=404), duration_s=3.0)
    commands = [fix.command for fix in only("http.not_found", missing).fix]
    assert f"go env -w GOPRIVATE={private}" in commands


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            "http.unauthorized",
        ),
        ("fatal: Authentication failed for 'https://git.example/m.git/'", "http.unauthorized"),
        ("fatal: repository 'https://git.example/m.git/' not found", "http.not_found"),
        (
            "fatal: unable to access 'https://git.example/m.git/': The requested URL returned "
            "error: 503",
            "http.server_error",
        ),
        (
            "fatal: unable to access 'https://git.example/m.git/': The requested URL returned "
            "error: 429",
            "http.rate_limited",
        ),
    ],
)
def test_what_git_was_refused_with(said: str, code: str) -> None:
    recorded = session("go: m@v1: git ls-remote -q in /x: exit status 128:", f"\t{said}")
    refused = facts(
        resolved(SERVER, name="git.example"), fetched(name="git.example"), session=recorded
    )
    finding = only(code, refused)
    assert "git printed" in finding.evidence[0].text
    assert root_of(refused) == ("failed", code)
    ended = session("go: m@v1: git ls-remote", f"\t{said}", exit_code=0)
    assert not found(code, facts(resolved(SERVER), fetched(), session=ended))
