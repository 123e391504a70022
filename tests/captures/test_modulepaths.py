"""`captures.modulepaths`: private paths are hidden, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.modulepaths import PrivatePaths, main_module, unescape


@pytest.mark.parametrize(
    ("patterns", "text", "expected"),
    [
        (["corp.example"], "corp.example/a/b@v1.0.0: x", "private-1@v1.0.0: x"),
        (["corp.example"], "https://p/corp.example/a/@v/list", "https://p/private-1/@v/list"),
        (["*.corp.example"], "git.corp.example/a", "private-1"),
        (["*.corp.example"], "corp.example/a", "corp.example/a"),
        (
            ["github.com/Corp"],
            "https://p/github.com/!corp/x/@latest",
            "https://p/private-1/@latest",
        ),
        (
            ["github.com/corp/*"],
            "github.com/corp/a github.com/other/b",
            "private-1 github.com/other/b",
        ),
        (["github.com/corp"], "github.com/corporation/a", "github.com/corporation/a"),
        (["corp.example/[ab]?"], "corp.example/ax corp.example/cx", "private-1 corp.example/cx"),
        (["corp.example"], "mycorp.example/a", "mycorp.example/a"),
        ([], "corp.example/a", "corp.example/a"),
    ],
)
def test_patterns_match_as_goprivate_does(patterns: list[str], text: str, expected: str) -> None:
    assert PrivatePaths(patterns).hide(text) == expected


def test_a_path_keeps_its_stand_in_escaped_or_not() -> None:
    paths = PrivatePaths(["corp.example"])
    text = "corp.example/A corp.example/b corp.example/!a"
    assert paths.hide(text) == "private-1 private-2 private-1"


def test_the_main_module_is_hidden_as_it_is() -> None:
    assert PrivatePaths([], ["secret.app/x"]).hide("secret.app/x/pkg: y") == "private-1: y"


@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=40))
def test_no_pattern_is_too_strange(patterns: list[str], text: str) -> None:
    PrivatePaths(patterns).hide(text)


def test_escaping_is_undone() -> None:
    assert unescape("github.com/!burnt!sushi/toml") == "github.com/BurntSushi/toml"


def test_main_module_is_found_above(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text('// a comment\nmodule "corp.example/app"\n\ngo 1.27\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert main_module(inner) == "corp.example/app"
