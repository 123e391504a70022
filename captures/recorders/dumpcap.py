"""Records with dumpcap: several interfaces at once, straight into pcapng, no root needed."""

from __future__ import annotations

import re

from captures.interfaces import run_text
from captures.recorders.base import BUFFER_MIB, Plan, Recorded, find_forbidden, find_program
from captures.recorders.process import ToolProcess
from captures.session import Tool

#: Where Wireshark's installers put dumpcap without adding it to PATH.
_FOLDERS = (
    "/Applications/Wireshark.app/Contents/MacOS",
    r"C:\Program Files\Wireshark",
    r"C:\Program Files (x86)\Wireshark",
)


class DumpcapRecorder:
    """A recording by dumpcap."""

    #: dumpcap reads the kernel's buffer every 250 ms (CAP_READ_TIMEOUT).
    drain_s = 0.5

    def __init__(self, program: str, plan: Plan) -> None:
        self._program = program
        self._plan = plan
        self._process: ToolProcess | None = None

    def tool(self) -> Tool:
        """Give the version as `dumpcap --version` says it."""
        return Tool("dumpcap", version_in(run_text(self._program, "--version")))

    def start(self) -> None:
        """Start dumpcap and wait for the line that it writes after opening all interfaces."""
        self._process = ToolProcess(
            [self._program, *_arguments(self._plan)],
            self._plan.path,
            counter=r"\rPackets: (\d+) ",
            ready=r"(?m)^File: ",
        )
        self._process.wait_ready()

    def packets(self) -> int | None:
        """Give dumpcap's own running count."""
        return self._process.packets if self._process else None

    def stop(self) -> Recorded:
        """Stop dumpcap and read its counts."""
        if self._process is None:
            return Recorded()
        words = self._process.stop()
        return counts_in(words, self._process.complaint() or None)


def find_dumpcap() -> str | None:
    """Find a dumpcap that this user may run."""
    return find_program("dumpcap", *_FOLDERS)


def find_forbidden_dumpcap() -> str | None:
    """Find a dumpcap that only a group of users may run."""
    return find_forbidden("dumpcap", *_FOLDERS)


def version_in(text: str) -> str:
    """Find the first version number in a tool's description of itself."""
    match = re.search(r"\d+\.\d+(?:\.\d+)*", text)
    return match.group() if match else ""


def counts_in(words: str, error: str | None) -> Recorded:
    """Add up dumpcap's closing line for each interface (`received/dropped on …: 12/0 (…)`)."""
    counts = re.findall(r"received/dropped on interface .*?: (\d+)/(\d+) ", words)
    if not counts:
        return Recorded(error=error)
    return Recorded(
        received=sum(int(received) for received, _ in counts),
        dropped=sum(int(dropped) for _, dropped in counts),
        error=error,
    )


def _arguments(plan: Plan) -> list[str]:
    # Options before the first -i hold for every interface. -p: other hosts' packets are not ours.
    arguments = ["-p", "-B", str(BUFFER_MIB), "-s", str(plan.snaplen or 0)]
    if plan.bpf:
        arguments += ["-f", plan.bpf]
    for name in plan.interfaces:
        arguments += ["-i", name]
    return [*arguments, "-w", "-"]
