"""Where the captures are: other people's, where this machine has them, and the lab's."""

from __future__ import annotations

import os
from pathlib import Path

from tests.samples import SAMPLES

CORPUS = Path(
    os.environ.get("BADHOP_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus")
)
RECORDINGS = Path(__file__).parent / "recordings"
"""What `python -m tests.crosscheck record` wrote: a directory for each of `courses.COURSES`."""


def corpus() -> list[Path]:
    """Every capture of the corpus; none where it is absent."""
    files = (path for path in CORPUS.rglob("*") if path.is_file())
    return sorted(path for path in files if path.suffix not in (".md", ".tsv"))


def lab() -> list[Path]:
    """The samples, and the recordings' captures at the client."""
    return sorted((*SAMPLES.glob("*/capture.pcapng"), *RECORDINGS.glob("*/client.pcap.gz")))


def label(path: Path) -> str:
    """A short name for a capture."""
    return f"{path.parent.name}/{path.name}"
