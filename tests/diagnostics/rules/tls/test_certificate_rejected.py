"""TLS 1.3 handshakes that the client ends on the server's flight, for an encrypted reason."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Side, TlsStage
from captures.session import Session
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.diagnostics.rules.tls.authorities import root, sent, sub, trusting
from tests.diagnostics.rules.tls.test_expired import OLD
from tests.factories import (
    SERVER,
    Part,
    closed,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    refused_certificate,
    reset,
    resolved,
    session,
)
from tests.factories import sent as carried

CODE = "tls.certificate_rejected"


@pytest.mark.parametrize("recorded", [None, session("exit status 1")])
def test_the_reason_is_not_guessed(recorded: Session | None) -> None:
    refused = facts(resolved(SERVER), refused_certificate(), session=recorded)
    finding = only(CODE, refused)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frame_at(0.16) in frames(finding)
    assert "not show why" in finding.summary
    assert root_of(refused) == ("failed", CODE)


def test_a_chain_that_was_fetched_again_gives_the_reason() -> None:
    probed = refused_certificate(chain=sent(OLD, sub(), source="probe"))
    refused = facts(resolved(SERVER), probed, session=trusting(root()))
    assert not found(CODE, refused)
    assert found("tls.expired", refused)


def test_the_clients_reset_after_its_alert_is_no_cause() -> None:
    refused = facts(resolved(SERVER), refused_certificate())
    assert not found("tcp.reset_by_server", refused)
    assert not found("tcp.reset_injected", refused)


SPARE_HALVES: dict[str, Any] = {
    "client": carried(310, 0.131, 0.16) | closed(0.17),
    "server": carried(3000, 0.15),
    "resets": (reset(0.18, Side.CLIENT),),
}


@pytest.mark.parametrize(
    "spare",
    [
        pytest.param(
            handshake(1, 0.131, first_application_data_s={}, stage=TlsStage.CLIENT_FINISHED),
            id="closed once the first one works",
        ),
        pytest.param(
            handshake(1, 0.131, stage=TlsStage.SERVER_HELLO), id="closed before it was complete"
        ),
    ],
)
def test_spare_connections_of_the_start_are_no_rejections(spare: Part) -> None:
    started = facts(
        resolved(SERVER), fetched(), connection(1, 0.101, last_s=0.18, **SPARE_HALVES), spare
    )
    assert not found(CODE, started)
    healthy(started)
