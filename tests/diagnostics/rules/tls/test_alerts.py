"""The rules that go by the server's alert: which alert is whose."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, Facts, Side, TlsHandshake, TlsStage
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    SERVER,
    alert,
    closed,
    connect,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    resolved,
    sent,
)

CODES = (
    "tls.handshake_failure",
    "tls.version_mismatch",
    "tls.unrecognized_name",
    "tls.client_certificate_required",
)


def alerted(
    name: str, number: int, side: Side = Side.SERVER, port: int = 443, **changes: Any
) -> tuple[Connection, TlsHandshake]:
    usual: dict[str, Any] = {
        "stage": TlsStage.CLIENT_HELLO,
        "alerts": (alert(0.15, name, number, side),),
        "hello_acked_bytes": 280,
    }
    server = sent(7, 0.15) | closed(0.151)
    carried = connection(last_s=0.2, port=port, client=sent(280, 0.13), server=server)
    return carried, handshake(**(usual | changes))


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("handshake_failure", 40, "tls.handshake_failure"),
        ("illegal_parameter", 47, "tls.handshake_failure"),
        ("access_denied", 49, "tls.handshake_failure"),
        ("insufficient_security", 71, "tls.handshake_failure"),
        ("internal_error", 80, "tls.handshake_failure"),
        ("no_application_protocol", 120, "tls.handshake_failure"),
        ("protocol_version", 70, "tls.version_mismatch"),
        ("unrecognized_name", 112, "tls.unrecognized_name"),
        ("certificate_required", 116, "tls.client_certificate_required"),
    ],
)
def test_each_alert_has_one_rule(name: str, number: int, code: str) -> None:
    refused = facts(resolved(SERVER), alerted(name, number))
    assert [c for c in CODES if found(c, refused)] == [code]
    finding = only(code, refused)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frames(finding) == {frame_at(0.13), frame_at(0.15)}
    assert root_of(refused) == ("failed", code)


@pytest.mark.parametrize(("name", "number"), [("handshake_failure", 40), ("bad_certificate", 42)])
def test_after_a_certificate_request_it_is_the_missing_certificate(name: str, number: int) -> None:
    """TLS 1.2 has no alert of its own for it."""
    asked = facts(
        resolved(SERVER),
        alerted(name, number, certificate_requested=True, stage=TlsStage.CLIENT_FINISHED),
    )
    assert [c for c in CODES if found(c, asked)] == ["tls.client_certificate_required"]


def test_no_setting_is_named_that_only_servers_heed() -> None:
    """Go's clients start at TLS 1.2 whatever GODEBUG says (Config.supportedVersions)."""
    refused = facts(resolved(SERVER), alerted("protocol_version", 70))
    fixes = only("tls.version_mismatch", refused).fix
    assert not any("GODEBUG" in (fix.command or "") for fix in fixes)


def test_a_version_that_the_client_refuses() -> None:
    """A server that chose TLS 1.0: go sends the alert itself."""
    old = facts(
        resolved(SERVER),
        alerted(
            "protocol_version",
            70,
            Side.CLIENT,
            stage=TlsStage.SERVER_HELLO,
            version=0x0301,
            rejected_by_client=True,
        ),
    )
    assert place(only("tls.version_mismatch", old)) == (Role.SERVER, SERVER, (5, 5))
    assert root_of(old) == ("failed", "tls.version_mismatch")


def test_behind_a_proxy_the_server_has_a_name_only() -> None:
    through = facts(alerted("handshake_failure", 40, port=3128), connect(at_s=0.11))
    assert place(only("tls.handshake_failure", through)) == (Role.SERVER, None, None)


def harmless(name: str, number: int) -> Facts:
    carried, shaken = fetched()
    said = (alert(0.9, name, number, level=1),)
    return facts(resolved(SERVER), carried, handshake(alerts=said, stage=shaken.stage))


@pytest.mark.parametrize(("name", "number"), [("close_notify", 0), ("user_canceled", 90)])
def test_a_farewell_is_no_refusal(name: str, number: int) -> None:
    passed = harmless(name, number)
    assert not [c for c in CODES if found(c, passed)]
    healthy(passed)


def test_the_clients_verdict_on_a_certificate_is_none_of_these() -> None:
    refused = facts(
        resolved(SERVER),
        alerted(
            "bad_certificate",
            42,
            Side.CLIENT,
            stage=TlsStage.SERVER_FLIGHT,
            rejected_by_client=True,
        ),
    )
    assert not [c for c in CODES if found(c, refused)]
