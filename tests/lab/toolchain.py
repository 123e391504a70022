"""Find go commands: the current one and older ones with other ClientHellos."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

#: More go commands, separated by colons.
VARIABLE = "BADHOP_LAB_GO"


@cache
def commands() -> dict[str, Path]:
    """Return the go commands at hand by version ("1.27.3"), the current one first."""
    found: dict[str, Path] = {}
    for path in _candidates():
        version = _version(path)
        if version:
            found.setdefault(version, path)
    return found


def find(wanted: str) -> Path | None:
    """Return a go of the wanted version ("current" or a beginning such as "1.22")."""
    for version, path in commands().items():
        if wanted == "current" or f"{version}.".startswith(f"{wanted}."):
            return path
    return None


def _candidates() -> list[Path]:
    paths = []
    specification = importlib.util.find_spec("go")
    if specification is not None and specification.origin:
        # The wheel's own launcher is a Python script: one more process in the capture.
        paths.append(Path(specification.origin).parent / "bin" / "go")
    paths += [Path(word) for word in os.environ.get(VARIABLE, "").split(":") if word]
    system = shutil.which("go", path="/usr/bin:/usr/local/bin:/usr/local/go/bin")
    if system:
        paths.append(Path(system))
    return paths


def _version(path: Path) -> str:
    environment = {"HOME": "/tmp", "GOTOOLCHAIN": "local", "PATH": "/usr/bin:/bin"}
    try:
        done = subprocess.run(
            (path, "version"), capture_output=True, text=True, env=environment, timeout=20
        )
    except OSError:
        return ""
    words = done.stdout.split()
    return words[2].removeprefix("go") if len(words) > 2 else ""
