"""Every frame says to badhop what it says to somebody who opens the capture in Wireshark."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import captures

ROOT = Path(__file__).parents[2]
#: Both IP versions, a router's captures, UDP, ICMP errors, repeats, forged packets.
CAPTURES = (
    "dns.forged-basic/capture.pcapng",
    "healthy-ipv6/capture.pcapng",
    "path.mtu_blackhole-handshake/capture.pcapng",
    "tcp.reset_injected-pair-nat/far.pcapng",
    "tcp.unreachable-host-transit/capture.pcapng",
    "tls.chain_incomplete-basic/capture.pcapng",
)

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="install tshark, which pyshark runs"
)


@pytest.mark.parametrize("name", CAPTURES)
def test_frame_by_frame(name: str) -> None:
    path = ROOT / "samples" / name
    theirs = _by_pyshark(path)
    assert any(row[2:] for row in theirs)
    assert list(_by_badhop(path)) == theirs


def _by_pyshark(path: Path) -> list[list[object]]:
    done = subprocess.run(
        (sys.executable, "-m", "tests.crosscheck.pysharkrows", str(path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _by_badhop(path: Path) -> Iterator[list[object]]:
    with closing(captures.open(path)) as capture:
        table = capture.table
        for row in range(len(table)):
            found: list[object] = [row + 1, int(table.frame_length[row])]
            if table.version[row]:
                ends = table.source[row], table.destination[row]
                found += [*(str(table.addresses[i]) for i in ends), int(table.ttl[row])]
            if table.protocol[row] == 6:
                columns = (table.source_port, table.destination_port, table.seq, table.ack)
                more = (table.tcp_flags, table.payload_length)
                found += [int(column[row]) for column in (*columns, *more)]
            yield found
