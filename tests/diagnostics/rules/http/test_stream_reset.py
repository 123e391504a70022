"""HTTP/2 streams that the server aborts: only go's own words show it."""

from __future__ import annotations

import pytest

from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import NAME, SERVER, facts, fetched, resolved, session

CODE = "http.stream_reset"
URL = f"https://{NAME}/m/@v/v1.zip"
WORDS = (
    f'go: m@v1: read "{URL}": stream error: stream ID 5; INTERNAL_ERROR; received from peer',
    f'go: m@v1: Get "{URL}": http2: server sent GOAWAY and closed the connection; LastStreamID=1',
)


@pytest.mark.parametrize("words", WORDS)
def test_gos_words_name_the_server(words: str) -> None:
    aborted = facts(resolved(SERVER), fetched(), session=session(words))
    finding = only(CODE, aborted)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert finding.fatal
    assert "Only for public modules" in finding.fix[-1].text
    assert root_of(aborted) == ("failed", CODE)


def test_without_the_url_the_server_is_not_named() -> None:
    aborted = facts(resolved(SERVER), fetched(), session=session(WORDS[0].replace(URL, "")))
    assert place(only(CODE, aborted)) == (Role.SERVER, None, None)


@pytest.mark.parametrize("words", WORDS)
def test_a_command_that_succeeded_went_on_by_itself(words: str) -> None:
    """net/http asks again after a graceful GOAWAY."""
    passed = facts(resolved(SERVER), fetched(), session=session(words, exit_code=0))
    assert not found(CODE, passed)


def test_without_a_session_nothing_is_guessed() -> None:
    assert not found(CODE, facts(resolved(SERVER), fetched()))


def test_a_line_of_the_trace_is_not_gos_word() -> None:
    traced = session(f"# get {URL}: stream error: stream ID 5; CANCEL")
    assert not found(CODE, facts(resolved(SERVER), fetched(), session=traced))
