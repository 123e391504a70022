"""Directories in, captures to start from out: their bytes, their packets, their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from captures.errors import CaptureError
from captures.files import open as open_capture
from captures.session import SESSION_NAME
from tests.samples import SAMPLES

#: Larger captures show nothing that smaller ones do not, and take the time of many.
MAX_SEED = 300_000

_NOT_CAPTURES = frozenset({".md", ".tsv", ".json", ".jsonl", ".txt", ".sh"})


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame, out of whatever file held it."""

    time_ns: int
    data: bytes
    length: int
    """Bytes on the wire."""
    link: int

    def with_data(self, data: bytes) -> Packet:
        """The same frame with other bytes, none of them cut off."""
        return replace(self, data=data, length=len(data))


@dataclass(frozen=True, slots=True)
class Seed:
    """One capture to start from."""

    name: str
    raw: bytes
    packets: tuple[Packet, ...]
    """Empty when the file is no capture that can be read."""
    session: bytes | None


def collect(directories: Iterable[Path]) -> tuple[Seed, ...]:
    """All seeds: the samples, and what is in `directories`."""
    return tuple(seed for root in (SAMPLES, *directories) for seed in _seeds(root))


def _seeds(root: Path) -> Iterator[Seed]:
    for path in sorted(root.rglob("*")):
        if path.suffix in _NOT_CAPTURES or not path.is_file():
            continue
        if 0 < path.stat().st_size <= MAX_SEED:
            session = path.with_name(SESSION_NAME)
            yield Seed(
                f"{root.name}/{path.relative_to(root)}",
                path.read_bytes(),
                packets_of(path),
                session.read_bytes() if session.is_file() else None,
            )


def packets_of(path: Path) -> tuple[Packet, ...]:
    """The packets of a capture; none when it cannot be read."""
    try:
        with open_capture(path) as capture:
            table = capture.table
            return tuple(
                Packet(
                    int(table.time_ns[row]),
                    capture.frame_bytes(row),
                    int(table.frame_length[row]),
                    capture.interfaces[table.interface[row]].link_type & 0xFFFF,
                )
                for row in range(len(table))
            )
    except CaptureError:
        return ()
