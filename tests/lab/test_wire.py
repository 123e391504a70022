"""The wire between two real namespaces: speed, delay, loss, and the truth it logs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.lab.model import Impair
from tests.lab.netns import Run, tool
from tests.lab.requirements import missing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
_NEAR, _FAR = "192.0.2.1", "192.0.2.2"
_RECEIVER = (
    "import socket\n"
    f"server = socket.create_server(('{_FAR}', 9))\n"
    "print('ready', flush=True)\n"
    "connection, _ = server.accept()\n"
    "while connection.recv(65536): pass\n"
    "connection.send(b'.')\n"
)
_SENDER = (
    "import socket, sys\n"
    f"connection = socket.create_connection(('{_FAR}', 9))\n"
    "connection.sendall(bytes(int(sys.argv[1])))\n"
    "connection.shutdown(socket.SHUT_WR)\n"
    "connection.recv(1)\n"
)


@pytest.fixture
def run() -> Iterator[Run]:
    with Run() as made:
        for node in ("near", "far"):
            made.add(node)
        yield made


def _connect(run: Run, impair: Impair) -> Path:
    truth = run.directory / "truth.jsonl"
    order = {
        "ends": [[f"/run/netns/{run.namespace(node)}", "eth0"] for node in ("near", "far")],
        "directions": [asdict(impair), asdict(Impair())],
        "seed": "test",
        "truth": str(truth),
    }
    run.spawn("near", sys.executable, "-m", "tests.lab.wire", json.dumps(order), log="wire")
    run.wait_for_line("wire", "ready")
    for node, address in (("near", _NEAR), ("far", _FAR)):
        run.batch(node, [f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"])
    return truth


def _ping(run: Run, count: int, *options: str) -> str:
    words = ("ping", "-q", "-i", "0.002", "-c", str(count), "-W", "1", *options, _FAR)
    done = subprocess.run(run.inside("near", *words), capture_output=True, text=True)
    return done.stdout


def test_delay_is_the_one_that_was_asked_for(run: Run) -> None:
    _connect(run, Impair(delay_ms=20))
    _ping(run, 1)
    fastest = float(_ping(run, 50).rpartition("= ")[2].split("/")[0])
    assert 20.0 <= fastest < 25.0


def test_the_log_holds_the_fate_of_every_frame(run: Run) -> None:
    truth = _connect(run, Impair(loss=0.3))
    _ping(run, 200)
    run.close_processes()
    entries = [json.loads(line) for line in truth.read_text().splitlines()]
    outwards = [entry for entry in entries if entry["direction"] == "outwards"]
    lost = sum(entry["fate"] == "dropped:loss" for entry in outwards)
    assert 30 < lost < 90
    assert all(entry["delays_ms"] for entry in outwards if entry["fate"] == "sent")


def test_large_packets_vanish_without_a_word(run: Run) -> None:
    _connect(run, Impair(mtu=1300))
    _ping(run, 1)
    assert " 0% packet loss" in _ping(run, 5, "-s", "1272")
    assert " 100% packet loss" in _ping(run, 5, "-s", "1273")


def test_fifty_megabits_pass(run: Run) -> None:
    _connect(run, Impair(delay_ms=2))
    for node in ("near", "far"):
        tool(*run.inside(node, "ip", "link", "set", "eth0", "mtu", "1500"))
    run.spawn("far", sys.executable, "-c", _RECEIVER, log="receiver")
    run.wait_for_line("receiver", "ready")
    size = 12_500_000
    started = time.monotonic()
    tool(*run.inside("near", sys.executable, "-c", _SENDER, str(size)), timeout_s=60)
    assert size * 8 / (time.monotonic() - started) > 50e6
