"""Hides private module paths in text: GOPRIVATE-style patterns in, numbered stand-ins out.

The same path gets the same stand-in everywhere in one bundle (`private-1`), so that requests and
output lines can still be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_PATH_END = r"\s\"'`@:?,;()<>|\\"


class PrivatePaths:
    """Recognises module paths that match any of the patterns, as `go help private` defines them."""

    def __init__(self, patterns: Iterable[str], exact: Iterable[str] = ()) -> None:
        alternatives = [_glob(pattern) for pattern in patterns if pattern]
        alternatives += [_literal(path) for path in exact if path]
        self._names: dict[str, str] = {}
        self._pattern = re.compile(
            rf"(?<![\w.~!-])(?:{'|'.join(alternatives)})(?![\w.~!-])(?:/(?!@)[^/{_PATH_END}]+)*"
            if alternatives
            else r"(?!)"
        )

    def hide(self, text: str) -> str:
        """Give `text` with each private path replaced."""
        return self._pattern.sub(self._stand_in, text)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Give where the private paths in `text` are."""
        return [match.span() for match in self._pattern.finditer(text)]

    def _stand_in(self, match: re.Match[str]) -> str:
        path = unescape(match.group())
        return self._names.setdefault(path, f"private-{len(self._names) + 1}")


def unescape(path: str) -> str:
    """Undo the module proxy protocol's escape: `!a` stands for `A`."""
    return re.sub(r"!([a-z])", lambda match: match.group(1).upper(), path)


def main_module(directory: Path) -> str | None:
    """Find the path of the module that `directory` belongs to, from the nearest go.mod."""
    for folder in (directory, *directory.parents):
        try:
            text = (folder / "go.mod").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        match = re.search(r"^module\s+\"?([^\s\"]+)", text, re.MULTILINE)
        return match.group(1) if match else None
    return None


def _glob(pattern: str) -> str:
    """Translate one pattern of Go's path.Match; it matches a prefix of whole path elements."""
    return "/".join(
        "".join(_glob_character(part) for part in re.findall(r"\[[^]]*\]|\\?.", element))
        for element in pattern.strip("/").split("/")
    )


def _glob_character(part: str) -> str:
    if part == "*":
        return rf"[^/{_PATH_END}]*"
    if part == "?":
        return rf"!?[^/{_PATH_END}]"
    if part.startswith("[") and len(part) > 2:
        return _character_class(part)
    return _literal(part[-1])


def _character_class(part: str) -> str:
    translated = "[" + re.escape(part[1:-1]).replace(r"\-", "-").replace(r"\^", "^") + "]"
    try:
        re.compile(translated)
    except re.error:  # an impossible range such as [z-a]: Go reports it, it matches nothing
        return r"(?!)"
    return translated


def _literal(text: str) -> str:
    """Match `text` as it is and as the proxy protocol escapes it."""
    return "".join(
        f"(?:{character}|!{character.lower()})" if character.isupper() else re.escape(character)
        for character in text
    )
