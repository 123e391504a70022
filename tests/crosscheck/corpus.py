"""Where the lab's captures are."""

from __future__ import annotations

from pathlib import Path

from tests.samples import SAMPLES

RECORDINGS = Path(__file__).parent / "recordings"
"""What `python -m tests.crosscheck record` wrote: a directory for each of `courses.COURSES`."""


def lab() -> list[Path]:
    """The samples, and the recordings' captures at the client."""
    return sorted((*SAMPLES.glob("*/capture.pcapng"), *RECORDINGS.glob("*/client.pcap.gz")))


def label(path: Path) -> str:
    """A short name for a capture."""
    return f"{path.parent.name}/{path.name}"
