"""Bodies that stop while the path is alive, and pauses with another reason."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts, Side, Silence
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    OTHER,
    SERVER,
    Part,
    asked_again,
    client_hello,
    closed,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    handshake,
    request,
    resolved,
    sent,
    session,
)

CODE = "http.stalled_body"
PARTLY: dict[str, Any] = {
    "complete": False,
    "announced_bytes": 90_000,
    "received_bytes": 40_000,
    "body_end_s": 0.5,
    "body_end_frame": frame_at(0.5),
}


def stopped(*talk: tuple[float, float | None]) -> Facts:
    """40 kB of 90 came until 0.5 s; then the client asks at these times, until it gives up."""
    carried = connection(
        port=80,
        last_s=60.0,
        client=sent(200, 0.13) | closed(60.0) | asked_again(*talk),
        server=sent(40_000, 0.15, 0.5),
    )
    return facts(resolved(SERVER), carried, request(**PARTLY))


def test_a_body_that_never_goes_on_while_keep_alives_are_acknowledged() -> None:
    stalled = stopped((0.13, 0.15), (30.5, 30.52), (45.5, 45.52))
    finding = only(CODE, stalled)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert finding.fatal
    assert finding.impact_s == pytest.approx(59.5, abs=0.1)
    assert frame_at(0.5) in frames(finding)
    assert "40000 of 90000" in finding.evidence[0].text
    assert root_of(stalled) == ("failed", CODE)


def test_on_a_dead_path_it_is_a_black_hole() -> None:
    dead = stopped((0.13, 0.15), (30.5, None), (45.5, None), (59.0, None))
    assert not found(CODE, dead)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((30.5, 30.52), "while the path is alive"),
        (None, "nothing shows whether the path still lives"),
    ],
)
def test_a_living_path_is_claimed_where_it_was_shown(
    asked: tuple[float, float] | None, words: str
) -> None:
    talk = [(0.13, 0.15)] + ([asked] if asked else [])
    assert words in only(CODE, stopped(*talk)).summary


def paused(cause: str, length_s: float = 4.0, tls: bool = False) -> Facts:
    end_s = 0.5 + length_s
    pause = Silence(0.5, end_s, frame_at(0.5), frame_at(end_s), cause, Side.SERVER, Side.SERVER)
    done_s = end_s + 0.5
    carried = connection(
        port=443 if tls else 80,
        last_s=done_s + 0.1,
        client=sent(1000, 0.13, 0.2) | closed(done_s),
        server=sent(90_000, 0.15, done_s - 0.2) | closed(done_s + 0.02),
        silences=(pause,),
    )
    if tls:
        return facts(resolved(SERVER), carried, handshake())
    whole = request(body_end_s=done_s - 0.2, body_end_frame=frame_at(done_s - 0.2))
    return facts(resolved(SERVER), carried, whole)


@pytest.mark.parametrize("tls", [False, True])
def test_a_pause_that_the_server_alone_could_end(tls: bool) -> None:
    slow = paused("sender_idle", tls=tls)
    finding = only(CODE, slow)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert not finding.fatal
    assert finding.impact_s == pytest.approx(4.0, abs=0.05)
    assert frames(finding) == {frame_at(0.5), frame_at(4.5)}
    assert root_of(slow) == ("degraded", CODE)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("cause", ["loss", "window", "path_silent", "client_idle"])
def test_pauses_that_others_made(cause: str, tls: bool) -> None:
    assert not found(CODE, paused(cause, tls=tls))


@pytest.mark.parametrize("tls", [False, True])
def test_a_short_pause_is_nothing(tls: bool) -> None:
    assert not found(CODE, paused("sender_idle", 0.6, tls=tls))


@pytest.mark.parametrize(("exit_code", "outcome"), [(0, ("healthy", None)), (1, ("failed", CODE))])
def test_a_last_silence_counts_when_the_command_failed(
    exit_code: int, outcome: tuple[str, str | None]
) -> None:
    last = Silence(
        0.5, 20.0, frame_at(0.5), frame_at(20.0), "sender_idle", Side.SERVER, Side.CLIENT
    )
    carried = connection(
        last_s=20.1,
        client=sent(1000, 0.13, 0.2) | closed(20.0) | asked_again((0.13, 0.15), (20.0, 20.02)),
        server=sent(40_000, 0.15, 0.5),
        silences=(last,),
    )
    ended = facts(resolved(SERVER), carried, handshake(), session=session(exit_code=exit_code))
    assert root_of(ended) == outcome


def idle(*others: Part) -> Facts:
    """An answer inside TLS, then nothing on that connection until go ends."""
    carried = connection(
        last_s=20.0,
        client=sent(1000, 0.13) | closed(20.0) | asked_again((0.13, 0.15), (20.0, 20.02)),
        server=sent(3000, 0.15, 0.2) | {"last_s": 20.02},
        silences=(
            Silence(
                0.2, 20.0, frame_at(0.2), frame_at(20.0), "sender_idle", Side.SERVER, Side.CLIENT
            ),
        ),
    )
    return facts(resolved(SERVER), carried, handshake(), *others)


def test_inside_tls_a_long_silence_to_the_end_is_a_stall() -> None:
    assert found(CODE, idle())


def test_who_went_on_elsewhere_had_the_whole_answer() -> None:
    """git, which go calls, hangs at the repository's host; it says nothing that is go's."""
    hello = client_hello(0.33, OTHER, is_go=False)
    assert not found(CODE, idle(*failed_hello(1, 0.3, hello=hello, address=OTHER, last_s=19.9)))


def test_what_began_later_is_another_program() -> None:
    assert found(CODE, idle(*fetched(1, 12.0, address=OTHER, name=OTHER)))
