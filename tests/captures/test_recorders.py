"""`captures.recorders`: real packets on the loopback, by every tool that is here and permitted."""

from __future__ import annotations

import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from captures.errors import (
    BadFilter,
    CaptureError,
    CapturePermission,
    DiskFull,
    NoCaptureTool,
    RecordingFailed,
    UnknownInterface,
)
from captures.interfaces import list_interfaces
from captures.recorders import choose
from captures.recorders.base import Plan, Recorded, Recorder, find_forbidden, find_program
from captures.recorders.choose import candidates, start_recorder
from captures.recorders.dumpcap import DumpcapRecorder, counts_in, find_dumpcap, version_in
from captures.recorders.process import meaning_of
from captures.recorders.scapy_sockets import ScapyRecorder
from captures.recorders.tcpdump import TcpdumpRecorder
from tests.captures.fakerecorder import FakeRecorder

_LOOPBACK = next((face.name for face in list_interfaces() if face.loopback), "lo")


def _dumpcap(plan: Plan) -> Recorder:
    program = find_dumpcap()
    if not program:
        pytest.skip("install dumpcap (apt install wireshark-common)")
    return DumpcapRecorder(program, plan)


def _tcpdump(plan: Plan) -> Recorder:
    program = find_program("tcpdump")
    if not program:
        pytest.skip("install tcpdump")
    return TcpdumpRecorder(program, plan)


each_tool = pytest.mark.parametrize("make", [_dumpcap, _tcpdump, ScapyRecorder])


def start(recorder: Recorder) -> Recorder:
    try:
        recorder.start()
    except CapturePermission:
        pytest.skip("needs the right to record packets: root, or dumpcap with its capabilities")
    return recorder


def send(count: int, port: int = 0) -> int:
    """Send numbered datagrams to a loopback port, and give the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(count):
                sender.sendto(b"badhop test %04d" % number, receiver.getsockname())
        return int(receiver.getsockname()[1])


def ours(path: Path) -> list[bytes]:
    """Give the numbers of the datagrams in a file, in its order."""
    return [part[:4] for part in path.read_bytes().split(b"badhop test ")[1:]]


@each_tool
def test_everything_between_start_and_stop_is_recorded(
    make: Callable[[Plan], Recorder], tmp_path: Path
) -> None:
    recorder = start(make(Plan((_LOOPBACK,), tmp_path / "c.pcapng", bpf="udp")))
    send(200)
    time.sleep(recorder.drain_s)
    counts = recorder.stop()
    assert ours(tmp_path / "c.pcapng") == [b"%04d" % number for number in range(200)]
    assert counts.received is not None
    assert counts.received >= 200
    assert counts.dropped == 0
    assert counts.error is None
    assert recorder.tool().version
    assert stat.S_IMODE((tmp_path / "c.pcapng").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["c.pcapng"]


@each_tool
def test_several_interfaces_go_into_one_file(
    make: Callable[[Plan], Recorder], tmp_path: Path
) -> None:
    others = [face.name for face in list_interfaces() if face.up and not face.loopback]
    if not others:
        pytest.skip("needs a second interface that is up")
    plan = Plan((_LOOPBACK, others[0]), tmp_path / "c.pcapng", bpf="udp")
    recorder = start(make(plan))
    send(3)
    time.sleep(recorder.drain_s)
    recorder.stop()
    content = (tmp_path / "c.pcapng").read_bytes()
    assert content.startswith(b"\x0a\x0d\x0d\x0a")
    assert all(name.encode() in content for name in plan.interfaces)
    assert ours(plan.path) == [b"0000", b"0001", b"0002"]


@each_tool
def test_packets_are_cut_and_filtered_as_asked(
    make: Callable[[Plan], Recorder], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    plan = Plan((_LOOPBACK,), tmp_path / "c.pcapng", snaplen=64, bpf=f"udp port {port}")
    recorder = start(make(plan))
    send(5)
    send(2, port)
    time.sleep(recorder.drain_s)
    recorder.stop()
    # Ethernet, IP and UDP headers leave 22 of the 64 bytes; the text is 16 bytes long.
    assert ours(plan.path) == [b"0000", b"0001"]


@each_tool
@pytest.mark.parametrize(
    ("interface", "bpf", "error"),
    [
        ("nosuch0", None, (UnknownInterface, RecordingFailed)),
        (_LOOPBACK, "no such filter", BadFilter),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    make: Callable[[Plan], Recorder],
    tmp_path: Path,
    interface: str,
    bpf: str | None,
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    recorder = make(Plan((interface,), tmp_path / "c.pcapng", bpf=bpf))
    with pytest.raises(CaptureError) as caught:
        recorder.start()
    if isinstance(caught.value, CapturePermission):
        pytest.skip("needs the right to record packets")
    assert isinstance(caught.value, error)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ('You do not have permission to capture on device "lo".', CapturePermission),
        ("lo: You don't have permission to perform this capture on that device", CapturePermission),
        ('There is no device named "x".', UnknownInterface),
        ("x: No such device exists", UnknownInterface),
        ("can't parse filter expression: syntax error", BadFilter),
        ("because there is no space left on the file system", DiskFull),
        ("The network adapter on which the capture was being done is gone", RecordingFailed),
    ],
)
def test_words_of_the_tools_are_understood(words: str, error: type[CaptureError]) -> None:
    assert type(meaning_of(words)) is error


def test_dumpcaps_counts_are_added_up() -> None:
    words = (
        "Packets received/dropped on interface 'Loopback: lo': 4/1 (pcap:0/dumpcap:0) (80.0%)\n"
        "Packets received/dropped on interface 'eth0': 10/0 (pcap:0/dumpcap:0) (100.0%)\n"
    )
    assert counts_in(words, None) == Recorded(14, 1)
    assert counts_in("", "gone") == Recorded(error="gone")
    assert version_in("Dumpcap (Wireshark) 4.0.17 (Git v4)") == "4.0.17"
    assert version_in("none") == ""


class _Refusing(FakeRecorder):
    error: CaptureError = CapturePermission("no")

    def start(self) -> None:
        raise self.error


def test_the_first_tool_that_may_record_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(("lo",), tmp_path / "c.pcapng")
    working = FakeRecorder(plan)
    monkeypatch.setattr(choose, "candidates", lambda plan: iter([_Refusing(plan), working]))
    assert start_recorder(plan, print) is working


def test_without_permission_the_way_to_get_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(("lo",), tmp_path / "c.pcapng")
    monkeypatch.setattr(choose, "candidates", lambda plan: iter([_Refusing(plan)]))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(choose, "find_forbidden_dumpcap", lambda: None)
    monkeypatch.setattr(choose, "find_dumpcap", lambda: "/usr/bin/dumpcap")
    with pytest.raises(CapturePermission) as caught:
        start_recorder(plan, print)
    assert "sudo setcap cap_net_raw,cap_net_admin=eip" in caught.value.hint
    assert "sudo usermod -aG wireshark" in caught.value.hint
    monkeypatch.setattr(choose, "find_forbidden_dumpcap", lambda: "/usr/bin/dumpcap")
    with pytest.raises(CapturePermission) as caught:
        start_recorder(plan, print)
    assert "usermod" in caught.value.hint


def test_without_any_tool_one_is_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "candidates", lambda plan: iter([]))
    monkeypatch.setattr(choose, "find_forbidden_dumpcap", lambda: None)
    with pytest.raises(NoCaptureTool) as caught:
        start_recorder(Plan(("lo",), tmp_path / "c"), print)
    assert "Wireshark" in caught.value.hint or "wireshark" in caught.value.hint


def test_a_plan_that_cannot_work_is_not_tried_with_the_next_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(("lo",), tmp_path / "c.pcapng")
    refusing = _Refusing(plan)
    refusing.error = BadFilter("bad")
    monkeypatch.setattr(choose, "candidates", lambda plan: iter([refusing, FakeRecorder(plan)]))
    with pytest.raises(BadFilter):
        start_recorder(plan, print)


def test_scapy_comes_last(tmp_path: Path) -> None:
    assert isinstance(list(candidates(Plan(("lo",), tmp_path / "c")))[-1], ScapyRecorder)


def test_a_program_that_may_not_run_is_found(tmp_path: Path) -> None:
    (tmp_path / "tool").touch(mode=0o600)
    # Root may run nothing that nobody may.
    assert find_forbidden("tool", str(tmp_path)) == str(tmp_path / "tool")
    (tmp_path / "tool").chmod(0o755)
    assert find_forbidden("tool", str(tmp_path)) is None
    assert find_program("tool", str(tmp_path)) == str(tmp_path / "tool")
