"""Checksums that do not match: only go's own words show it."""

from __future__ import annotations

import pytest

from captures.session import Session
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, root_of
from tests.factories import SERVER, facts, fetched, resolved, session

CODE = "go.checksum_mismatch"
WORDS = ("verifying m@v1.0.0: checksum mismatch", "SECURITY ERROR")


@pytest.mark.parametrize("words", WORDS)
def test_gos_words_fail_the_download(words: str) -> None:
    refused = facts(resolved(SERVER), fetched(), session=session(words))
    finding = only(CODE, refused)
    assert finding.hop.role is Role.SERVER
    assert finding.fatal
    assert root_of(refused) == ("failed", CODE)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(session(*WORDS, exit_code=0), id="the command succeeded"),
        pytest.param(session("# get https://h/checksum mismatch: 404"), id="a line of the trace"),
        pytest.param(session("some other failure"), id="other words"),
        pytest.param(None, id="no session"),
    ],
)
def test_without_them_nothing_is_said(said: Session | None) -> None:
    passed = facts(resolved(SERVER), fetched(), session=said)
    assert not found(CODE, passed)


def test_words_that_steer_a_terminal_are_escaped() -> None:
    refused = facts(
        resolved(SERVER), fetched(), session=session("verifying \x1b[2Jm: checksum mismatch")
    )
    assert "\x1b" not in only(CODE, refused).evidence[0].text
