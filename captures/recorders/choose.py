"""Picks the recorder that is installed and permitted, by starting it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

from captures.errors import CaptureError, CapturePermission, NoCaptureTool, RecordingFailed
from captures.recorders.base import Plan, Recorder, find_program
from captures.recorders.dumpcap import DumpcapRecorder, find_dumpcap, find_forbidden_dumpcap

_WIRESHARK_GROUP = (
    "join the group that may run it (`sudo usermod -aG wireshark $USER`, then log in again)"
)


def start_recorder(plan: Plan, warn: Callable[[str], None]) -> Recorder:
    """Give a recorder that is recording. `warn` is told when only a poor one works.

    Raises NoCaptureTool, CapturePermission, or the CaptureError of a plan that cannot work.
    """
    refusals: list[CaptureError] = []
    for recorder in candidates(plan):
        try:
            recorder.start()
        except (CapturePermission, RecordingFailed) as refusal:
            refusals.append(refusal)
            continue
        if recorder.tool().name == "scapy":
            warn("recording with scapy, which drops packets; install dumpcap (Wireshark)")
        return recorder
    if not refusals and not find_forbidden_dumpcap():
        raise NoCaptureTool("nothing to record packets with", _install_hint())
    denied = [refusal for refusal in refusals if isinstance(refusal, CapturePermission)]
    if refusals and not denied:
        raise refusals[0]
    raise CapturePermission("no permission to record packets", permission_hint())


def candidates(plan: Plan) -> Iterator[Recorder]:
    """Give the recorders that are installed, the best one first."""
    if program := find_dumpcap():
        yield DumpcapRecorder(program, plan)
    if program := find_program("tcpdump"):
        from captures.recorders.tcpdump import TcpdumpRecorder

        yield TcpdumpRecorder(program, plan)
    from captures.recorders.scapy_sockets import ScapyRecorder, is_installed

    if is_installed():
        yield ScapyRecorder(plan)


def permission_hint() -> str:
    """Say how this user gets to record, the way that gives away least first."""
    if sys.platform == "win32":
        return "Start the terminal as administrator, or reinstall Npcap without that restriction."
    if sys.platform == "darwin":
        return "Install ChmodBPF, which comes with Wireshark, or run `sudo -E badhop capture …`."
    if forbidden := find_forbidden_dumpcap():
        return f"{forbidden} is for a group only: {_WIRESHARK_GROUP}."
    root = "run `sudo -E badhop capture …`"
    if program := find_dumpcap():
        setcap = f"sudo setcap cap_net_raw,cap_net_admin=eip {os.path.realpath(program)}"
        return f"Allow dumpcap to record (`{setcap}`), or {_WIRESHARK_GROUP}, or {root}."
    return f"R{root[1:]}, or install dumpcap (wireshark-common), which can record without root."


def _install_hint() -> str:
    if sys.platform == "win32":
        return "Install Wireshark with Npcap from https://www.wireshark.org."
    if sys.platform == "darwin":
        return "Install Wireshark (`brew install --cask wireshark`)."
    return "Install dumpcap (`apt install wireshark-common` or `dnf install wireshark-cli`)."
