"""What the capture is, and what it lost."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import CaptureFacts
from diagnostics.report.numbers import size
from diagnostics.summary import rfc3339

LINK_NAMES = {
    0: "NULL",
    1: "Ethernet",
    9: "PPP",
    12: "RAW",
    14: "RAW",
    51: "PPPoE",
    101: "RAW",
    108: "LOOP",
    113: "SLL",
    228: "IPv4",
    229: "IPv6",
    276: "SLL2",
}
"""LINKTYPE_ values (https://www.tcpdump.org/linktypes.html) of the links that badhop reads."""


def description(capture: CaptureFacts) -> Iterator[tuple[str, object]]:
    """Each value with its name: they have no rows, so no table."""
    for name in capture.files:
        yield "file", name
    yield "size", f"{capture.bytes:,} bytes"
    yield "packets", size(capture.packets)
    yield "links", ", ".join(LINK_NAMES.get(link, f"type {link}") for link in capture.link_types)
    if capture.packets:
        yield "first packet", rfc3339(capture.first_ns)
        yield "last packet", rfc3339(capture.last_ns)
        yield "duration", f"{capture.duration_s:.6f} s"
    yield "lost while recording", "not told" if capture.dropped is None else capture.dropped
    yield "acknowledged bytes never seen", size(capture.unseen_acked_bytes)
    yield "packets recorded short", size(capture.truncated_packets)
    yield "packets recorded twice", size(capture.duplicate_packets)
    yield "packets not read", size(capture.unsupported_packets)
    yield "file ends early", capture.cut or "no"
