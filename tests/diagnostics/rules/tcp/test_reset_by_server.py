"""The server's own resets: during an answer, before it, and when they hurt nobody."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Side
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    SERVER,
    closed,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    handshake,
    request,
    reset,
    resolved,
    sent,
)

CODE = "tcp.reset_by_server"
ASKED: dict[str, Any] = {"client": sent(200, 0.13)}


def test_a_reset_in_the_middle_of_a_body() -> None:
    carried = connection(
        0, 0.1, port=80, last_s=0.6, server=sent(5000, 0.15, 0.5), resets=(reset(0.6),), **ASKED
    )
    cut = facts(
        resolved(SERVER),
        carried,
        request(complete=False, announced_bytes=90_000, received_bytes=5000),
    )
    finding = only(CODE, cut)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert finding.fatal
    assert frame_at(0.6) in frames(finding)
    assert root_of(cut) == ("failed", CODE)


def test_a_reset_instead_of_an_answer() -> None:
    carried = connection(0, 0.1, port=80, last_s=0.3, resets=(reset(0.3),), **ASKED)
    cut = facts(resolved(SERVER), carried, request(status=None))
    assert not only(CODE, cut).fatal
    assert root_of(cut) == ("failed", CODE)


def test_a_reset_in_the_middle_of_an_encrypted_answer() -> None:
    carried = connection(
        0, 0.1, last_s=0.6, server=sent(50_000, 0.15, 0.59), resets=(reset(0.6),), **ASKED
    )
    assert root_of(facts(resolved(SERVER), carried, handshake())) == ("failed", CODE)


def test_a_reset_of_the_servers_own_after_the_hello() -> None:
    """Nothing else was tried, and nothing about the RST is foreign."""
    cut = facts(resolved(SERVER), failed_hello(ended_by=(reset(0.151),), acked=True))
    assert root_of(cut) == ("failed", CODE)


def test_an_idle_connection_that_is_dropped_is_made_good() -> None:
    """net/http repeats a request that a reused connection lost before its first byte."""
    lost = connection(0, 0.1, port=80, last_s=0.3, resets=(reset(0.3),), **ASKED)
    again = connection(
        1,
        0.31,
        port=80,
        client=sent(200, 0.34) | closed(1.2),
        server=sent(2000, 0.36) | closed(1.2),
    )
    passed = facts(
        resolved(SERVER), lost, again, request(status=None), request(1, 0.34), duration_s=1.3
    )
    assert root_of(passed)[0] != "failed"


@pytest.mark.parametrize(("asked_s", "outcome"), [(40.1, "healthy"), (0.35, "failed")])
def test_an_encrypted_request_on_an_idle_connection_is_made_good(
    asked_s: float, outcome: str
) -> None:
    """What the client says while an answer still comes is no new request."""
    lost = connection(
        0,
        0.1,
        last_s=asked_s + 0.02,
        client=sent(900, 0.13, asked_s),
        server=sent(9000, 0.15, 0.3),
        resets=(reset(asked_s + 0.02),),
    )
    again = connection(
        1,
        asked_s + 0.03,
        client=sent(900, asked_s + 0.05) | closed(asked_s + 1.0),
        server=sent(9000, asked_s + 0.1) | closed(asked_s + 1.0),
    )
    both = facts(
        resolved(SERVER),
        *(lost, handshake()),
        *(again, handshake(1, asked_s + 0.05)),
        duration_s=asked_s + 1.1,
    )
    assert root_of(both)[0] == outcome


@pytest.mark.parametrize("side", list(Side))
def test_resets_after_the_clients_end_hurt_nobody(side: Side) -> None:
    passed = facts(resolved(SERVER), fetched(resets=(reset(1.05, side),)))
    assert not found(CODE, passed)
    healthy(passed)


def test_a_spare_connection_that_the_server_resets_while_idle_is_no_failure() -> None:
    """go opens one per worker, uses one, and closes the others with a RST of its own."""
    spare = connection(
        1,
        0.101,
        last_s=0.2,
        client=sent(310, 0.131, 0.16),
        server=sent(3000, 0.15),
        resets=(reset(0.2, Side.CLIENT),),
    )
    unused = handshake(1, 0.131, first_application_data_s={})
    healthy(facts(resolved(SERVER), fetched(), spare, unused))
