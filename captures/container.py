"""What container readers share: what they find besides packets, and their limits."""

from __future__ import annotations

from dataclasses import field

from captures.lazyclass import dataclass
from captures.packets import InterfaceInfo

#: Longest packet record believed. Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD and libpcap's
#: MAXIMUM_SNAPLEN agree on it; a longer one is taken for damage.
MAX_RECORD = 262_144

#: Most packets handed over at once; bounds the memory of a batch at about 20 MB.
MAX_ROWS = 32_768

#: Bytes of comments, names and secrets that are kept.
_MAX_TEXT = 16 << 20

#: What keeping a text costs beside its bytes: empty ones are not free.
_PIECE = 64

#: Notes kept; damage tends to repeat.
_MAX_NOTES = 20


@dataclass(slots=True)
class Findings:
    """Everything a reader learns that is not a packet."""

    interfaces: list[InterfaceInfo] = field(default_factory=list)
    comments: list[tuple[int | None, str]] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut_reason: str | None = None
    rows: int = 0
    """Packets handed over so far."""
    last_time_ns: int | None = None
    """Time of the last packet handed over, None before the first that has one."""
    _text: int = 0

    def note(self, line: str) -> None:
        """Remember an oddity, once."""
        if line not in self.notes and len(self.notes) < _MAX_NOTES:
            self.notes.append(line)

    def comment(self, frame: int | None, text: bytes) -> None:
        """Remember a comment, within bounds."""
        if self._spend(text):
            self.comments.append((frame, text.decode("utf-8", "replace")))

    def secret(self, text: bytes) -> None:
        """Remember a TLS key log, within bounds."""
        if self._spend(text):
            self.secrets.append(text)

    def name(self, address: str, text: bytes) -> None:
        """Remember the name of an address, within bounds."""
        if self._spend(text):
            self.names.append((address, text.decode("utf-8", "replace")))

    def _spend(self, text: bytes) -> bool:
        self._text += len(text) + _PIECE
        if self._text > _MAX_TEXT:
            self.note(
                f"more than {_MAX_TEXT >> 20} MiB of comments, names and secrets: "
                "the rest is ignored"
            )
        return self._text <= _MAX_TEXT
