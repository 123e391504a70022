"""Say what keeps the lab from running here."""

from __future__ import annotations

import os
import shutil

VARIABLE = "BADHOP_LAB"
_TOOLS = ("ip", "nft", "ethtool", "sysctl", "ss", "nginx", "dumpcap", "openssl")


def missing() -> str:
    """Return why the lab cannot run, "" where it can."""
    if os.environ.get(VARIABLE) != "1":
        return f"set {VARIABLE}=1 to build network namespaces (needs root)"
    if os.geteuid():
        return "the lab needs root for network namespaces"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return f"install {', '.join(absent)}" if absent else ""
