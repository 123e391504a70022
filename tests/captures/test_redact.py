"""`captures.redact`: no secret gets through, and ordinary messages stay as they are."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.modulepaths import PrivatePaths
from captures.redact import Redactor, authenticator_names, packet_secrets

#: What a password may be made of, once it is in a URL or in somebody's shell.
_PASSWORDS = st.text(
    st.characters(codec="ascii", exclude_characters=" ,|\t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x00"),
    min_size=6,
    max_size=20,
).filter(lambda text: len(set(text)) > 4 and "*" not in text)
_USERS = st.text("abcdefgh", min_size=4, max_size=8)


@given(_USERS, _PASSWORDS)
def test_a_proxy_password_is_hidden_in_every_form(user: str, password: str) -> None:
    quoted = quote(password, safe="")
    redactor = Redactor({"HTTPS_PROXY": f"http://{user}:{quoted}@proxy.corp:3128"})
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    for text in (
        f'Get "http://{user}:{quoted}@proxy.corp:3128/": EOF',
        f"the secret {password} alone",
        f"> Proxy-Authorization: Basic {token}",
        f"seen {token} here",
    ):
        clean = redactor.text(text)
        assert quoted not in clean
        assert password not in clean
        assert token not in clean


@given(_PASSWORDS)
def test_an_unescaped_password_is_hidden(password: str) -> None:
    """Go rejects such a URL, and prints it."""
    redactor = Redactor({"http_proxy": f"http://me:{password}@proxy:3128"})
    assert password not in redactor.text(f'parse "http://me:{password}@proxy:3128": invalid port')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lookup proxy.golang.org: no such host", "lookup proxy.golang.org: no such host"),
        ("golang.org/x/net golangci", "golang.org/x/net golangci"),
        ("the password is golang.", "the password is ***."),
        ('"golang"', '"***"'),
    ],
)
def test_a_password_that_is_a_word_spares_names(text: str, expected: str) -> None:
    assert Redactor({"HTTPS_PROXY": "http://me:golang@p:1"}).text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pw@host/x", "https://***@host/x"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://u:p@ss@host/x", "https://***@host/x"),
        ("user:pw1@proxy.corp:3128", "***@proxy.corp:3128"),
        ("Authorization: Basic Zm9vOmJhcg==", "Authorization: ***"),
        ("> proxy-authorization: Negotiate abc", "> proxy-authorization: ***"),
        ("'Cookie: a=b; c=d'", "'Cookie: ***'"),
        ("sent Bearer abc123def456", "sent Bearer ***"),
        ("https://h/x?X-Goog-Signature=ab12&y=1", "https://h/x?X-Goog-Signature=***&y=1"),
        ("https://h/x?sv=1&sig=ab%2B1&design=2", "https://h/x?sv=1&sig=***&design=2"),
        ("https://h/x?access_token=ab12&y=1", "https://h/x?access_token=***&y=1"),
        ('{"password": "hunter2"}', '{"password": "***"}'),
        ("use ghp_0123456789abcdefABCDEF", "use ***"),
    ],
)
def test_shapes_of_credentials_are_hidden_without_knowing_them(text: str, expected: str) -> None:
    assert Redactor({}).text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'go: rsc.io/quote@v1.5.2: Get "https://proxy.golang.org/rsc.io/quote/@v/v1.5.2.mod": EOF',
        "go: a.example@v1.2.3: reading https://p.example/a.example/@v/v1.2.3.zip: 403 Forbidden",
        "main.go:3:8: no required module provides package rsc.io/quote; to add it:",
        "git@github.com:org/repo.git",
        "the proxy requires basic authentication",
        "x509: certificate is valid for a.example, not b.example",
        "dial tcp [2001:db8::1]:443: connect: network is unreachable",
        "read tcp 10.0.0.1:40000->10.0.0.2:443: read: connection reset by peer",
        "unexpected token: <",
    ],
)
def test_ordinary_messages_stay(text: str) -> None:
    assert Redactor({"HTTPS_PROXY": "http://proxy.corp:3128"}).text(text) == text


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("go", "mod", "download"), ("go", "mod", "download")),
        (("curl", "-u", "a:b", "https://h"), ("curl", "-u", "***", "https://h")),
        (("x", "--password=pw", "y"), ("x", "--password=***", "y")),
        (("x", "--api-key", "k", "y"), ("x", "--api-key", "***", "y")),
        (("curl", "-H", "Authorization: x y"), ("curl", "-H", "Authorization: ***")),
        (("git", "clone", "https://tok@h/r"), ("git", "clone", "https://***@h/r")),
    ],
)
def test_command_lines_are_cleaned(command: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert Redactor({}).command(command) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("netrc", "netrc"),
        ("off", "off"),
        ("netrc; git /home/me/repo; /opt/bin/helper --secret abc", "netrc;git;helper"),
        (r"C:\tools\auth.exe token", "auth.exe"),
        ("", ""),
    ],
)
def test_goauth_keeps_names_only(value: str, expected: str) -> None:
    assert authenticator_names(value) == expected
    assert Redactor({}).environment("GOAUTH", value) == expected


def test_goproxy_keeps_its_separators() -> None:
    value = "https://me:pw@a.example|http://b.example,tok@c.example,direct"
    clean = Redactor({"GOPROXY": value}).environment("GOPROXY", value)
    assert clean == "https://a.example|http://b.example,c.example,direct"


def test_private_patterns_are_hidden_with_redact_only() -> None:
    assert Redactor({}).environment("GOPRIVATE", "corp.example/*") == "corp.example/*"
    redactor = Redactor({}, PrivatePaths(["corp.example/*"]))
    assert redactor.environment("GOPRIVATE", "corp.example/*") == "***"
    assert redactor.environment("GOPRIVATE", "") == ""
    assert redactor.text("go: corp.example/team/app@v1: EOF") == "go: private-1@v1: EOF"


def test_packet_secrets_are_what_crosses_the_wire() -> None:
    found = packet_secrets(
        {"HTTPS_PROXY": "http://me:s%40cret@p:1", "GOPROXY": "https://p/,direct"}
    )
    assert (b"", base64.b64encode(b"me:s@cret")) in found
    assert (b"\x02me\x06", b"s@cret") in found
    assert packet_secrets({"HTTPS_PROXY": "http://p:1"}) == ()
