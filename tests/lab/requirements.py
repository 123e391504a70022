"""Say what keeps the lab from running here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

VARIABLE = "BADHOP_LAB"
#: The values that let the lab run: the representative part, or every scenario.
PART, EVERYTHING = "1", "all"
FUSE = Path("/dev/fuse")
_TOOLS = ("ip", "nft", "ethtool", "sysctl", "ss", "nginx", "dumpcap", "openssl", "git")


def missing() -> str:
    """Return why the lab cannot run, "" where it can."""
    if os.environ.get(VARIABLE) not in (PART, EVERYTHING):
        return f"set {VARIABLE}=1 to build network namespaces (needs root)"
    if os.geteuid():
        return "the lab needs root for network namespaces"
    if not FUSE.exists():
        return f"the lab needs {FUSE} for slow disks (modprobe fuse)"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return f"install {', '.join(absent)}" if absent else ""


def takes(thorough: bool) -> bool:
    """Whether a scenario is run: the thorough ones only where everything is."""
    return not thorough or os.environ.get(VARIABLE) == EVERYTHING
