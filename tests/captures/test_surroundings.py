"""`captures.surroundings`: what is known before the command starts."""

from __future__ import annotations

import os

import pytest

from captures import surroundings
from captures.errors import UnknownInterface
from captures.interfaces import Interface
from captures.surroundings import survey

_FACES = (Interface("lo", True, True), Interface("eth0", True, False))
_GO = {"GOFLAGS": "-mod=mod", "GOPRIVATE": "corp.example", "GOVERSION": "go1.27.3"}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two interfaces and a go."""
    monkeypatch.setattr(surroundings, "list_interfaces", lambda: _FACES)
    monkeypatch.setattr(surroundings, "find_go", lambda command, environment: "/usr/bin/go")
    monkeypatch.setattr(surroundings, "read_go_settings", lambda go, environment: dict(_GO))
    monkeypatch.setattr(
        surroundings, "choose_interfaces", lambda addresses, faces, complete: ("chosen",)
    )


def test_go_gets_its_trace_and_keeps_the_flags_of_go_env() -> None:
    around = survey(["go", "mod", "download"], {"A": "b"})
    assert around.is_traced
    assert around.environment == {"A": "b", "GOFLAGS": "-mod=mod -x"}
    assert around.go is not None
    assert around.go.env["GOFLAGS"] == "-mod=mod"


def test_another_command_gets_its_environment_unchanged() -> None:
    around = survey(["make"], {"A": "b"})
    assert not around.is_traced
    assert around.environment == {"A": "b"}
    assert around.go is not None


def test_interfaces_are_chosen_unless_named() -> None:
    assert survey(["true"], {}).interfaces == ("chosen",)
    assert survey(["true"], {}, ["eth0", "lo", "eth0"]).interfaces == ("eth0", "lo")
    assert survey(["true"], {}, ["any"]).interfaces == ("any",)
    with pytest.raises(UnknownInterface) as caught:
        survey(["true"], {}, ["wlan9"])
    assert caught.value.hint == "There are: lo, eth0."


def test_private_paths_are_hidden_only_when_asked() -> None:
    text = "corp.example/a"
    assert survey(["true"], dict(os.environ)).redactor.text(text) == text
    assert survey(["true"], dict(os.environ), redact=True).redactor.text(text) == "private-1"


def test_secrets_of_the_environment_are_known() -> None:
    around = survey(["true"], {"HTTPS_PROXY": "http://me:hunter22@p:1"})
    assert around.proxies.https == "http://p:1"
    assert around.redactor.text("hunter22") == "***"
