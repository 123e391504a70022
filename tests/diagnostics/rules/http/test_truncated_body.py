"""Bodies that end before their announced length with a clean FIN."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts, TlsStage
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NAME,
    SERVER,
    closed,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    request,
    resolved,
    sent,
    session,
)

CODE = "http.truncated_body"


def cut(announced: int | None, received: int, **changes: Any) -> Facts:
    carried = connection(
        port=80,
        last_s=0.7,
        client=sent(200, 0.13) | closed(0.65),
        server=sent(received, 0.15, 0.5) | closed(0.6),
    )
    partly: dict[str, Any] = {
        "complete": False,
        "announced_bytes": announced,
        "received_bytes": received,
        "body_end_s": 0.5,
        "body_end_frame": frame_at(0.5),
    }
    return facts(resolved(SERVER), carried, request(**(partly | changes)))


@pytest.mark.parametrize("announced", [90_000, None], ids=["Content-Length", "chunked"])
def test_a_fin_before_the_end(announced: int | None) -> None:
    short = cut(announced, 40_000)
    finding = only(CODE, short)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert finding.fatal
    assert frames(finding) == {frame_at(0.15), frame_at(0.5), frame_at(0.6)}
    assert "40000" in finding.evidence[0].text
    assert root_of(short) == ("failed", CODE)


def test_a_complete_body_is_none() -> None:
    assert not found(CODE, cut(40_000, 40_000, complete=True))


def test_bytes_that_the_capture_lost_are_none() -> None:
    """What the capture did not see may have arrived: the server sent all of it."""
    assert not found(CODE, cut(40_000, 30_000, gap=True, announced_bytes=30_000))


def test_a_fin_in_place_of_an_answer() -> None:
    carried = connection(
        port=80,
        last_s=0.2,
        client=sent(200, 0.13) | closed(0.161),
        server={"acked_bytes": 200, **closed(0.16)},
    )
    none = facts(resolved(SERVER), carried, request(status=None, complete=False))
    finding = only(CODE, none)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert "without an answer" in finding.summary
    assert frame_at(0.16) in frames(finding)
    assert root_of(none) == ("failed", CODE)


EOF_WORDS = f'go: m@v1: read "https://{NAME}/m/@v/v1.zip": unexpected EOF'


def inside_tls(*output: str, client_first: bool = False) -> Facts:
    server_s, client_s = (0.65, 0.6) if client_first else (0.6, 0.65)
    carried = connection(
        last_s=0.7,
        client=sent(1000, 0.13, 0.2) | closed(client_s),
        server=sent(40_000, 0.15, 0.5) | closed(server_s),
    )
    return facts(resolved(SERVER), carried, handshake(), session=session(*output))


UNREAD = facts(
    resolved(SERVER),
    connection(
        last_s=0.7,
        client=sent(300, 0.13) | closed(0.65),
        server=sent(1400, 0.15) | closed(0.6) | {"unseen_acked_bytes": 60},
    ),
    handshake(stage=TlsStage.SERVER_HELLO),
    session=session(EOF_WORDS),
)


def test_inside_tls_gos_words_and_the_servers_fin_agree() -> None:
    short = inside_tls(EOF_WORDS)
    assert place(only(CODE, short)) == (Role.SERVER, SERVER, (5, 5))
    assert root_of(short) == ("failed", CODE)


def test_inside_tls_nothing_of_the_answer_may_have_come() -> None:
    short = inside_tls(f'go: m@v1: Get "https://{NAME}/m/@v/v1.info": EOF')
    assert root_of(short) == ("failed", CODE)


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(inside_tls(), id="go says nothing"),
        pytest.param(UNREAD, id="the handshake cannot be read, and may be what ended"),
        pytest.param(inside_tls(EOF_WORDS, client_first=True), id="the client closed first"),
        pytest.param(
            inside_tls(EOF_WORDS.replace(NAME, "other.example")), id="go speaks of another host"
        ),
    ],
)
def test_one_of_the_two_alone_is_none(ended: Facts) -> None:
    assert not found(CODE, ended)


def test_words_of_a_command_that_succeeded_are_none() -> None:
    passed = facts(resolved(SERVER), fetched(), session=session(EOF_WORDS, exit_code=0))
    assert root_of(passed) == ("healthy", None)


@pytest.mark.parametrize(("again", "outcome"), [(True, "healthy"), (False, "failed")])
def test_a_request_that_crosses_the_fin_of_an_idle_connection(again: bool, outcome: str) -> None:
    """net/http asks again over a new connection."""
    crossed = connection(
        0,
        0.1,
        port=80,
        last_s=5.02,
        client=sent(400, 0.13, 5.0),
        server=sent(500, 0.15) | closed(5.01),
    )
    first = request(0, 0.13, "/example.com/m/@v/v1.0.0.mod")
    lost = request(0, 5.0, status=None)
    new = connection(
        1,
        5.02,
        port=80,
        client=sent(200, 5.04) | closed(5.2),
        server=sent(2000, 5.06) | closed(5.2),
    )
    further = (new, request(1, 5.04)) if again else ()
    asked = facts(resolved(SERVER), crossed, first, lost, *further, duration_s=9.0)
    assert root_of(asked)[0] == outcome
