"""Text from packets in, text that a terminal or a shell cannot mistake for anything else out."""

from __future__ import annotations

import shlex
import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Controls (C0, C1, DEL), format characters (bidirectional overrides, zero-width ones), lone
#: surrogates, private use, unassigned, and the line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    """Write every character that could steer a terminal as a visible escape (`\\x1b`, `\\u202e`).

    Doing it twice changes nothing, so rules and reports may both do it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _INVISIBLE else c for c in text)


def shell_word(text: str) -> str:
    """Quote text as one word of a POSIX shell command that can be pasted safely."""
    return shlex.quote(printable(text))


def shorten(text: str, limit: int) -> str:
    """Cut text to at most `limit` characters, the last one an ellipsis where it was longer."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    point = ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
