"""Public captures by other people, where this machine has them; none of them is part of badhop."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CORPUS = Path(
    os.environ.get("BADHOP_CORPUS", Path(__file__).parents[1].parent / "shared" / "corpus")
)
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"no corpus in {CORPUS} (set BADHOP_CORPUS)"
)


def captures_of_corpus() -> list[Path]:
    """Every capture of the corpus; none where it is absent."""
    files = (path for path in CORPUS.rglob("*") if path.is_file())
    return sorted(path for path in files if path.suffix not in (".md", ".tsv"))
