"""No fault in sight is not yet a healthy download: the end must be there, and readable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import Connection, Facts, TlsStage, Turn
from diagnostics.engine import diagnose
from diagnostics.verdict import Outcome
from tests.factories import (
    SERVER,
    Part,
    closed,
    connection,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    handshake,
    resolved,
    sent,
    session,
)
from tests.factories.courses import silence

FILE = "/example.org/m/@v/v1.0.0"


def seen(*parts: Any, **capture: Any) -> Facts:
    return facts(resolved(SERVER), *parts, **capture)


def left_open(last_s: float = 0.4) -> list[Part]:
    """A connection of which the capture does not show the end."""
    used = connection(last_s=last_s, client=sent(1000, 0.13, last_s), server=sent(9000, 0.15, 0.3))
    return [used, handshake()]


def stood_still(for_s: float) -> list[Part]:
    """The last byte comes, then nothing, then the client leaves."""
    client = sent(1000, 0.13, 0.2) | closed(0.3 + for_s)
    used = connection(last_s=0.4 + for_s, client=client, server=sent(9000, 0.15, 0.3))
    return [used, handshake()]


def parting(at_s: float) -> list[Part]:
    """The same, and the server says farewell (close_notify) after the client's."""
    used, shaken = stood_still(at_s - 0.3)
    assert isinstance(used, Connection)
    still = silence(0.3, at_s, "unknown")
    late = replace(used.server, last_data_s=at_s + 0.02)
    return [replace(used, server=late, silences=(still,)), shaken]


def redirected(asked_s: float, file: str = ".zip", **asked: Any) -> list[Part]:
    """A redirect in clear, and something asked inside TLS."""
    said: dict[str, Any] = {"status": 302, "headers": (("location", "https://other/x"),)}
    moved = fetched_plain(0, 0.1, **(said | {"target": f"{FILE}{file}"} | asked))
    used, shaken = fetched(1, 0.2)
    return [*moved, replace(used, turns=(answered(asked_s),)), shaken]


def answered(asked_s: float) -> Turn:
    answer_s = asked_s + 0.03
    frames = frame_at(asked_s), frame_at(answer_s)
    return Turn(frames[0], asked_s, frames[1], answer_s, 0.03, None, False, 0.02, 0.01)


def kept_for_more() -> tuple[Part, ...]:
    """Everything is answered; half a minute later the client closes."""
    asked = fetched_plain(target="/a.css", user_agent="Mozilla/5.0")
    return replace(asked[0], last_s=30.1, client=replace(asked[0].client, fin_s=30.0)), asked[1]


@pytest.mark.parametrize(
    ("captured", "words"),
    [
        pytest.param(seen(left_open(), duration_s=3.0), "stops before", id="nobody closed"),
        pytest.param(
            seen(left_open(2.0), fetched(1, 0.2), duration_s=3.0),
            "stops before",
            id="one was closed long before",
        ),
        pytest.param(seen(stood_still(20.0)), "Nothing came for 20", id="it stood still"),
        pytest.param(seen(stood_still(90.1)), "Nothing came for 90", id="no farewell"),
        pytest.param(seen(parting(7.3)), "Nothing came for 7", id="both say farewell"),
        pytest.param(seen(redirected(0.11)), "redirect", id="a redirect was last"),
        pytest.param(seen(redirected(0.4, ".mod")), "redirect", id="and go asked for no more"),
        pytest.param(
            seen(redirected(0.4, target="", request_frames=())), "redirect", id="of who knows what"
        ),
        pytest.param(
            seen(fetched_plain(request_frames=())), "after the questions", id="only answers"
        ),
        pytest.param(
            seen(fetched_plain(target=f"{FILE}.mod", head_cut=True)), "cut short", id="unread"
        ),
        pytest.param(
            seen(fetched_plain(target="/login", body_start=b"<html>")), "web page", id="a page"
        ),
        pytest.param(
            seen(fetched_plain(status=302, headers=(("location", "http://other/x"),))),
            "redirect",
            id="a redirect",
        ),
        pytest.param(
            seen(
                fetched(),
                connection(1, 1.5, last_s=3.0, server=sent(900, 1.6) | closed(2.9)),
                handshake(1, 1.5, client_hello=None, stage=TlsStage.SERVER_HELLO),
            ),
            "cannot be read",
            id="the last one is unread",
        ),
    ],
)
def test_an_end_that_is_not_seen_proves_nothing(captured: Facts, words: str) -> None:
    verdict = diagnose(captured)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert words in (verdict.reason or "")


@pytest.mark.parametrize(
    "captured",
    [
        pytest.param(seen(fetched()), id="closed by the client"),
        pytest.param(seen(left_open(0.995), fetched(1, 0.2)), id="one FIN is missing"),
        pytest.param(seen(stood_still(1.0)), id="a moment of work"),
        pytest.param(seen(parting(2.0)), id="a moment of work, then farewells"),
        pytest.param(seen(redirected(0.4)), id="the last file's redirect into TLS"),
        pytest.param(
            seen(redirected(0.4, target="/generate_204", user_agent="curl/8"), fetched(2, 0.2)),
            id="another program's redirect",
        ),
        pytest.param(facts(*kept_for_more()), id="a browser keeps its connection for more"),
        pytest.param(seen(fetched_plain(target=f"{FILE}.zip", head_cut=True)), id="the last file"),
        pytest.param(
            seen(fetched_plain(target="/m?go-get=1", body_start=b"<html>")), id="a wanted page"
        ),
        pytest.param(
            seen(left_open(), duration_s=3.0, session=session(exit_code=0)), id="go said so"
        ),
    ],
)
def test_a_seen_end_is_enough(captured: Facts) -> None:
    assert diagnose(captured).outcome is Outcome.HEALTHY


def test_a_connection_that_go_kept_for_90_s_was_idle() -> None:
    """It ends with go's close_notify: go lives on, with all that it wanted."""
    client = sent(1000, 0.13, 90.3) | closed(90.301)
    used = connection(last_s=90.4, client=client, server=sent(9000, 0.15, 0.3))
    assert diagnose(seen([used, handshake()])).outcome is Outcome.HEALTHY
    still = silence(0.3, 90.3, "unknown")
    replied = replace(used, server=replace(used.server, last_data_s=90.32), silences=(still,))
    assert diagnose(seen([replied, handshake()])).outcome is Outcome.HEALTHY
