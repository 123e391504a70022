"""Network namespaces of one run: made, entered, and gone again whatever happens."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

#: One directory per run, named after it, with the pid that owns it.
RUNS = Path("/tmp/badhop-lab")
#: Helpers run as `python -m tests.lab.…` from here.
REPOSITORY = Path(__file__).resolve().parents[2]
_PREFIX = "bh"


class LabError(RuntimeError):
    """The lab itself could not be built; the message holds what the tool said."""


def tool(*words: str, given: str | None = None, timeout_s: float = 20.0) -> str:
    """Run a tool, return what it printed, or raise with its complaint."""
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=timeout_s)
    if done.returncode:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Run:
    """The namespaces, processes and files of one run; leaving the context removes them all."""

    def __init__(self, keep_files: bool = False) -> None:
        self.id = secrets.token_hex(3)
        self._keep_files = keep_files
        self.directory = RUNS / self.id
        self._namespaces: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Run:
        self.directory.mkdir(parents=True)
        (self.directory / "owner").write_text(_identity(os.getpid()))
        _live.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        _live.discard(self)

    def add(self, node: str, resolver: str = "", search: Sequence[str] = (), ndots: int = 1) -> str:
        """Make the namespace of a node and the resolver configuration it sees."""
        name = f"{_PREFIX}{self.id}-{node}"
        etc = Path("/etc/netns") / name
        etc.mkdir(parents=True)
        (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        (etc / "resolv.conf").write_text(_resolv_conf(resolver, search, ndots))
        tool("ip", "netns", "add", name)
        self._namespaces[node] = name
        return name

    def namespace(self, node: str) -> str:
        """Return the full name of a node's namespace."""
        return self._namespaces[node]

    def inside(self, node: str, *words: str) -> list[str]:
        """Return the command that runs `words` inside a node."""
        return ["ip", "netns", "exec", self._namespaces[node], *words]

    def batch(self, node: str, commands: Sequence[str]) -> None:
        """Configure a node with many `ip` commands at the price of one process."""
        tool("ip", "-n", self._namespaces[node], "-batch", "-", given="\n".join(commands) + "\n")

    def spawn(
        self, node: str, *words: str, log: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process inside a node; its output goes to a file, its life ends with the run."""
        with (self.directory / f"{log}.log").open("wb") as output:
            process = subprocess.Popen(
                self.inside(node, *words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                cwd=REPOSITORY,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def wait_for_line(self, log: str, line: str, timeout_s: float = 15.0) -> None:
        """Wait until a spawned process says that it is ready."""
        path = self.directory / f"{log}.log"
        deadline = time.monotonic() + timeout_s
        while line not in path.read_text(errors="replace"):
            if time.monotonic() > deadline:
                raise LabError(f"{log} never said {line!r}: {path.read_text(errors='replace')}")
            time.sleep(0.01)

    def close_processes(self) -> None:
        """End every process and let it write what it still holds."""
        for process in self._processes:
            _end(process)
        self._processes.clear()

    def kill(self) -> None:
        """End whatever runs in the namespaces, so that nobody waits for it any longer."""
        for name in self._namespaces.values():
            _kill_inside(name)

    def close(self) -> None:
        """End every process and remove every namespace; safe to call twice."""
        self.close_processes()
        for name in self._namespaces.values():
            _remove_namespace(name)
        self._namespaces.clear()
        if not self._keep_files:
            shutil.rmtree(self.directory, ignore_errors=True)


_live: set[Run] = set()


def abort() -> None:
    """End the processes of every run of this program; each run then cleans up by itself."""
    for run in tuple(_live):
        run.kill()


def reap() -> None:
    """Remove what runs left behind whose process is gone."""
    if not RUNS.is_dir():
        return
    listed = tool("ip", "netns", "list").split()
    for directory in RUNS.iterdir():
        owner = directory / "owner"
        if not owner.is_file() or _alive(owner.read_text()):
            continue
        for name in listed:
            if name.startswith(f"{_PREFIX}{directory.name}-"):
                _remove_namespace(name)
        shutil.rmtree(directory, ignore_errors=True)


def _resolv_conf(resolver: str, search: Sequence[str], ndots: int) -> str:
    lines = [f"nameserver {resolver}"] if resolver else []
    if search:
        lines.append("search " + " ".join(search))
    if ndots != 1:
        lines.append(f"options ndots:{ndots}")
    return "\n".join(lines) + "\n"


def _identity(pid: int) -> str:
    """Tell a process from a later one that got the same number, and from its own zombie."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "gone" if fields[0] == "Z" else f"{pid} {fields[19]}"


def _alive(identity: str) -> bool:
    try:
        return _identity(int(identity.split()[0])) == identity
    except (OSError, ValueError, IndexError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first: the wire has a log to flush."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill_inside(name: str) -> None:
    with contextlib.suppress(LabError, subprocess.TimeoutExpired):
        for pid in tool("ip", "netns", "pids", name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _remove_namespace(name: str) -> None:
    _kill_inside(name)
    with contextlib.suppress(LabError, subprocess.TimeoutExpired):
        tool("ip", "netns", "del", name)
    shutil.rmtree(Path("/etc/netns") / name, ignore_errors=True)
