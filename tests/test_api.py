"""The three calls of the Python API, and the examples of docs/api.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import analyzers
import captures
import diagnostics
from tests.apipage import EXAMPLE, PAGE, page

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "tls.chain_incomplete-basic"

HEAVY = {"numpy", "cryptography", "dns", "h11", "scapy", "pyshark"}


def test_three_calls_lead_from_a_file_to_a_verdict() -> None:
    with captures.open(SAMPLE) as capture:
        assert isinstance(capture, captures.Capture)
        facts = analyzers.extract(capture, session=None)
    assert isinstance(facts, analyzers.Facts)
    verdict = diagnostics.diagnose(facts)
    assert isinstance(verdict, diagnostics.Verdict)
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == "tls.chain_incomplete"


def test_examples_print_what_the_page_says() -> None:
    text = PAGE.read_text("utf-8")
    assert text == page(), "run `make docs`, look at what changed, and commit"
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```python")


@pytest.mark.parametrize("package", ["captures", "analyzers", "diagnostics"])
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    program = (
        f"import sys, {package}; dir({package}); "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & HEAVY


@pytest.mark.parametrize(
    "imports",
    [
        "import analyzers.extraction, diagnostics.engine, captures.files",
        "import diagnostics.source",
        "import diagnostics.commands.diagnose",
        "from analyzers import extract",
    ],
)
def test_no_module_hides_a_call(imports: str) -> None:
    program = (
        f"{imports}\nimport analyzers, captures, diagnostics\n"
        "assert all(map(callable, (captures.open, analyzers.extract, diagnostics.diagnose)))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize("package", [captures, analyzers, diagnostics])
def test_other_names_are_missing_as_usual(package: Any) -> None:
    assert not hasattr(package, "nonsense")
    assert all(hasattr(package, name) for name in package.__all__)
