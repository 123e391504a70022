"""Connections written down segment by segment, as the capture would show them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from analyzers import tcp
from analyzers.facts import Connection
from captures import files
from tests.packets import ACK, SYN, ip, write_pcap
from tests.packets import tcp as segment

CLIENT, SERVER = "192.0.2.1", "198.51.100.7"

Line = tuple[float, str, int, int, int, int]
"""Time, sender ("c" or "s"), relative sequence and acknowledgement numbers, length, flags."""

OPENING: tuple[Line, ...] = (
    (0.00, "c", 0, 0, 0, SYN),
    (0.02, "s", 0, 1, 0, SYN | ACK),
    (0.02, "c", 1, 1, 0, ACK),
)


def connection(directory: Path, lines: Iterable[Line]) -> Connection:
    """The only connection of a capture of these segments, after the usual opening."""
    frames = [(line[0], _packet(*line[1:])) for line in (*OPENING, *lines)]
    path = write_pcap(directory / "lines.pcap", frames)
    with files.open(path) as capture:
        return tcp.connections(capture)[0]


def _packet(sender: str, seq: int, ack: int, length: int, flags: int) -> bytes:
    ends = (CLIENT, SERVER, 40000, 443) if sender == "c" else (SERVER, CLIENT, 443, 40000)
    start, other = (1000, 5000) if sender == "c" else (5000, 1000)
    numbers = (seq + start, ack + other if flags & ACK else 0)
    return ip(*ends[:2], 6, segment(*ends[2:], *numbers, flags, b"x" * length))
