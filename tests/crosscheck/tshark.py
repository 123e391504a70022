"""What tshark says of a capture, and where badhop says something else."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import dns.rcode

import analyzers
from analyzers.facts import Connection, Facts, Half
from analyzers.flows import tcp_streams
from captures import files
from captures.errors import CaptureError
from tests.crosscheck.corpus import label
from tests.crosscheck.spans import Span, first_missing, joined

SENT_AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission")
_KINDS = (*SENT_AGAIN, "out_of_order")
_FIELDS = (
    *("frame.number", "frame.protocols", "tcp.stream", "tcp.srcport", "tcp.seq_raw", "tcp.len"),
    *("ip.src", "ipv6.src", "icmp.type", "icmpv6.type", "tcp.analysis.initial_rtt"),
    *("tls.alert_message.desc", "dns.id", "dns.flags.response", "dns.flags.rcode"),
    *(f"tcp.analysis.{kind}" for kind in _KINDS),
)
#: Of these, the outermost is meant.
_FIRST = ("tcp.stream", "tcp.srcport", "tcp.seq_raw", "tcp.len")
#: Link types that badhop does not read, and a packet that tshark refuses.
UNREAD = ("arcnet-", "bigtcp-ipv6", "brcm-tag")
#: What tshark takes for copies, by hand: a file and a frame.
NO_COPIES = (("fin_retransmission.pcap", 2),)
_T = TypeVar("_T")
Message = tuple[int, int, int]
"""Frame, identification and response code of a DNS response."""


@dataclass(frozen=True)
class Both:
    """One capture, read by both."""

    path: Path
    rows: list[dict[str, str]]
    """What tshark prints, one row a frame."""
    packets: int
    streams: list[int]
    facts: Facts

    @cached_property
    def their_streams(self) -> list[int]:
        """Wireshark's numbers; a TCP header that an ICMP error quotes is none."""
        return [int(r["tcp.stream"]) if _is_segment(r) else -1 for r in self.rows]

    @cached_property
    def halves(self) -> list[Half]:
        """Both halves of all connections."""
        return [half for c in self.facts.connections for half in (c.client, c.server)]

    def marked(self, *kinds: str) -> set[int]:
        """Return the frames to which tshark's analysis gives one of these names."""
        names = [f"tcp.analysis.{kind}" for kind in kinds]
        return {
            int(row["frame.number"])
            for row in self.rows
            if _is_segment(row) and any(row[name] for name in names)
        }

    @cached_property
    def sent_again(self) -> set[int]:
        """Badhop's retransmissions."""
        return {r.frame for half in self.halves for r in half.retransmissions}

    @cached_property
    def late(self) -> set[int]:
        """What badhop calls out of order, or late."""
        pairs = ((*h.out_of_order_frames, *h.late_original_frames) for h in self.halves)
        return {frame for frames in pairs for frame in frames}

    @cached_property
    def copies(self) -> set[int]:
        """What the capture recorded twice."""
        return {frame for c in self.facts.connections for frame in c.duplicate_frames}

    def repeats_out_of_order(self) -> set[int]:
        """Return what badhop calls out of order although all its bytes had been seen."""
        brought: dict[tuple[str, ...], list[Span]] = defaultdict(list)
        whole: set[int] = set()
        for row in self.rows:
            if not _is_segment(row) or row["tcp.len"] in ("", "0"):
                continue
            names = ("tcp.stream", "tcp.srcport", "ip.src", "ipv6.src")
            spans = brought[tuple(row[name] for name in names)]
            start = int(row["tcp.seq_raw"])
            span = start, start + int(row["tcp.len"])
            if first_missing(spans, *span) is None:
                whole.add(int(row["frame.number"]))
            spans[:] = joined(spans, span)
        return whole & {frame for half in self.halves for frame in half.out_of_order_frames}

    def alerts(self) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
        """Return alerts in clear, by stream and description: tshark's, badhop's.

        Where no hello is in the capture, seven bytes do not prove TLS to badhop.
        """
        hellos = {h.stream for h in self.facts.handshakes}
        theirs = Counter(
            (int(row["tcp.stream"]), int(one))
            for row in self.rows
            for one in row["tls.alert_message.desc"].split(",")
            if one and int(row["tcp.stream"]) in hellos
        )
        ours = Counter(
            (h.stream, a.description)
            for h in self.facts.handshakes
            for a in h.alerts
            if a.description is not None
        )
        return theirs, ours

    def rcodes(self) -> tuple[Counter[Message], Counter[Message]]:
        """Return responses: tshark's, badhop's. Only the header's four bits are compared.

        What ICMP errors quote, and what mDNS announces, answers nobody.
        """
        theirs: Counter[Message] = Counter()
        for row in self.rows:
            if row["icmp.type"] or row["icmpv6.type"] or "mdns" in row["frame.protocols"]:
                continue
            codes = iter(row["dns.flags.rcode"].split(","))
            numbers, answers = row["dns.id"].split(","), row["dns.flags.response"].split(",")
            for number, answer in zip(numbers, answers, strict=True):
                if answer in ("1", "True"):
                    theirs[int(row["frame.number"]), int(number, 16), int(next(codes))] += 1
        ours = Counter(
            (r.frame, r.transaction_id, int(dns.rcode.from_text(r.rcode)) & 15)
            for e in self.facts.dns
            for r in e.responses
        )
        return theirs, ours

    def handshakes(self) -> Iterator[tuple[int, float, float]]:
        """Yield stream, tshark's initial round trip and badhop's two parts of it, in seconds."""
        told = {
            int(row["tcp.stream"]): float(row["tcp.analysis.initial_rtt"])
            for row in reversed(self.rows)
            if row["tcp.analysis.initial_rtt"]
        }
        for stream, theirs in told.items():
            c = self.facts.connections[stream]
            if c.handshake_rtt_s is not None and (rest_s := _last_third(c)) is not None:
                yield stream, theirs, c.handshake_rtt_s + rest_s


def _last_third(c: Connection) -> float | None:
    """Return the time from SYN-ACK to the client's ACK, where nothing came between them."""
    if c.ack_frame is None or c.duplicate_frames or not len(c.client_rtt.rtt_s):
        return None
    return float(c.client_rtt.rtt_s[0]) if c.rows[2] == c.ack_frame - 1 else None


def _is_segment(row: dict[str, str]) -> bool:
    return bool(row["tcp.stream"]) and not (row["icmp.type"] or row["icmpv6.type"])


def read(path: Path) -> Both | None:
    """Return both readings; None where badhop refuses the file or its link type."""
    if path.name.startswith(UNREAD):
        return None
    try:
        with files.open(path) as capture:
            facts = analyzers.extract(capture)
            packets, streams = len(capture.table), tcp_streams(capture.table).tolist()
    except CaptureError:
        return None
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += [part for name in _FIELDS for part in ("-e", name)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rows = [dict(zip(_FIELDS, line.split("\t"), strict=True)) for line in said.splitlines()]
    for row in rows:
        for name in _FIRST:
            row[name] = row[name].partition(",")[0]
    return Both(path, rows, packets, streams, facts)


@dataclass(slots=True)
class Sums:
    """Comparisons of many captures."""

    captures: int = 0
    packets: int = 0
    counts_differ: list[str] = field(default_factory=list)
    streams: int = 0
    streams_differ: list[str] = field(default_factory=list)
    round_trips: int = 0
    round_trips_differ: list[str] = field(default_factory=list)
    alerts: int = 0
    alerts_differ: list[str] = field(default_factory=list)
    responses: int = 0
    responses_differ: list[str] = field(default_factory=list)
    same_repeats: int = 0
    only_theirs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Frames by reason; "" without one."""
    only_ours: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    repeats_out_of_order: list[str] = field(default_factory=list)
    """Frames with nothing new that badhop calls out of order."""


def compare(paths: list[Path]) -> Sums:
    """Compare badhop with tshark on many captures."""
    sums = Sums()
    for path in paths:
        if both := read(path):
            _add(sums, both)
    return sums


def _add(sums: Sums, both: Both) -> None:
    name = label(both.path)
    sums.captures += 1
    sums.packets += both.packets
    if both.packets != len(both.rows):
        sums.counts_differ.append(f"{name}: {len(both.rows)} and {both.packets}")
    sums.streams += len(both.facts.connections)
    if both.streams != both.their_streams:
        sums.streams_differ.append(name)
    for stream, theirs, ours in both.handshakes():
        sums.round_trips += 1
        if abs(theirs - ours) > 2e-6:
            sums.round_trips_differ.append(f"{name} stream {stream}: {theirs} and {ours:.6f}")
    their_alerts, our_alerts = both.alerts()
    sums.alerts += their_alerts.total()
    sums.alerts_differ += _differing(name, their_alerts, our_alerts)
    their_codes, our_codes = both.rcodes()
    sums.responses += their_codes.total()
    sums.responses_differ += _differing(name, their_codes, our_codes)
    _add_repeats(sums, both, name)


def _differing(name: str, theirs: Counter[_T], ours: Counter[_T]) -> list[str]:
    if theirs == ours:
        return []
    return [f"{name}: only tshark {dict(theirs - ours)}, only badhop {dict(ours - theirs)}"]


def _add_repeats(sums: Sums, both: Both, name: str) -> None:
    sums.repeats_out_of_order += [f"{name} {f}" for f in sorted(both.repeats_out_of_order())]
    theirs, ours = both.marked(*SENT_AGAIN), both.sent_again
    sums.same_repeats += len(theirs & ours)
    out_of_order = both.marked("out_of_order")
    for frame in sorted(theirs - ours):
        sums.only_theirs[_why_not_ours(both, frame)].append(f"{name} {frame}")
    for frame in sorted(ours - theirs):
        reason = "tshark calls it out of order: it came within the handshake's round trip"
        sums.only_ours[reason if frame in out_of_order else ""].append(f"{name} {frame}")


def _why_not_ours(both: Both, frame: int) -> str:
    if frame in both.copies:
        return "the capture's own copy of a packet"
    if frame in both.late:
        return "it left before what it follows: reordered, by timestamp or IP identification"
    if any(both.path.name == name and frame == number for name, number in NO_COPIES):
        return "a FIN without ACK, with a sequence number of 0: it fits nowhere"
    for c in both.facts.connections:
        forged = any(r.signs and r.frame < frame for r in c.resets)
        if frame - 1 in c.rows and forged:
            return "new data after forged resets, whose numbers tshark takes for data"
    return ""
