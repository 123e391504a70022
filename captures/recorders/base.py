"""What every recorder is given, offers and reports."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

from captures.lazyclass import dataclass
from captures.session import Tool

#: Kernel buffer for each interface. Downloads come in bursts of hundreds of MB/s; the tools'
#: default of 2 MiB holds 10 ms of that.
BUFFER_MIB = 64

#: Where capture tools live, also when an ordinary user's PATH does not name the directory.
_SYSTEM_FOLDERS = ("/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to record."""

    interfaces: tuple[str, ...]
    path: Path  #: the pcapng file to write
    snaplen: int | None = None  #: bytes kept of each packet; None: all
    bpf: str | None = None  #: capture filter


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording went, as the tool counts."""

    received: int | None = None  #: packets, all interfaces together
    dropped: int | None = None  #: packets the kernel had no room for
    error: str | None = None  #: why it stopped early, in the tool's words


class Recorder(Protocol):
    """A way to record packets."""

    @property
    def drain_s(self) -> float:
        """Seconds after which a packet that arrived has certainly been handed to the tool."""

    def tool(self) -> Tool:
        """Give name and version."""

    def start(self) -> None:
        """Return once packets are being recorded. Raises CaptureError, and leaves nothing."""

    def packets(self) -> int | None:
        """Give the packets seen so far, None when the tool does not tell."""

    def stop(self) -> Recorded:
        """End the recording, complete `Plan.path` and give the counts. Raises OSError."""


def find_program(name: str, *folders: str) -> str | None:
    """Find a program in PATH, the system folders and `folders`."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_SYSTEM_FOLDERS, *folders])
    return shutil.which(name, path=path)


def find_forbidden(name: str, *folders: str) -> str | None:
    """Find a program that is installed but that this user may not run."""
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), *_SYSTEM_FOLDERS, *folders):
        path = Path(folder, name)
        # os.path.isfile says no where Path.is_file raises: in a folder of another user.
        if os.path.isfile(path) and not os.access(path, os.X_OK):  # noqa: PTH113
            return str(path)
    return None


def create_private(path: Path) -> int:
    """Create a file that only its owner can read, and give its descriptor. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
