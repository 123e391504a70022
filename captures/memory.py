"""How much memory a capture may take: what the machine can spare, less than would make it swap."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from captures.errors import TooLarge

PER_PACKET = 360
"""Bytes for each packet kept, at the most: 110 are its row in the table, the rest is what the
analysis of one connection with all of them takes at its height (measured with 906,000 packets)."""
PER_CONNECTION = 10_000
"""Bytes for each connection: its facts, and what is told about it."""

_SHARE = 0.8
"""Of what the machine can spare: others need some too."""
_NOWHERE = Path("/")


def require(packets: int, connections: int = 0) -> None:
    """Raise TooLarge when so much would not fit; nothing happens where nobody can tell."""
    room = spare_bytes()
    if room is not None and packets * PER_PACKET + connections * PER_CONNECTION > room * _SHARE:
        what = f"{packets:,} packets"
        if connections:
            what += f" and {connections:,} connections"
        raise TooLarge(
            f"the capture holds at least {what}: more than fits into {room >> 20:,} MB of memory"
        )


@cache
def spare_bytes() -> int | None:
    """Return what this process may still take without swapping, as it was when first asked."""
    return spare(Path("/proc"), Path("/sys/fs/cgroup"), _address_space())


def spare(proc: Path, cgroups: Path, address_space: int | None) -> int | None:
    """Return the least of what the kernel, the control groups and `ulimit -v` leave.

    Memory in the page cache counts as spare, swap space does not (proc(5), MemAvailable).
    """
    found = [_available(proc), address_space, *_left_by_groups(proc, cgroups)]
    return min((bound for bound in found if bound is not None), default=None)


def _available(proc: Path) -> int | None:
    for line in _text(proc / "meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _left_by_groups(proc: Path, cgroups: Path) -> list[int]:
    """Return what each control group of this process leaves (Linux' cgroup v2)."""
    path = next(
        (line[3:] for line in _text(proc / "self/cgroup").splitlines() if line.startswith("0::")),
        None,
    )
    if path is None:
        return []
    group = cgroups / path.strip("/")
    left = []
    while group != _NOWHERE and group.is_relative_to(cgroups):
        limit, used = _text(group / "memory.max").strip(), _text(group / "memory.current").strip()
        if limit.isdigit() and used.isdigit():
            left.append(max(int(limit) - int(used) + _reclaimable(group), 0))
        group = group.parent
    return left


def _reclaimable(group: Path) -> int:
    """Return the page cache that counts as used by a group, and can be dropped."""
    for line in _text(group / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file":
            return int(value)
    return 0


def _address_space() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _text(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes())
    except OSError:
        return ""
