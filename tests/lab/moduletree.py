"""Write a tree of Go modules as a module proxy serves it, and the project that needs them."""

from __future__ import annotations

import base64
import json
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab.model import Modules

_NAMES = "codec ledger router parser bridge metrics session vault queue render index mapper"
_OTHER_HASH = "h1:" + base64.b64encode(bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Module:
    """One module at one version."""

    path: str
    version: str


def write_tree(root: Path, base: str, wanted: Modules, seed: int) -> list[Module]:
    """Write .info, .mod, .zip and list of every module below `root`."""
    rng = random.Random(f"modules {seed}")
    names = _NAMES.split()
    modules = []
    for number in range(wanted.count):
        name = f"{names[number % len(names)]}{number // len(names) or ''}"
        version = f"v{rng.randrange(0, 2)}.{rng.randrange(1, 30)}.{rng.randrange(0, 12)}"
        module = Module(f"{base}/{name}", version)
        _write_module(root, module, wanted, rng)
        modules.append(module)
    return modules


def write_project(
    directory: Path, modules: list[Module], wrong_sum: bool, first_wanted: str = ""
) -> None:
    """Write a main module that requires all of them; its go.sum may be wrong about them.

    `first_wanted` is asked of the first module instead of the version that exists.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if first_wanted:
        modules = [Module(modules[0].path, first_wanted), *modules[1:]]
    required = "".join(f"\t{module.path} {module.version}\n" for module in modules)
    text = f"module example.com/app\n\ngo 1.18\n\nrequire (\n{required})\n"
    (directory / "go.mod").write_text(text)
    if wrong_sum:
        lines = (f"{module.path} {module.version} {_OTHER_HASH}\n" for module in modules)
        (directory / "go.sum").write_text("".join(lines))


def _write_module(root: Path, module: Module, wanted: Modules, rng: random.Random) -> None:
    directory = root / module.path / "@v"
    directory.mkdir(parents=True)
    go_mod = f"module {module.path}\n\ngo 1.18\n"
    info = {"Version": module.version, "Time": "2024-03-01T10:00:00Z"}
    (directory / "list").write_text(f"{module.version}\n")
    (directory / f"{module.version}.info").write_text(json.dumps(info))
    (directory / f"{module.version}.mod").write_text(go_mod)
    prefix = f"{module.path}@{module.version}"
    package = module.path.rpartition("/")[2]
    with zipfile.ZipFile(directory / f"{module.version}.zip", "w") as archive:
        archive.writestr(f"{prefix}/go.mod", go_mod)
        archive.writestr(f"{prefix}/{package}.go", f"package {package}\n")
        # Random bytes keep their size through compression on the way.
        archive.writestr(f"{prefix}/testdata.bin", rng.randbytes(wanted.size_kb * 1000))
        for number in range(wanted.files):
            text = f"package part{number}\n"
            archive.writestr(f"{prefix}/part{number}/part{number}.go", text)
