"""Record one download at the client, between two wires, and at the server, on one clock."""

from __future__ import annotations

import gzip
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.lab.bench import bench
from tests.lab.model import Scenario
from tests.lab.topology import interface
from tests.lab.wire import headers_end

#: Where the cameras stand: node, and the neighbour at the other end of the cable.
CAMERAS = {
    "client": ("client", "gateway"),
    "middle": ("firewall", "gateway"),
    "server": ("server", "transit"),
}
WITNESSES = ("client", "server")
#: Enough for all headers.
_SNAPLEN = 160
_SETTLE_S = 0.4


def record(scenario: Scenario, seed: int, directory: Path) -> int:
    """Run the download; return its status.

    Leaves in `directory`: CAMERA.pcap.gz, counters-NODE.jsonl.gz and wire-LINK.jsonl.gz.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with bench(scenario, seed) as stand:
        run = stand.run
        for node in WITNESSES:
            file = run.directory / f"counters-{node}.jsonl"
            words = (sys.executable, "-m", "tests.crosscheck.lab.counters", str(file))
            watcher = run.spawn(node, *words, log=f"counters-{node}")
            run.wait_for_line(f"counters-{node}", "ready")
            with suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, watcher.pid, -15)
        cameras = []
        for name, (node, peer) in CAMERAS.items():
            line = f"dumpcap -q -P -s {_SNAPLEN} -i {interface(node, peer)}"
            file = run.directory / f"{name}.pcap"
            recorder = (*line.split(), "-w", str(file))
            cameras.append(run.spawn(node, *recorder, log=f"camera-{name}"))
            run.wait_for_line(f"camera-{name}", "File: ")
        time.sleep(_SETTLE_S)
        status, _ = stand.execute(*stand.command)
        time.sleep(_SETTLE_S)
        for camera in cameras:
            camera.send_signal(signal.SIGINT)
            camera.wait(10)
        run.close_processes()
        for name in CAMERAS:
            bare = headers_only((run.directory / f"{name}.pcap").read_bytes())
            _pack(directory / f"{name}.pcap.gz", bare)
        for pattern in ("counters-*.jsonl", "wire-*.jsonl"):
            for file in run.directory.glob(pattern):
                _pack(directory / f"{file.name}.gz", file.read_bytes())
    return status


def _pack(file: Path, content: bytes) -> None:
    file.write_bytes(gzip.compress(content, mtime=0))


def headers_only(pcap: bytes) -> bytes:
    """Return a capture (of this machine's byte order) without payloads."""
    out, at = bytearray(pcap[:24]), 24
    while at + 16 <= len(pcap):
        seconds, fraction, kept, whole = struct.unpack_from("=IIII", pcap, at)
        frame = pcap[at + 16 : at + 16 + kept]
        frame = frame[: headers_end(frame)]
        out += struct.pack("=IIII", seconds, fraction, len(frame), whole) + frame
        at += 16 + kept
    return bytes(out)
