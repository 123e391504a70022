"""Signs of the go command, and traffic that carries none."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from analyzers.gosigns import GoSigns
from captures.session import Request, Session, Socket
from tests.factories import (
    CLIENT,
    NAME,
    SERVER,
    client_hello,
    connect,
    connection,
    facts,
    fetched,
    query,
    question,
    request,
    resolved,
    response,
    session,
)


def signs(captured: Facts, told: Session | None = None) -> GoSigns:
    return GoSigns.of(told, captured.handshakes, captured.requests, captured.lookups)


PLAIN: dict[str, Any] = {"user_agent": "curl/8.5", "host": "www.example.com"}


@pytest.mark.parametrize(
    ("target", "changes", "is_go"),
    [
        ("/example.com/m/@v/list", {}, True),
        ("/example.com/m/@v/v1.0.0.info", {}, True),
        ("/example.com/m/@v/v1.0.0.mod", {}, True),
        ("/example.com/m/@v/v1.0.0.zip", {}, True),
        ("/example.com/m/@latest", {}, True),
        ("/sumdb/sum.golang.org/supported", {}, True),
        ("/lookup/example.com/m@v1.0.0", {}, True),
        ("/tile/8/0/x001/234", {}, True),
        ("/m?go-get=1", {}, True),
        ("/m?x=1&go-get=1", {}, True),
        ("http://proxy.example.org/m/@v/list", {}, True),
        ("/", {"user_agent": "Go-http-client/1.1"}, True),
        ("/", {"user_agent": "GoCommand/1 (+https://go.dev/cmd/go)"}, True),
        ("/", {}, False),
        ("/m/@v/v1.0.0.exe", {}, False),
        ("/m/@v/list/more", {}, False),
        ("/search?q=go-get", {}, False),
        ("/static/lookup/x", {}, False),
        ("/", {"user_agent": "Mozilla/5.0 Go-http-client/1.1"}, False),
        ("/", {"user_agent": None}, False),
    ],
)
def test_requests(target: str, changes: dict[str, Any], is_go: bool) -> None:
    captured = facts(connection(port=80), request(target=target, **(PLAIN | changes)))
    found = signs(captured)
    carried = captured.connection(0)
    assert found.connection(carried, None, captured.requests, None) is is_go
    assert bool(found.names) is is_go


def test_a_go_hello_gives_its_name_away() -> None:
    captured = facts(fetched(hello=client_hello(0.13, NAME.upper())))
    assert signs(captured).names == {NAME}


def test_another_hello_does_not() -> None:
    captured = facts(fetched(hello=client_hello(0.13, is_go=False)))
    assert not signs(captured).names
    carried, (shaken,) = captured.connection(0), captured.handshakes
    assert not signs(captured).connection(carried, shaken, (), NAME)


def test_connect_names_what_is_behind_the_proxy() -> None:
    tunnel = connect(user_agent="Go-http-client/1.1")
    captured = facts(connection(port=3128), tunnel)
    assert signs(captured).names == {NAME}


@pytest.mark.parametrize(
    ("four", "six", "is_go"),
    [
        (query(0.0), query(0.0, port=40002), True),
        (query(0.0), query(0.0), False),  # glibc asks both from one port
        (query(0.0, edns=None), query(0.0, edns=None, port=40002), False),
        (query(0.0, edns=4096), query(0.0, edns=4096, port=40002), False),
    ],
)
def test_gos_resolver_asks_for_both_types_from_two_ports(four: Any, six: Any, is_go: bool) -> None:
    captured = facts(question([four], [response(0.01, SERVER)]), question([six], qtype="AAAA"))
    (lookup,) = captured.lookups
    assert signs(captured).lookup(lookup) is is_go


@pytest.mark.parametrize(
    ("name", "is_go"), [("proxy.golang.org", True), ("goproxy.cn", True), ("golang.org", False)]
)
def test_public_module_proxies_are_known_by_name(name: str, is_go: bool) -> None:
    captured = facts(question([query(0.0, edns=None)], [response(0.01, SERVER)], name=name))
    assert signs(captured).lookup(captured.lookups[0]) is is_go


def test_the_session_knows_names_and_sockets() -> None:
    told = session(
        requests=(Request(url="https://Mirror.Example:8443/m/@v/list"), Request(url="http://[")),
        sockets=(
            Socket("tcp", CLIENT, 41000, SERVER, 443),
            Socket("udp", CLIENT, 40001, "192.0.2.53", 53),
        ),
    )
    captured = facts(
        question([query(0.0, edns=None)], [response(0.01, SERVER)], name="x.example"), connection()
    )
    found = signs(captured, told)
    assert found.names == {"mirror.example"}
    assert found.connection(captured.connection(0), None, (), None)
    assert found.connection(connection(5), None, (), "MIRROR.example")
    assert not found.connection(connection(5), None, (), "x.example")
    assert found.lookup(captured.lookups[0])


def test_nothing_of_nothing() -> None:
    empty = GoSigns.of(None, (), (), ())
    assert empty == GoSigns(frozenset(), frozenset())
    assert not empty.connection(connection(), None, (), None)
    assert not empty.lookup(facts(resolved(SERVER)).lookups[0])


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (
            "cd /c/vcs/1f; git ls-remote -q --end-of-options https://git.example/m.git",
            {"git.example"},
        ),
        (
            "go: m@v1: git fetch -f ssh://git@Git.Example:22/m in /c/vcs/1f: exit status 128",
            {"git.example"},
        ),
        ("go: m@v1: reading https://docs.example/m: 404 Not Found", set()),
        ("cd /c/vcs/1f; git tag -l", set()),
    ],
)
def test_the_hosts_that_go_had_git_ask(line: str, names: set[str]) -> None:
    assert signs(facts(connection()), session(line)).names == names
