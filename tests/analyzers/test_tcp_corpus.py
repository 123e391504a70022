"""TCP in other people's captures, against tshark and against tcptrace's own baselines.

Where they disagree, the difference is written down here with its reason.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import pytest

from analyzers.facts import Connection, Half
from analyzers.flows import tcp_streams
from analyzers.tcp import connections
from captures import files
from captures.errors import CaptureError
from tests.corpus import CORPUS, needs_corpus

SENT_AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission")
KINDS = (*SENT_AGAIN, "out_of_order", "keep_alive", "zero_window", "window_full", "initial_rtt")
FIELDS = ("frame.number", "tcp.stream", "icmp.type", "icmpv6.type")

#: Link types that tshark reads and badhop does not (ARCNET), and a packet that tshark refuses
#: (a jumbogram without its option): streams cannot agree there.
UNREAD = ("arcnet-", "bigtcp-ipv6", "brcm-tag")

#: A FIN without ACK whose sequence number is 0: to tshark it is sent again, to us it fits nowhere.
NO_COPIES = {("fin_retransmission.pcap", 2)}

pytestmark = [
    needs_corpus,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="install tshark to compare with it"),
]


@dataclass
class Opinions:
    """What tshark and badhop say of one capture; sets of frames."""

    name: str
    streams: list[int]
    theirs: dict[str, set[int]]
    initial_rtt: dict[int, float]
    our_streams: list[int] = field(default_factory=list)
    ours: tuple[Connection, ...] = ()

    @property
    def halves(self) -> list[Half]:
        """Both halves of all connections."""
        return [half for c in self.ours for half in (c.client, c.server)]

    @property
    def copies(self) -> set[int]:
        """What the capture recorded twice."""
        return {frame for c in self.ours for frame in c.duplicate_frames}


@cache
def opinions() -> tuple[Opinions, ...]:
    """Both opinions on every capture that both can read and that holds TCP."""
    found = []
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in (".tsv", ".md") or not path.is_file() or path.name.startswith(UNREAD):
            continue
        try:
            capture = files.open(path)
        except CaptureError:
            continue
        with capture:
            ours = connections(capture)
            if ours:
                opinion = _ask_tshark(path)
                opinion.ours = ours
                opinion.our_streams = tcp_streams(capture.table).tolist()
                found.append(opinion)
    return tuple(found)


def _ask_tshark(path: Path) -> Opinions:
    names = [*FIELDS, *(f"tcp.analysis.{kind}" for kind in KINDS)]
    command = ["tshark", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    command += [part for name in names for part in ("-e", name)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [line.split("\t") for line in run.stdout.split("\n")[:-1]]
    # A TCP header that an ICMP error quotes is no segment of this capture.
    streams = [int(r[1]) if r[1] and not (r[2] or r[3]) else -1 for r in rows]
    theirs = {
        kind: {int(r[0]) for r in rows if r[4 + place] and not (r[2] or r[3])}
        for place, kind in enumerate(KINDS)
    }
    rtt = {int(r[1]): float(r[-1]) for r in reversed(rows) if r[-1]}
    return Opinions(path.name, streams, theirs, rtt)


def test_the_corpus_holds_tcp() -> None:
    assert len(opinions()) > 60


def test_stream_numbers_are_wiresharks() -> None:
    for opinion in opinions():
        assert opinion.our_streams == opinion.streams, opinion.name


def test_retransmissions_are_those_of_tshark() -> None:
    for opinion in opinions():
        sent_again = set().union(*(opinion.theirs[kind] for kind in SENT_AGAIN))
        ours = {r.frame for half in opinion.halves for r in half.retransmissions}
        late = {frame for half in opinion.halves for frame in half.late_original_frames}
        late |= {frame for half in opinion.halves for frame in half.out_of_order_frames}
        excused = {frame for name, frame in NO_COPIES if name == opinion.name}
        # The FIN in tls13_psk_succesfull came after an ACK that it had left before: reordered.
        assert sent_again - ours - opinion.copies - late - excused == set(), opinion.name
        # tshark calls some of them out of order: they came within its initial RTT.
        assert ours - sent_again - opinion.theirs["out_of_order"] == set(), opinion.name


def test_nothing_that_was_seen_whole_is_out_of_order() -> None:
    for opinion in opinions():
        sent_again = {r.frame for half in opinion.halves for r in half.retransmissions}
        late = {frame for half in opinion.halves for frame in half.out_of_order_frames}
        assert not sent_again & late, opinion.name
        assert not opinion.copies & (sent_again | late), opinion.name


@pytest.mark.parametrize("kind", ["keep_alive", "zero_window", "window_full"])
def test_windows_and_keep_alives_are_those_of_tshark(kind: str) -> None:
    for opinion in opinions():
        ours = {
            "keep_alive": {f for half in opinion.halves for f in half.keep_alive_frames},
            "window_full": {f for half in opinion.halves for f in half.window_full_frames},
            "zero_window": {
                frame
                for half in opinion.halves
                for zero in half.zero_windows
                for frame in zero.frames[: None if zero.end_s is None else -1]
            },
        }[kind]
        assert ours == opinion.theirs[kind] - opinion.copies, opinion.name


def test_the_two_parts_of_the_handshake_add_up_to_tsharks_initial_rtt() -> None:
    compared = 0
    for opinion in opinions():
        for stream, expected in opinion.initial_rtt.items():
            connection = opinion.ours[stream]
            if connection.handshake_rtt_s is None or connection.duplicate_frames:
                continue
            if not len(connection.client_rtt.rtt_s) or connection.ack_frame is None:
                continue
            if connection.rows.tolist().index(connection.ack_frame - 1) != 2:
                continue
            compared += 1
            whole = connection.handshake_rtt_s + connection.client_rtt.rtt_s[0]
            assert whole == pytest.approx(expected, abs=1e-6), (opinion.name, stream)
    assert compared > 60


#: tcptrace counts a repeated SYN as a retransmitted data packet; ours are no data. Its duplicates
#: of the hardware are our copies, which we do not count as packets.
SAME: dict[str, Callable[[Half], int]] = {
    "actual data pkts": lambda half: half.data_packets,
    "outoforder pkts": lambda half: len(half.out_of_order_frames),
    "zero win adv": lambda half: sum(
        len(z.frames) - (z.end_s is not None) for z in half.zero_windows
    ),
}


def _end(text: str) -> tuple[str, int]:
    address, port = text.rsplit(":", 1)
    return str(ip_address(address)), int(port)


def test_tcptrace_counts_the_same() -> None:
    table = CORPUS / "tcptrace.tsv"
    compared = 0
    by_ends: dict[tuple[str, frozenset[tuple[str, int]]], list[Connection]] = {}
    for opinion in opinions():
        for c in opinion.ours:
            ends = frozenset((h.address, h.port) for h in (c.client, c.server))
            by_ends.setdefault((opinion.name, ends), []).append(c)
    with table.open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if not row["host_a"] or not row["host_b"]:
                continue
            name = row["file"].removesuffix(".gz")
            pair = [_end(row["host_a"]), _end(row["host_b"])]
            matching = by_ends.get((name, frozenset(pair)), [])
            if not matching:
                continue
            c = matching.pop(0)
            by_end = {(h.address, h.port): h for h in (c.client, c.server)}
            for way, end in zip(("a>b", "b>a"), pair, strict=True):
                half = by_end[end]
                for column, ours in SAME.items():
                    if row[f"{column} {way}"] not in ("", "NA"):
                        expected = int(row[f"{column} {way}"])
                        assert ours(half) == expected, (name, row["conn"], way, column)
                        compared += 1
                again = sum(1 for r in half.retransmissions if r.length)
                syns = max(len(half.syn_frames) - 1, 0)
                theirs = int(row[f"rexmt data pkts {way}"] or 0)
                assert again <= theirs <= again + syns + len(c.duplicate_frames), (name, way)
    assert compared > 100
