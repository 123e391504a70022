"""Commands name the endpoint that failed: its own port, IPv6 in brackets, the proxy beside it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from analyzers.facts import Connection, Side, TlsHandshake, TlsStage
from tests.diagnostics.findings import only
from tests.factories import (
    NAME,
    Part,
    alert,
    closed,
    connect,
    connection,
    facts,
    failed_hello,
    handshake,
    refused_certificate,
    reset,
    sent,
)

SIX = "2001:db8::7"
HALVES: dict[str, Any] = {
    "client": sent(200, 0.13) | closed(0.2),
    "server": sent(200, 0.15) | closed(0.16),
    "last_s": 0.2,
}
REFUSED = alert(0.15, "handshake_failure", 40, Side.SERVER)


def stopped(address: str, port: int, **changes: Any) -> tuple[Connection, TlsHandshake]:
    shaken = handshake(stage=TlsStage.CLIENT_HELLO, **changes)
    return connection(address=address, port=port, **HALVES), shaken


def through(part: Part, *parts: Part) -> list[Part]:
    return [part, *parts, connect(at_s=0.11, to=NAME)]


def tunnel(status: int | None, **changes: Any) -> list[Part]:
    return [connection(address=SIX, port=3128, **(HALVES | changes)), connect(status=status)]


LOGIN = f"HTTPS_PROXY=http://USER:PASSWORD@[{SIX}]:3128"
PLAIN = stopped(SIX, 8443, not_tls="HTTP/1.1 400", not_tls_frame=151)
RESET = (reset(0.133, signs=("before_rtt",)),)


@pytest.mark.parametrize(
    ("code", "parts", "word"),
    [
        ("proxy.auth_required", tunnel(407), LOGIN),
        ("proxy.bad_gateway", tunnel(502), f"http://[{SIX}]:3128"),
        ("proxy.no_answer", tunnel(None, last_s=70.0), f"http://[{SIX}]:3128"),
        ("tls.not_tls", PLAIN, f"http://[{SIX}]:8443/"),
        ("tls.sni_blocked", failed_hello(address=SIX, port=8443, ended_by=RESET), f"[{SIX}]:8443"),
        ("tls.handshake_failure", stopped(SIX, 8443, alerts=(REFUSED,)), f"{NAME}:8443"),
        ("tls.handshake_failure", stopped(SIX, 8443, alerts=(REFUSED,), sni=None), f"[{SIX}]:8443"),
        ("tls.handshake_timeout", failed_hello(port=8443, acked=True), f"{NAME}:8443"),
        ("tls.handshake_failure", through(*stopped(SIX, 3128, alerts=(REFUSED,))), f"{NAME}:443"),
        ("tls.handshake_timeout", through(*failed_hello(port=3128, acked=True)), f"{NAME}:443"),
        ("tls.certificate_rejected", through(*refused_certificate()), f"{NAME}:443"),
    ],
)
def test_the_endpoint_is_one_word_of_the_command(code: str, parts: list[Part], word: str) -> None:
    commands = [fix.command for fix in only(code, facts(parts)).fix if fix.command is not None]
    assert any(word in shlex.split(command) for command in commands), commands


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("tls.sni_blocked", failed_hello(address=SIX, port=3128, ended_by=RESET)),
        ("tls.handshake_timeout", failed_hello(address=SIX, port=3128, acked=True)),
        ("tls.handshake_failure", stopped(SIX, 3128, alerts=(REFUSED,))),
    ],
)
def test_behind_a_proxy_both_are_named(code: str, part: tuple[Part, ...]) -> None:
    stuck = facts(through(*part))
    words = [shlex.split(f.command) for f in only(code, stuck).fix if f.command]
    assert any(f"{NAME}:443" in w and f"[{SIX}]:3128" in w for w in words)
