"""Late first bytes, in clear and inside TLS, and waits that are nobody's fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import Facts, LossSide, Retransmission, RetransmissionKind, Side, Silence
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    SERVER,
    asked_again,
    closed,
    connection,
    facts,
    fetched_plain,
    frame_at,
    handshake,
    request,
    resolved,
    sent,
    session,
)

CODE = "http.slow_response"


def late(wait_s: float, rtt_s: float = 0.02, **client: Any) -> Facts:
    """A clear answer that begins so long after its request."""
    done_s = 0.2 + wait_s
    carried = connection(
        port=80,
        last_s=done_s + 0.1,
        rtt_s=rtt_s,
        client=sent(200, 0.13) | closed(done_s) | client,
        server=sent(2000, 0.13 + wait_s) | closed(done_s),
    )
    return facts(resolved(SERVER), carried, request(took_s=wait_s))


def test_a_late_first_byte_is_of_what_stands_behind_the_server() -> None:
    slow = late(2.5)
    finding = only(CODE, slow)
    assert place(finding) == (Role.UPSTREAM, None, None)
    assert frames(finding) == {frame_at(0.13), frame_at(2.63)}
    assert finding.impact_s == pytest.approx(2.5, abs=0.05)
    assert root_of(slow) == ("degraded", CODE)


RESENT = Retransmission(
    frame_at(0.13), 0.13, 1, 200, RetransmissionKind.TIMEOUT, LossSide.AFTER_CAPTURE, 1.0, 99
)


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param(late(0.4), id="within a second"),
        pytest.param(late(1.2, rtt_s=0.6), id="on a long way"),
        pytest.param(late(2.5, retransmissions=(RESENT,)), id="the request was lost"),
    ],
)
def test_other_waits(prompt: Facts) -> None:
    assert not found(CODE, prompt)


def test_a_request_that_is_never_answered_on_a_living_path() -> None:
    """The keep-alive after 30 s is acknowledged: the server's kernel lives, its program sleeps."""
    carried = connection(
        port=80,
        last_s=60.0,
        client=sent(200, 0.13) | closed(60.0) | asked_again((0.13, 0.15), (30.1, 30.12)),
    )
    silent = facts(resolved(SERVER), carried, request(status=None))
    assert only(CODE, silent).fatal
    assert root_of(silent) == ("failed", CODE)


def test_on_a_dead_path_it_is_not_the_server() -> None:
    carried = connection(
        port=80,
        last_s=60.0,
        client=sent(200, 0.13) | asked_again(*((t, None) for t in (0.13, 0.4, 1.0, 2.2, 4.6))),
    )
    assert not found(CODE, facts(resolved(SERVER), carried, request(status=None)))


def silent_inside(
    start_s: float, end_s: float, cause: str = "sender_idle", **changes: Any
) -> Facts:
    """Inside TLS: the client asked, and the server's next data came at the silence's end."""
    quiet = Silence(
        start_s, end_s, frame_at(start_s), frame_at(end_s), cause, Side.CLIENT, Side.SERVER
    )
    done_s = end_s + 0.5
    carried = connection(
        last_s=done_s + 0.1,
        client=sent(1000, 0.13, start_s) | closed(done_s),
        server=sent(90_000, 0.15, done_s - 0.2) | closed(done_s + 0.05),
        silences=(quiet,),
    )
    return facts(resolved(SERVER), carried, handshake())


def test_inside_tls_a_silence_after_what_was_asked() -> None:
    slow = silent_inside(0.2, 3.7)
    finding = only(CODE, slow)
    assert place(finding)[0] is Role.UPSTREAM
    assert frames(finding) == {frame_at(0.2), frame_at(3.7)}
    assert finding.impact_s == pytest.approx(3.5)
    assert root_of(slow) == ("degraded", CODE)


def test_an_answer_that_was_lost_before_is_not_late() -> None:
    slow = late(2.5)
    answered = slow.requests[0].response_frame
    lost = Silence(0.13, 2.63, frame_at(0.13), answered, "loss", Side.CLIENT, Side.SERVER, 4)
    carried = replace(slow.connections[0], silences=(lost,))
    assert found(CODE, slow) and not found(CODE, replace(slow, connections=(carried,)))


@pytest.mark.parametrize("cause", ["loss", "window", "path_silent", "client_idle"])
def test_silences_with_another_cause(cause: str) -> None:
    assert not found(CODE, silent_inside(0.2, 3.7, cause))


def test_an_idle_connection_of_a_command_that_succeeded() -> None:
    """go keeps it for 90 s, and closes it at its exit."""
    idle = Silence(0.9, 8.0, frame_at(0.9), frame_at(8.0), "sender_idle", Side.SERVER, Side.CLIENT)
    carried = connection(
        last_s=8.1,
        client=sent(1000, 0.13, 0.2) | closed(8.0),
        server=sent(90_000, 0.15, 0.9) | closed(8.02),
        silences=(idle,),
    )
    healthy(facts(resolved(SERVER), carried, handshake(), session=session(exit_code=0)))


def test_an_ordinary_answer_is_healthy() -> None:
    healthy(facts(resolved(SERVER), fetched_plain()))
