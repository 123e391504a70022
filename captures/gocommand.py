"""Knows the go command: command line and environment in, how to trace it and its settings out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from captures.redact import Redactor
from captures.session import GoSettings

#: The part of `go env` that decides what is on the wire, or why nothing is.
NETWORK_SETTINGS = (
    *("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOFLAGS", "GOINSECURE"),
    *("GOVCS", "GOTOOLCHAIN", "GODEBUG", "GOAUTH"),
)

#: Subcommands that fetch modules. The others print no request, yet some print commands for -x.
FETCHING = frozenset({"build", "get", "install", "list", "mod", "run", "test", "vet", "work"})

#: `go env` reads three small files; it takes milliseconds unless the disk hangs.
GO_ENV_TIMEOUT_S = 5.0


def is_go(command: Sequence[str]) -> bool:
    """Tell whether `command` runs go itself, also as `go1.27.3` or `go.exe`."""
    name = PurePath(command[0].replace("\\", "/")).name.lower().removesuffix(".exe")
    return re.fullmatch(r"go(\d+(\.\d+)*((rc|beta)\d+)?)?", name) is not None


def needs_trace(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether -x must be added for go to trace the requests of `command`."""
    if not is_go(command):
        return False
    arguments = list(command[1:])
    while arguments and arguments[0].startswith("-C"):
        # `go -C dir` is the one flag that may precede the subcommand.
        del arguments[: 2 if arguments[0] == "-C" else 1]
    if not arguments or arguments[0] not in FETCHING:
        return False
    flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = {*flags, *environment.get("GOFLAGS", "").split()}
    return not any(re.fullmatch(r"--?x(=.*)?", flag) for flag in given)


def traced(environment: Mapping[str, str], go_flags: str) -> dict[str, str]:
    """Give the environment with -x added to GOFLAGS.

    `go_flags` is what `go env` says: setting the variable hides the value of `go env -w`.
    """
    return {**environment, "GOFLAGS": f"{go_flags} -x".strip()}


def read_go_settings(go: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Ask `go env` for the network settings; an empty dict when it does not answer."""
    # A go.mod may ask for another toolchain, and then even `go env` downloads it before anything
    # is recorded. The local one reads the same settings.
    child = {**environment, "GOTOOLCHAIN": "local"}
    text = _output([go, "env", "-json", *NETWORK_SETTINGS, "GOVERSION", "GOENV", "GOROOT"], child)
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    settings = {name: value for name, value in values.items() if isinstance(value, str)}
    settings["GOTOOLCHAIN"] = _toolchain(settings, environment)
    return settings


def go_settings(values: Mapping[str, str], redactor: Redactor) -> GoSettings | None:
    """Reduce what `read_go_settings` gave to what the bundle keeps."""
    if not values:
        return None
    kept = {name: values[name] for name in NETWORK_SETTINGS if name in values}
    return GoSettings(
        version=values.get("GOVERSION", ""),
        env={name: redactor.environment(name, value) for name, value in kept.items()},
    )


def find_go(command: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Find the go to ask for its settings: that of `command`, else the first one in PATH."""
    name = command[0] if is_go(command) else "go"
    return shutil.which(name, path=environment.get("PATH"))


def _toolchain(settings: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Look GOTOOLCHAIN up in go's own order, which `read_go_settings` had to override."""
    if environment.get("GOTOOLCHAIN"):
        return environment["GOTOOLCHAIN"]
    for path in (settings.get("GOENV", ""), str(Path(settings.get("GOROOT", ""), "go.env"))):
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if match := re.search(r"^GOTOOLCHAIN=(.+)$", text, re.MULTILINE):
            return match.group(1).strip()
    return ""


def _output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    try:
        finished = subprocess.run(
            command,
            env=dict(environment),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GO_ENV_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return finished.stdout.decode("utf-8", "replace")
