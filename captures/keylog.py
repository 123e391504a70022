"""TLS key logs (SSLKEYLOGFILE): text from a file or a capture in, the lines that are of use out.

The format is NSS's: a label, the client random of the handshake, a secret, all but the label in
hex (https://datatracker.ietf.org/doc/draft-ietf-tls-keylogfile/). RSA lines, which name no client
random, are left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Set
from pathlib import Path

from captures.errors import CaptureError
from captures.lazyclass import dataclass

#: A browser that logged all day writes 30 MB.
MAX_KEY_LOG = 64 << 20

#: A handshake has up to seven labels.
_MAX_LABELS = 16

_LINE = re.compile(
    rb"^[ \t]*([A-Z][A-Z0-9_]{0,63}) ([0-9A-Fa-f]{64}) ([0-9A-Fa-f]{32,192})[ \t]*\r?$",
    re.MULTILINE,
)

#: One line suffices up to TLS 1.2; TLS 1.3 has a secret for each direction.
_CLASSIC = frozenset(("CLIENT_RANDOM", "PMS_CLIENT_RANDOM"))
_MODERN = frozenset(("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"))


class UnreadableKeyLog(CaptureError):
    """The key log is missing or cannot be read."""

    hint = "Give the file that SSLKEYLOGFILE (or a program's own KeyLogWriter) wrote."


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one handshake."""

    lines: dict[str, bytes]
    """By label, as the key log has them."""

    @property
    def opens_data(self) -> bool:
        """They open application data both ways; else at most the handshake."""
        return bool(_CLASSIC & self.lines.keys()) or self.lines.keys() >= _MODERN

    @property
    def text(self) -> bytes:
        """A key log of just these."""
        return b"".join(line + b"\n" for line in self.lines.values())


def read(path: str | os.PathLike[str]) -> bytes:
    """Read a key log file (its first MAX_KEY_LOG bytes); raise UnreadableKeyLog."""
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_KEY_LOG)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableKeyLog(f"{os.fspath(path)}: {reason}") from error


def holds_secrets(text: bytes) -> bool:
    """Tell whether there is any line in the format."""
    return _LINE.search(text) is not None


def select(texts: Iterable[bytes], randoms: Set[bytes]) -> dict[bytes, Secrets]:
    """Pick the secrets of handshakes with these client randoms, by random."""
    wanted = {random.hex().encode(): random for random in randoms}
    found: dict[bytes, Secrets] = {}
    for text in texts:
        for match in _LINE.finditer(text):
            random = wanted.get(match[2].lower())
            if random is not None:
                lines = found.setdefault(random, Secrets({})).lines
                label = match[1].decode("ascii")
                if label in lines or len(lines) < _MAX_LABELS:
                    lines[label] = match[0].strip()
    return found
