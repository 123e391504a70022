"""Waits for a server: which silences are its own, and which are the path's or the client's."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts, Side, Silence, TlsStage
from captures.session import Session
from diagnostics.waits import GIVEN_UP_S, SLOW_S, Wait, cost_s, waits
from tests.factories import (
    OTHER,
    SERVER,
    asked_again,
    client_hello,
    closed,
    connect,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    request,
    resolved,
    sent,
    session,
    unconnected,
)


def quiet(
    start_s: float,
    end_s: float,
    cause: str = "sender_idle",
    after: Side = Side.CLIENT,
    before: Side | None = Side.SERVER,
) -> Silence:
    last = None if before is None else frame_at(end_s)
    return Silence(start_s, end_s, frame_at(start_s), last, cause, after, before)


def inside(
    *silences: Silence, client_s: float = 0.2, server_s: float = 20.0, **changes: Any
) -> Facts:
    """One TLS connection with these silences; each side's last data came at these times."""
    usual: dict[str, Any] = {
        "last_s": 20.6,
        "client": sent(1000, 0.13, client_s) | closed(20.5),
        "server": sent(90_000, 0.15, server_s) | closed(20.52),
        "silences": silences,
    }
    told = changes.pop("session", None)
    return facts(resolved(SERVER), connection(**(usual | changes)), handshake(), session=told)


def only(captured: Facts) -> Wait:
    (wait,) = waits(captured)
    return wait


@pytest.mark.parametrize(
    ("silence", "first_byte"),
    [(quiet(0.2, 3.2), True), (quiet(0.5, 3.5, after=Side.SERVER), False)],
    ids=["after what was asked", "inside the answer"],
)
def test_a_silence_that_the_server_alone_could_end(silence: Silence, first_byte: bool) -> None:
    wait = only(inside(silence))
    assert wait.first_byte is first_byte
    assert not wait.forever
    assert not wait.exact
    assert wait.evidence.frames == (silence.after_frame, silence.before_frame)
    assert cost_s([wait]) == pytest.approx(3.0)


@pytest.mark.parametrize(("answered_s", "first_byte"), [(3.2, True), (None, True), (0.16, False)])
def test_session_tickets_are_no_part_of_an_answer(
    answered_s: float | None, first_byte: bool
) -> None:
    """A proxy hands the second ticket over late: the server's data ends nothing yet."""
    told = {Side.CLIENT: 0.17} | ({} if answered_s is None else {Side.SERVER: answered_s})
    idle = quiet(0.25, 3.2, after=Side.SERVER)
    shaken = handshake(first_application_data_s=told)
    carried = connection(
        last_s=20.6,
        client=sent(1000, 0.13, 0.2) | closed(20.5),
        server=sent(90_000, 0.15, 20.0) | closed(20.52),
        silences=(idle,),
    )
    assert only(facts(resolved(SERVER), carried, shaken)).first_byte is first_byte


@pytest.mark.parametrize(
    "silence",
    [
        pytest.param(quiet(0.2, 0.2 + 0.9 * SLOW_S), id="short"),
        pytest.param(quiet(0.05, 3.0), id="before anything was asked"),
        pytest.param(quiet(0.2, 3.2, "loss"), id="a loss"),
        pytest.param(quiet(0.2, 3.2, "window"), id="a closed window"),
        pytest.param(quiet(0.2, 3.2, "client_idle", Side.SERVER, Side.CLIENT), id="the client's"),
    ],
)
def test_silences_that_are_not_the_servers(silence: Silence) -> None:
    assert not waits(inside(silence, client_s=3.3))


def test_a_farewell_is_no_answer() -> None:
    """The server's close_notify and FIN after an idle minute end no wait."""
    idle = quiet(0.5, 20.0, after=Side.SERVER)
    server = sent(90_000, 0.15, 20.0) | closed(20.01)
    assert not waits(inside(idle, server=server, session=session(exit_code=0)))


LAST = quiet(0.5, 20.5, after=Side.SERVER, before=Side.CLIENT)
FAILED = session(exit_code=1)
HEARD = asked_again((0.2, 0.22), (20.5, 20.52))
UNHEARD = asked_again((0.2, 0.22), (20.5, None), (21.0, None), (22.0, None))


def ended(talk: dict[str, Any], **changes: Any) -> Facts:
    """The last silence: the client closes in the end, and is heard, or not."""
    client = sent(1000, 0.13, 0.2) | closed(20.5) | talk
    server = sent(40_000, 0.15, 0.5)
    return inside(LAST, client=client, server=server, **changes)


def test_a_last_silence_of_a_command_that_failed() -> None:
    wait = only(ended(HEARD, session=FAILED))
    assert wait.forever
    assert "acknowledged" in wait.text


@pytest.mark.parametrize(
    "captured",
    [
        pytest.param(ended(HEARD, session=session(exit_code=0)), id="the command succeeded"),
        pytest.param(ended(UNHEARD, session=FAILED), id="the path is dead"),
    ],
)
def test_last_silences_that_are_none(captured: Facts) -> None:
    assert not waits(captured)


@pytest.mark.parametrize(("length_s", "counts"), [(0.5 * GIVEN_UP_S, False), (20.0, True)])
def test_without_a_session_a_last_silence_must_be_long(length_s: float, counts: bool) -> None:
    end_s = 0.5 + length_s
    last = quiet(0.5, end_s, after=Side.SERVER, before=Side.CLIENT)
    client = sent(1000, 0.13, 0.2) | closed(end_s) | asked_again((0.2, 0.22), (end_s, end_s + 0.02))
    captured = inside(last, client=client, server=sent(40_000, 0.15, 0.5), last_s=end_s + 0.1)
    assert bool(waits(captured)) is counts


@pytest.mark.parametrize("told", [None, FAILED], ids=["packets", "session"])
@pytest.mark.parametrize(
    ("own_s", "since_s", "counts"),
    [
        pytest.param(0.0, 5.0, True, id="it never paused"),
        pytest.param(1.5, 5.0, True, id="for far less"),
        pytest.param(4.0, 60.0, True, id="once in a long download"),
        pytest.param(4.0, 5.0, False, id="for much of the time"),
    ],
)
def test_a_machine_that_paused_by_itself_may_do_so_again(
    own_s: float, since_s: float, counts: bool, told: Session | None
) -> None:
    """A slow disk holds go up between its requests, and then at its end."""
    end_s = since_s + 20.0
    pauses = [quiet(0.3, 0.3 + own_s, "client_idle", Side.SERVER, Side.CLIENT)] if own_s else []
    captured = inside(
        *pauses,
        quiet(since_s, end_s, after=Side.SERVER, before=Side.CLIENT),
        client=sent(1000, 0.13, 4.5)
        | closed(end_s)
        | asked_again((0.2, 0.22), (end_s, end_s + 0.02)),
        server=sent(40_000, 0.15, since_s),
        last_s=end_s + 0.1,
        session=told,
    )
    assert bool(waits(captured)) is counts


def test_a_connection_that_is_idle_while_another_one_works() -> None:
    """go closes all of them at its exit; only the last one to stop was waited for."""
    idle = connection(
        last_s=20.6,
        client=sent(1000, 0.13, 0.2) | closed(20.5) | HEARD,
        server=sent(40_000, 0.15, 0.5),
        silences=(LAST,),
    )
    busy = fetched(
        1,
        0.1,
        address=OTHER,
        last_s=20.6,
        client=sent(1000, 0.13, 0.2) | closed(20.5),
        server=sent(9_000_000, 0.15, 20.3) | closed(20.52),
    )
    captured = facts(resolved(SERVER, OTHER), idle, handshake(), busy, session=FAILED)
    assert not waits(captured)


def test_a_connection_that_is_idle_while_another_one_does_not_come_about() -> None:
    """go waits for the checksum database in vain, and closes all connections when it gives up."""
    idle = connection(
        last_s=20.6,
        client=sent(1000, 0.13, 0.2) | closed(20.5) | HEARD,
        server=sent(40_000, 0.15, 0.5),
        silences=(LAST,),
    )
    syns = unconnected(0.6, 1.6, 3.6, 7.6, 15.6, stream=1, address=OTHER, last_s=20.4)
    asked = resolved(OTHER, at_s=0.55, name="sum.golang.org")
    assert not waits(facts(resolved(SERVER), asked, idle, handshake(), syns))


def in_clear(took_s: float, rtt_s: float = 0.02) -> Facts:
    carried = connection(
        port=80,
        rtt_s=rtt_s,
        last_s=9.0,
        client=sent(200, 0.13) | closed(8.9),
        server=sent(2000, 0.13 + took_s) | closed(8.9),
    )
    return facts(resolved(SERVER), carried, request(took_s=took_s))


@pytest.mark.parametrize(
    ("took_s", "rtt_s", "counts"),
    [(3.0, 0.02, True), (0.9, 0.02, False), (1.5, 0.8, False), (1.9, 0.8, True)],
)
def test_in_clear_a_round_trip_is_left_out(took_s: float, rtt_s: float, counts: bool) -> None:
    found = waits(in_clear(took_s, rtt_s))
    assert bool(found) is counts
    assert all(w.exact and w.first_byte for w in found)


def test_parallel_waits_cost_their_time_once() -> None:
    both = facts(
        resolved(SERVER),
        *in_clear(3.0).connections,
        request(took_s=3.0),
        connection(1, 0.1, port=80, last_s=9.0, client=sent(200, 1.13), server=sent(2000, 4.13)),
        request(1, 1.13, "/example.com/m/@v/v1.0.0.mod", took_s=3.0),
    )
    found = waits(both)
    assert len(found) == 2
    assert cost_s(found) == pytest.approx(4.0)


def test_a_tunnel_that_opens_late_is_waited_for_once() -> None:
    tunnel = connect(0, 0.13, took_s=SLOW_S + 0.5)
    carried = connection(0, 0.1, port=3128, server=sent(90_000, 1.6, 1.9), last_s=2.0)
    wait = only(facts(resolved(SERVER), carried, tunnel, handshake(0, 1.7)))
    assert wait.first_byte
    assert "CONNECT" in wait.text


def test_a_tunnel_that_is_refused_late_is_no_wait() -> None:
    refused = connect(0, 0.13, status=502, took_s=SLOW_S + 0.5)
    assert not waits(facts(resolved(SERVER), connection(0, 0.1, port=3128), refused))


def test_records_too_short_to_read_do_not_hide_who_was_waited_for() -> None:
    hello = client_hello(0.13, complete=False)
    cut = handshake(stage=TlsStage.SERVER_HELLO, client_hello=hello)
    shown = connection(
        last_s=20.6,
        client=sent(1000, 0.13, 0.2) | closed(20.5),
        server=sent(90_000, 0.15, 20.0) | closed(20.52),
        silences=(quiet(0.2, 3.2),),
    )
    assert only(facts(resolved(SERVER), shown, cut)).first_byte
