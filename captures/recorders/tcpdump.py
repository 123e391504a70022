"""Records with tcpdump: one process for each interface, merged into one pcapng at the end."""

from __future__ import annotations

import re
from pathlib import Path

from captures.interfaces import run_text
from captures.recorders.base import BUFFER_MIB, Plan, Recorded
from captures.recorders.dumpcap import version_in
from captures.recorders.pcapng import merge
from captures.recorders.process import ToolProcess
from captures.session import Tool


class TcpdumpRecorder:
    """A recording by tcpdump."""

    #: tcpdump lets the kernel keep a block of packets for up to one second before it reads them.
    drain_s = 1.2

    def __init__(self, program: str, plan: Plan) -> None:
        self._program = program
        self._plan = plan
        self._running: list[ToolProcess] = []
        self._parts = [
            plan.path.with_name(f".tcpdump-{number}.pcap") for number in range(len(plan.interfaces))
        ]

    def tool(self) -> Tool:
        """Give the version as `tcpdump --version` says it."""
        return Tool("tcpdump", version_in(run_text(self._program, "--version")))

    def start(self) -> None:
        """Start a tcpdump for each interface and wait until every one listens."""
        try:
            for name, part in zip(self._plan.interfaces, self._parts, strict=True):
                process = ToolProcess(
                    [self._program, *_arguments(self._plan, name)],
                    part,
                    counter=r"Got (\d+)",
                    ready="listening on ",
                )
                self._running.append(process)
                process.wait_ready()
        except BaseException:
            for process in self._running:
                process.kill()
            self._remove_parts()
            raise

    def packets(self) -> int | None:
        """Give tcpdump's own count, which it renews every second."""
        return sum(process.packets for process in self._running)

    def stop(self) -> Recorded:
        """Stop every tcpdump, merge the files by time, and add up the counts."""
        words = [process.stop() for process in self._running]
        complaints = [process.complaint() for process in self._running]
        parts: list[tuple[str, Path]] = list(zip(self._plan.interfaces, self._parts, strict=True))
        dropped = [_count(r"(\d+) packets? dropped by kernel", text) for text in words]
        merge(parts, self._plan.path, self.tool().name, dropped)
        self._remove_parts()
        return Recorded(
            received=sum(_count(r"(\d+) packets? captured", text) for text in words),
            dropped=sum(dropped),
            error=next((complaint for complaint in complaints if complaint), None),
        )

    def _remove_parts(self) -> None:
        for part in self._parts:
            part.unlink(missing_ok=True)


def _arguments(plan: Plan, interface: str) -> list[str]:
    # -v with -w makes tcpdump tell its count; -U writes each packet as it comes. The snapshot
    # length 0 stands for tcpdump's largest.
    options = ["-p", "-n", "-U", "-v", "-B", str(BUFFER_MIB * 1024), "-s", str(plan.snaplen or 0)]
    options += ["--time-stamp-precision=nano", "-i", interface, "-w", "-"]
    return [*options, "--", plan.bpf] if plan.bpf else options


def _count(pattern: str, words: str) -> int:
    match = re.search(pattern, words)
    return int(match.group(1)) if match else 0
