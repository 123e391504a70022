"""Settings that forbid the download: only go's own words show them."""

from __future__ import annotations

import pytest

from captures.session import Session
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import CLIENT, SERVER, facts, fetched, resolved, session

CODE = "config.proxy_off"
OFF = "go: example.com/m@v1.0.0: module lookup disabled by GOPROXY=off"
VCS = "go: example.com/m: GOVCS disallows using git for public example.com/m; see 'go help vcs'"


@pytest.mark.parametrize("words", [OFF, VCS])
def test_gos_words_blame_the_client(words: str) -> None:
    refused = facts(resolved(SERVER), fetched(), session=session(words))
    assert place(only(CODE, refused)) == (Role.CLIENT, CLIENT, (0, 0))
    assert root_of(refused) == ("failed", CODE)


@pytest.mark.parametrize(("words", "setting"), [(OFF, "GOPROXY"), (VCS, "GOVCS")])
def test_the_setting_is_taken_back_wherever_it_stands(words: str, setting: str) -> None:
    fix = only(CODE, facts(session=session(words))).fix[-1]
    assert fix.command == f"unset {setting}; go env -u {setting}"


def test_not_one_packet_is_needed() -> None:
    assert root_of(facts(session=session(OFF))) == ("failed", CODE)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(session(OFF, exit_code=0), id="the command succeeded"),
        pytest.param(session("go: something else", env={"GOPROXY": "off"}), id="no such words"),
        pytest.param(None, id="no session"),
    ],
)
def test_without_them_nothing_is_said(said: Session | None) -> None:
    assert not found(CODE, facts(resolved(SERVER), fetched(), session=said))
