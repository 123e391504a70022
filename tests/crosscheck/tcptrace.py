"""What tcptrace says of connections: from its own test baselines, or by running it."""

from __future__ import annotations

import csv
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import numpy as np

from analyzers.facts import Connection, Half, LossSide, RttSamples
from analyzers.tcp import connections
from captures import files
from captures.errors import CaptureError
from tests.corpus import CORPUS, captures_of_corpus
from tests.crosscheck.corpus import label

End = tuple[str, int]
#: The rows of tcptrace's output that are compared.
QUANTITIES = (
    *("actual data pkts", "rexmt data pkts", "outoforder pkts", "zero win adv", "hardware dups"),
    *("RTT samples", "RTT min", "RTT avg", "RTT max"),
)
#: Round trips are printed in milliseconds with one decimal.
PRINTED_MS = 0.11


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of one connection, as tcptrace and as badhop have it."""

    capture: str
    theirs: dict[str, str]
    connection: Connection
    half: Half
    samples: RttSamples
    """Of segments that this half sent."""
    copies: int
    """Of this half, that the capture recorded twice."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that differs, and why; no reason where none is known."""

    way: Way
    quantity: str
    theirs: float
    ours: float
    reason: str


def baselines() -> Iterator[Way]:
    """Yield the connections of tcptrace's own captures with its own baselines."""
    named = {path.name: path for path in captures_of_corpus()}
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (CORPUS / "tcptrace.tsv").open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["host_a"] and row["host_b"]:
                rows[row["file"].removesuffix(".gz")].append(row)
    for name, listed in rows.items():
        if name in named:
            yield from _ways(named[name], listed)


def run(path: Path) -> Iterator[Way]:
    """Run tcptrace on a capture; it reads classic pcap only."""
    with tempfile.TemporaryDirectory() as directory:
        plain = Path(directory) / "plain.pcap"
        command = ("tshark", "-r", str(path), "-Y", "tcp and not icmp", "-F", "pcap", "-w")
        subprocess.run((*command, str(plain)), capture_output=True, check=False)
        words = ("tcptrace", "-n", "-r", "-l", str(plain))
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    yield from _ways(path, [_parse(block) for block in said.split("=" * 32)])


def _parse(block: str) -> dict[str, str]:
    """Return the rows of one connection, named as in the baselines."""
    row = {
        f"host_{'ab'[n]}": host for n, host in enumerate(re.findall(r"host \w+:\s+(\S+)", block))
    }
    cell = r"([\w/# -]+):\s+([-\w./]+)(?: \w+)?"
    for line in block.splitlines():
        found = re.fullmatch(rf"\s+{cell}\s+{cell}\s*", line)
        if found and found[1].strip() == found[3].strip():
            row.setdefault(f"{found[1].strip()} a>b", found[2])
            row.setdefault(f"{found[1].strip()} b>a", found[4])
    return row


def _ways(path: Path, rows: list[dict[str, str]]) -> Iterator[Way]:
    try:
        with files.open(path) as capture:
            found = connections(capture)
            ports = capture.table.source_port
            copied = Counter(
                (c.stream, int(ports[f - 1])) for c in found for f in c.duplicate_frames
            )
    except CaptureError:
        return
    waiting: dict[frozenset[End], list[Connection]] = defaultdict(list)
    for c in found:
        waiting[frozenset((h.address, h.port) for h in (c.client, c.server))].append(c)
    for row in rows:
        if not row.get("host_a"):
            continue
        ends = [_end(row["host_a"]), _end(row["host_b"])]
        if not (matching := waiting[frozenset(ends)]):
            continue
        c = matching.pop(0)
        for way, end in zip(("a>b", "b>a"), ends, strict=True):
            mine = (c.client.address, c.client.port) == end
            cells = {q: row[f"{q} {way}"] for q in QUANTITIES if row.get(f"{q} {way}")}
            half, samples = (c.client, c.rtt) if mine else (c.server, c.client_rtt)
            yield Way(label(path), cells, c, half, samples, copied[c.stream, half.port])


def _end(text: str) -> End:
    address, port = text.rsplit(":", 1)
    return str(ip_address(address)), int(port)


def differences(way: Way) -> Iterator[Difference]:
    """Yield what differs, each with its reason."""
    for quantity, cell in way.theirs.items():
        if cell == "NA":
            continue
        theirs, ours = float(cell), _ours(way, quantity)
        room = PRINTED_MS if quantity in ("RTT min", "RTT avg", "RTT max") else 0
        if abs(theirs - ours) > room:
            yield Difference(way, quantity, theirs, ours, _reason(way, quantity, theirs, ours))


def _ours(way: Way, quantity: str) -> float:
    half, rtt_ms = way.half, way.samples.rtt_s * 1e3
    if not len(rtt_ms):
        rtt_ms = np.zeros(1)
    values = {
        "RTT min": float(rtt_ms.min()),
        "RTT avg": float(rtt_ms.mean()),
        "RTT max": float(rtt_ms.max()),
        "actual data pkts": half.data_packets,
        "rexmt data pkts": sum(r.length > 0 for r in half.retransmissions),
        "outoforder pkts": len(half.out_of_order_frames),
        "zero win adv": sum(len(z.frames) - (z.end_s is not None) for z in half.zero_windows),
        "hardware dups": way.copies,
        "RTT samples": len(way.samples.rtt_s),
    }
    return values[quantity]


def _reason(way: Way, quantity: str, theirs: float, ours: float) -> str:
    half = way.half
    if way.copies and quantity != "zero win adv":
        return "the capture holds segments twice; tcptrace knows only copies that come at once"
    if quantity.startswith("RTT"):
        return _timing_reason(way, quantity, theirs, ours)
    if half.late_original_frames and quantity in ("rexmt data pkts", "outoforder pkts"):
        return "an original that comes after its own retransmission is neither to badhop"
    syns, fins = max(len(half.syn_frames) - 1, 0), sum(not r.length for r in half.retransmissions)
    before = sum(r.loss is LossSide.BEFORE_CAPTURE for r in half.retransmissions)
    more = theirs - ours
    if quantity == "rexmt data pkts" and 0 < more <= syns + fins:
        return "tcptrace counts repeated SYNs and FINs as data"
    if quantity == "outoforder pkts" and 0 < more <= before:
        return "lost before the capture and sent again: to tcptrace they come out of order"
    if quantity == "rexmt data pkts" and -before <= more < 0:
        return "lost before the capture and sent again: to tcptrace they come out of order"
    return ""


def _timing_reason(way: Way, quantity: str, theirs: float, ours: float) -> str:
    c = way.connection
    if quantity == "RTT min" and ours < PRINTED_MS < theirs:
        return "tcptrace takes a smallest round trip of 0 for none"
    if c.resets:
        return "tcptrace takes a reset for an answer, also a forged one"
    if c.client.timestamps and c.server.timestamps:
        return "badhop also times echoes of timestamps"
    return ""
