"""A recorder that records nothing, so that commands can be run without any right."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from captures.recorders.base import Plan, Recorded, create_private
from captures.recorders.pcapng import Packet, PcapngWriter
from captures.session import Tool


@dataclass
class FakeRecorder:
    """Counts packets nobody sent, and notes when it was started and stopped."""

    plan: Plan
    payload: bytes = b"packet"
    result: Recorded = field(default_factory=lambda: Recorded(1, 0))
    drain_s: float = 0.0
    events: list[str] = field(default_factory=list)

    def tool(self) -> Tool:
        return Tool("fake", "1.0")

    def start(self) -> None:
        self.events.append("start")
        with os.fdopen(create_private(self.plan.path), "wb") as file:
            writer = PcapngWriter(file, "fake")
            writer.interface("lo", 1, 0)
            writer.packet(Packet(0, 0, len(self.payload), self.payload))

    def packets(self) -> int | None:
        return 1234

    def stop(self) -> Recorded:
        self.events.append("stop")
        return self.result


def start_fake(plan: Plan, warn: Callable[[str], None]) -> FakeRecorder:
    """Start a fake instead of a real recorder."""
    recorder = FakeRecorder(plan)
    recorder.start()
    return recorder


def main() -> int:
    """Record the command in argv into the directory argv[1], as `badhop capture` would."""
    from captures.record import Options, record

    directory, *command = sys.argv[1:]
    options = Options(tuple(command), Path(directory), ("lo",))
    return record(options, dict(os.environ), print, start_fake).exit_status


if __name__ == "__main__":
    sys.exit(main())
