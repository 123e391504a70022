"""Text from packets reaches neither the terminal nor the shell as anything but text."""

from __future__ import annotations

import shlex
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.report.escape import printable, shell_word, shorten

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x07\x9b\x00\n\r\t\u202e\u2066\u200b\u2028\ufeff\U000e0001';$`\\\"!-"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("proxy.example.org", "proxy.example.org"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202egro.elpmaxe", "\\u202egro.elpmaxe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\x9b31m", "\\x9b31m"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("Übermut 東京", "Übermut 東京"),
    ],
)
def test_steering_characters_become_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(HOSTILE)
def test_nothing_invisible_is_left(text: str) -> None:
    shown = printable(text)
    assert all(unicodedata.category(c)[0] != "C" for c in shown)
    assert "\n" not in shown
    assert not any(unicodedata.category(c) in ("Zl", "Zp") for c in shown)


@given(HOSTILE)
def test_escaping_twice_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(HOSTILE)
def test_a_shell_word_is_one_word(text: str) -> None:
    assert shlex.split(shell_word(text)) == [printable(text)]


@settings(max_examples=20, deadline=None)
@given(HOSTILE)
def test_a_real_shell_takes_it_as_text(text: str) -> None:
    command = f"printf %s {shell_word(text)}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode() == printable(text)


@given(HOSTILE, st.integers(1, 20))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
