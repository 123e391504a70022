"""Connections that were reset at rest, and answers that were cut off."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Outcome
from tests.factories import Part, facts, fetched, reset, resolved, sent, session
from tests.factories.world import OTHER, SERVER


def reset_at(at_s: float, **changes: Any) -> Any:
    """An answer until 0.5 s, then nothing, then a RST of the server."""
    halves = {"client": sent(900, 0.13), "server": sent(9000, 0.15, 0.5)}
    return fetched(0, last_s=at_s, resets=(reset(at_s),), **(halves | changes))


def elsewhere(last_s: float) -> Any:
    """Another connection of go, which brings data until then."""
    server = sent(90_000, 2.0, last_s)
    return fetched(1, 1.0, address=OTHER, name="mirror.example.org", last_s=last_s, server=server)


def first_outcome(*parts: Part, **changes: Any) -> Outcome:
    captured = facts(resolved(SERVER), *parts, **changes)
    return next(a.outcome for a in captured.attempts if a.stream == 0)


def test_a_reset_at_rest_while_the_download_goes_on_broke_nothing() -> None:
    assert first_outcome(reset_at(20.5), elsewhere(30.0)) is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((reset_at(20.5),), id="nothing else goes on"),
        pytest.param((reset_at(20.5), elsewhere(19.0)), id="all ends with it"),
        pytest.param((reset_at(1.5), elsewhere(30.0)), id="in the middle of an answer"),
        pytest.param(
            (reset_at(20.5, client=sent(900, 0.13, 15.0)), elsewhere(30.0)), id="asked since"
        ),
        pytest.param(
            (reset_at(20.5, server=sent(9000, 0.15, 0.5) | {"acked_bytes": 8000}), elsewhere(30.0)),
            id="bytes not acknowledged",
        ),
    ],
)
def test_what_cuts_an_answer_off_broke_it(parts: tuple[Any, ...]) -> None:
    assert first_outcome(*parts) is Outcome.FAILED


def test_where_the_command_failed_nothing_is_explained_away() -> None:
    failed = first_outcome(reset_at(20.5), elsewhere(30.0), session=session(exit_code=1))
    assert failed is Outcome.FAILED
