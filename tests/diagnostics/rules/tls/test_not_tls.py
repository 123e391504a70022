"""Answers to a ClientHello that are not TLS."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, TlsHandshake, TlsStage
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    SERVER,
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

CODE = "tls.not_tls"


def answered_plainly(text: str, **changes: Any) -> tuple[Connection, TlsHandshake]:
    plain = handshake(
        stage=TlsStage.CLIENT_HELLO,
        not_tls=text,
        not_tls_frame=frame_at(0.15),
        hello_acked_bytes=280,
    )
    server = sent(200, 0.15) | closed(0.16)
    return connection(last_s=0.2, client=sent(280, 0.13), server=server, **changes), plain


@pytest.mark.parametrize("text", ["HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.6"])
def test_plain_text_is_quoted(text: str) -> None:
    plain = facts(resolved(SERVER), answered_plainly(text))
    finding = only(CODE, plain)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert frames(finding) == {frame_at(0.15)}
    assert text in finding.evidence[0].text
    assert root_of(plain) == ("failed", CODE)


def test_behind_a_proxy_only_the_name_is_known() -> None:
    through = facts(answered_plainly("HTTP/1.1 302 Found", port=3128), connect(at_s=0.11))
    assert place(only(CODE, through)) == (Role.SERVER, None, None)


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "511 Network"])
def test_a_redirect_of_a_hello_is_a_portals(status: str) -> None:
    """A server calls the hello a bad request; what redirects it reads none of it."""
    captured = facts(resolved(SERVER), answered_plainly(f"HTTP/1.1 {status}\\r\\nLocation: h"))
    assert place(only(CODE, captured)) == (Role.MIDDLEBOX, None, (5, 5))


def test_an_https_url_for_a_plain_proxy_names_that_address() -> None:
    """HTTPS_PROXY=https://… : the hello goes to port 3128 itself, without a CONNECT."""
    wrong = facts(resolved(SERVER), answered_plainly("HTTP/1.1 400 Bad Request", port=3128))
    assert place(only(CODE, wrong))[1] == SERVER
    assert "3128" in only(CODE, wrong).summary


def test_tls_is_tls() -> None:
    assert not found(CODE, facts(resolved(SERVER), fetched()))
