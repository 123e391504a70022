"""What the capture is, and what it lost."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import CaptureFacts, Facts, Interface
from diagnostics.report.numbers import size
from diagnostics.report.table import Table
from diagnostics.summary import rfc3339

LINK_NAMES = {
    0: "NULL",
    1: "Ethernet",
    9: "PPP",
    12: "RAW",
    14: "RAW",
    50: "PPP",
    51: "PPPoE",
    101: "RAW",
    104: "Cisco HDLC",
    108: "LOOP",
    113: "SLL",
    149: "PKTAP",
    166: "PPP",
    228: "IPv4",
    229: "IPv6",
    258: "PKTAP",
    276: "SLL2",
}
"""LINKTYPE_ values (https://www.tcpdump.org/linktypes.html) of the links that badhop reads."""


def description(capture: CaptureFacts) -> Iterator[tuple[str, object]]:
    """Each value with its name: they have no rows, so no table."""
    for name in capture.files:
        yield "file", name
    yield "size", f"{capture.bytes:,} bytes"
    yield "format", capture.container
    yield "packets", size(capture.packets)
    yield "links", ", ".join(LINK_NAMES.get(link, f"type {link}") for link in capture.link_types)
    if capture.packets:
        yield "first packet", rfc3339(capture.first_ns)
        yield "last packet", rfc3339(capture.last_ns)
        yield "duration", f"{capture.duration_s:.6f} s"
    if capture.earlier_packets:
        back = f"{size(capture.earlier_packets)}, at most {capture.farthest_back_s:.6f} s"
        yield "packets earlier than the one before", back
    yield "lost while recording", "not told" if capture.dropped is None else capture.dropped
    yield "acknowledged bytes never seen", size(capture.unseen_acked_bytes)
    yield "packets recorded short", size(capture.truncated_packets)
    yield "packets recorded twice", size(capture.duplicate_packets)
    yield "packets not read", size(capture.unsupported_packets)
    yield "file ends early", capture.cut or "no"
    if capture.has_secrets:
        yield "TLS secrets", "in the file"
    for note in capture.notes:
        yield "note", note


def tables(facts: Facts) -> Iterator[Table]:
    """Where packets were captured, where that is more than one place or more than a link."""
    capture = facts.capture
    told = [i for i in capture.interfaces if i.name or i.dropped is not None]
    if told or len(capture.interfaces) > 1:
        yield Table(
            "Interfaces",
            ("no", "name", "link", ">packets", ">received", ">lost", ">snaplen", "description"),
            [_interface(one) for one in capture.interfaces],
        )
    yield Table("Comments", (">frame", "text"), [(c.frame, c.text) for c in capture.comments])


def _interface(one: Interface) -> tuple[object, ...]:
    return (
        one.index,
        one.name or None,
        LINK_NAMES.get(one.link_type, f"type {one.link_type}"),
        size(one.packets),
        size(one.received),
        size(one.dropped),
        size(one.snaplen) if one.snaplen else "none",
        one.description or None,
    )
