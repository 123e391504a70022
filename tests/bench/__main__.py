"""`python -m tests.bench [--quick] [--huge] [--dir DIR] [--rounds N]`: measure, and write the page.

Captures stay in DIR (or $BADHOP_BENCH, or the cache directory) for the next time.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import analyzers
import captures
import diagnostics
from tests.bench.measure import in_turn
from tests.bench.table import PAGE, Section, growth, machine, page, section

_FIELDS = (
    *("frame.time_relative", "ip.src", "ip.dst", "ip.ttl", "tcp.stream", "tcp.len", "tcp.flags"),
    *("tcp.analysis.retransmission", "tcp.analysis.fast_retransmission"),
    *("tcp.analysis.spurious_retransmission", "tcp.analysis.out_of_order"),
    *("tcp.analysis.lost_segment", "tcp.analysis.duplicate_ack", "tcp.analysis.zero_window"),
    *("tcp.analysis.ack_rtt", "tcp.analysis.initial_rtt", "tcp.analysis.bytes_in_flight"),
    *("dns.qry.name", "dns.flags.rcode", "dns.time", "dns.a"),
    *("tls.handshake.type", "tls.handshake.extensions_server_name", "tls.alert_message.desc"),
    *("http.request.uri", "http.response.code", "icmp.type", "icmp.code"),
)
"""What answers the same questions, question by question."""


class Capture(NamedTuple):
    """One capture of the bench."""

    title: str
    file: str
    arguments: tuple[str, ...]
    """Of `tests.bench.traffic`."""
    rounds: int
    patient: bool
    """tshark is waited for."""


SMALL = Capture("A small capture, cold", "small.pcap", ("0.01", "262144", "45000"), 9, True)
TENTH = Capture("A tenth", "tenth.pcap", ("0.1",), 5, True)
WHOLE = Capture("1 GB", "whole.pcap", ("1",), 3, True)
HUGE = Capture("Ten times the packets, 96 bytes of each", "huge.pcap", ("10", "96"), 1, False)


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small captures only; print")
    parser.add_argument("--huge", action="store_true", help="8.6 million packets too")
    parser.add_argument("--dir", type=Path, default=_cache(), help="where captures are kept")
    parser.add_argument("--rounds", type=int, help="how often each command is run")
    wanted = parser.parse_args(arguments)
    wanted.dir.mkdir(parents=True, exist_ok=True)
    _compile()
    chosen = [SMALL, TENTH] if wanted.quick else [SMALL, TENTH, WHOLE]
    chosen += [HUGE] if wanted.huge else []
    sections = [_help(wanted.dir, wanted.rounds)]
    print(section(sections[0]), flush=True)
    for capture in chosen:
        sections.append(_measured(capture, wanted.dir, wanted.rounds))
        print(section(sections[-1]), flush=True)
    lines = [growth(a, b) for a, b in pairwise(sections[2:])]
    print("\n".join(lines))
    if not wanted.quick:
        old = PAGE.read_text("utf-8") if PAGE.exists() else ""
        PAGE.write_text(page(machine(), sections, lines, old), "utf-8")
        print(f"wrote {PAGE}")


def _compile() -> None:
    """Compile the sources as an installation does, also where Python is told not to."""
    for package in (captures, analyzers, diagnostics):
        compileall.compile_dir(Path(*package.__path__), quiet=1)


def _cache() -> Path:
    told = os.environ.get("BADHOP_BENCH")
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(told) if told else Path(home).expanduser() / "badhop-bench"


def _badhop() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "badhop"
    return str(beside) if beside.exists() else "badhop"


def _help(directory: Path, rounds: int | None) -> Section:
    commands: dict[str, Sequence[str]] = {"badhop --help": (_badhop(), "--help")}
    costs = in_turn(commands, rounds or 9, directory / "errors")
    return Section("Only the command itself", 0, 0, costs, {"": "badhop --help"})


def _measured(capture: Capture, directory: Path, rounds: int | None) -> Section:
    """Make the capture when it is not there yet, and let each tool read it."""
    path = directory / capture.file
    if not path.exists():
        # In a process of its own: Linux counts the memory of whoever starts a command as its own.
        made = path.with_suffix(".part")
        generator = (sys.executable, "-m", "tests.bench.traffic", str(made), *capture.arguments)
        subprocess.run(generator, check=True)
        made.rename(path)
    tools = _tools(str(path), capture.patient)
    costs = in_turn(tools, rounds or capture.rounds, directory / "errors")
    shown = {name: " ".join(_short(word) for word in words) for name, words in tools.items()}
    size = path.stat().st_size
    return Section(capture.title, _packets(path), size, costs, shown)


def _tools(path: str, patient: bool) -> dict[str, Sequence[str]]:
    """Commands by what they are called; those that are not installed are left out."""
    tools: dict[str, Sequence[str]] = {"badhop": (_badhop(), "diagnose", "--json", path)}
    tools["tcptrace"] = ("tcptrace", "-n", "-r", "-l", path)
    if patient:
        fields = [word for field in _FIELDS for word in ("-e", field)]
        tools["tshark, expert notes"] = ("tshark", "-n", "-q", "-z", "expert", "-r", path)
        tools["tshark, fields"] = ("tshark", "-n", "-r", path, "-T", "fields", *fields)
    tools["only reading the file"] = ("sh", "-c", 'cat "$0" | wc -c', path)
    return {name: words for name, words in tools.items() if shutil.which(words[0])}


def _short(word: str) -> str:
    """A word of a command as a reader would type it."""
    if word.startswith("/"):
        word = Path(word).name
    return f"'{word}'" if " " in word else word


def _packets(path: Path) -> int:
    """Count records; where they are long, most of the file is stepped over."""
    count = 0
    with path.open("rb", buffering=1 << 16) as file:
        file.seek(24)
        while head := file.read(16):
            file.seek(int.from_bytes(head[8:12], "little"), os.SEEK_CUR)
            count += 1
    return count


if __name__ == "__main__":
    main(sys.argv[1:])
