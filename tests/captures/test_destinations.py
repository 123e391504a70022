"""`captures.destinations`: where a download goes, found out without disturbing it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from captures import destinations
from captures.destinations import (
    find_destinations,
    hosts_to_reach,
    look_up,
    read_resolver,
)
from captures.interfaces import Interface
from captures.session import ResolverSettings

_LO = Interface("lo", True, True)
_ETH = Interface("eth0", True, False)
_TUN = Interface("tun0", True, False)
_DEFAULTS = {"GOPROXY": "https://proxy.golang.org,direct", "GOSUMDB": "sum.golang.org"}


def test_resolv_conf_is_read(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# a comment\nnameserver 10.0.0.1\nnameserver ::1 ; local\n"
        "domain old.example\nsearch a.example b.example\noptions ndots:5 edns0\nnameserver\n"
    )
    assert read_resolver(path) == ResolverSettings(
        ("10.0.0.1", "::1"), ("a.example", "b.example"), ("ndots:5", "edns0")
    )
    assert read_resolver(tmp_path / "none") == ResolverSettings()


@pytest.mark.parametrize(
    ("go", "environment", "expected"),
    [
        (_DEFAULTS, {}, ("proxy.golang.org", "sum.golang.org")),
        (_DEFAULTS, {"HTTPS_PROXY": "http://u:p@proxy.corp:3128"}, ("proxy.corp",)),
        (
            _DEFAULTS,
            {"HTTPS_PROXY": "proxy.corp:3128", "NO_PROXY": "sum.golang.org"},
            ("proxy.corp", "sum.golang.org"),
        ),
        (
            {"GOPROXY": "a.example|http://b.example:1,off", "GOSUMDB": "off"},
            {},
            ("a.example", "b.example"),
        ),
        ({"GOPROXY": "direct", "GOSUMDB": "s.example https://m.example/db"}, {}, ("m.example",)),
        ({"GOPROXY": "off", "GOSUMDB": "s.example+0123+Ab=="}, {}, ("s.example",)),
        ({"GOPROXY": "file:///mirror", "GOSUMDB": "off"}, {}, ()),
        ({}, {}, ()),
    ],
)
def test_the_client_connects_to_mirrors_or_to_its_proxy(
    go: dict[str, str], environment: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert hosts_to_reach(go, environment) == expected


def test_one_way_out_needs_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up would warm the cache of the resolver that is to be diagnosed."""
    monkeypatch.setattr(destinations, "look_up", None)
    found = find_destinations(["a.example"], ResolverSettings(("10.0.0.1",)), [_LO, _ETH])
    assert found.addresses == ("10.0.0.1",)
    assert found.complete


def test_more_ways_out_need_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        destinations, "look_up", lambda hosts: {"a.example": ("10.8.0.1",), "b.example": ()}
    )
    resolver = ResolverSettings(("10.0.0.1",))
    found = find_destinations(["a.example"], resolver, [_ETH, _TUN])
    assert not found.complete
    assert "10.8.0.1" in found.addresses


def test_what_is_known_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n10.1.1.1 Mirror.corp m # x\n\n::2 mirror.corp\n")
    monkeypatch.setattr(destinations, "HOSTS", hosts)
    monkeypatch.setattr(destinations, "look_up", None)
    names = ["mirror.corp", "192.0.2.7", "x.localhost"]
    found = find_destinations(names, ResolverSettings(), [_ETH, _TUN])
    assert found.complete
    assert found.addresses == ("127.0.0.1", "::1", "10.1.1.1", "::2", "192.0.2.7")


def test_looking_up_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*arguments: object, **options: object) -> list[object]:
        time.sleep(1)
        return []

    monkeypatch.setattr("socket.getaddrinfo", slow)
    before = time.monotonic()
    assert look_up(["a", "b", "c"], budget_s=0.1) == {"a": (), "b": (), "c": ()}
    assert time.monotonic() - before < 0.8
