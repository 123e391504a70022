"""Imports point downwards only, and `badhop --help` loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = ("captures", "analyzers", "diagnostics")
"""From the bottom to the top; each imports itself and what is below it."""

HEAVY = ("scapy", "pyshark", "cryptography", "dns", "h11", "numpy")
"""Third-party packages that take tenths of a second to load."""

STARTS = (
    "diagnostics/cli.py",
    "diagnostics/contract.py",
    "diagnostics/report/escape.py",
    "captures/errors.py",
    "captures/__init__.py",
)
"""Files that every command line loads."""

SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    above = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"tests", "samples"}
    imported = {name.partition(".")[0] for name in _imported(ast.parse(path.read_text()))}
    assert not imported & above


@pytest.mark.parametrize("name", STARTS)
def test_what_every_command_loads_imports_nothing_heavy(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    assert not {n.partition(".")[0] for n in _imported_at_load(tree.body)} & set(HEAVY)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["diagnose", "--help"], ["capture", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        f"import sys; from diagnostics.cli import cli; cli({arguments!r}, standalone_mode=False); "
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & set(HEAVY)


def _imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in a file."""
    for node in ast.walk(tree):
        yield from _names(node)


def _imported_at_load(body: list[ast.stmt]) -> Iterator[str]:
    """Modules imported when the file is loaded: not in functions, not for type checkers."""
    for node in body:
        yield from _names(node)
        if isinstance(node, ast.Try | ast.ClassDef):
            yield from _imported_at_load(node.body)
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from _imported_at_load([*node.body, *node.orelse])


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        yield node.module or ""
