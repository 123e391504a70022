"""Records a command and its packets: a command line in, a bundle on disk out.

The order matters. Packets are being recorded before the command starts, and for a moment after it
ended; only then does badhop send packets of its own.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

from captures import bundle
from captures.clock import kernel_clock
from captures.command import Finished, Listener, resolve, run_command
from captures.errors import CaptureError, DiskFull, RecordingFailed
from captures.gotrace import RequestLog, TraceFilter
from captures.lazyclass import dataclass
from captures.outputlog import MAX_LINE, OutputLog
from captures.recorders.base import Plan, Recorded, Recorder
from captures.recorders.choose import start_recorder
from captures.redact import packet_secrets
from captures.roots import read_roots
from captures.scrub import scrub
from captures.session import (
    CAPTURE_NAME,
    SESSION_NAME,
    Chain,
    Clock,
    Request,
    Session,
    Socket,
    rfc3339,
    save,
)
from captures.signals import SignalRelay
from captures.sockets import SocketWatch
from captures.surroundings import Surroundings, survey
from captures.terminal import Screen, occupy_standard_descriptors
from captures.tlsprobe import is_trouble, probe_all, targets_in

#: More lines about TLS name no further host.
_MAX_TROUBLES = 1000

#: Gives a recorder that is recording; the second argument is told what the user should know.
StartRecorder = Callable[[Plan, Callable[[str], None]], Recorder]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    command: tuple[str, ...]
    directory: Path | None = None  #: None: a new one, named after the time
    interfaces: tuple[str, ...] = ()  #: empty: those the download needs
    snaplen: int | None = None  #: bytes kept of each packet; None: all
    bpf: str | None = None
    redact: bool = False  #: hide private module paths too


@dataclass(frozen=True, slots=True)
class Recording:
    """What came of it."""

    directory: Path
    session: Session
    #: Why the packets are not complete; the session has the same words.
    error: CaptureError | None = None

    @property
    def exit_status(self) -> int:
        """The command's own, or 128 and the signal that ended it, as shells report it."""
        if self.session.exit_code is not None:
            return self.session.exit_code
        return 128 + (self.session.signal or 0)


def record(
    options: Options,
    environment: Mapping[str, str],
    warn: Callable[[str], None],
    start: StartRecorder = start_recorder,
) -> Recording:
    """Run the command at this process's terminal and write the bundle. Main thread only.

    Raises CaptureError when nothing could be recorded; then the command was not started, except
    for DiskFull and BadDirectory, which can also strike when the session is written.
    """
    occupy_standard_descriptors()
    resolve(options.command, environment)
    around = survey(options.command, environment, options.interfaces, options.redact)
    directory = options.directory or bundle.default_directory()
    is_new = bundle.create(directory)
    plan = Plan(around.interfaces, directory / CAPTURE_NAME, options.snaplen, options.bpf)
    try:
        recorder = start(plan, warn)
    except BaseException:
        bundle.discard(directory, is_new)
        raise
    return _Take(options, around, recorder, plan.path, is_new).run()


class _Take:
    """One recording that is running."""

    def __init__(
        self,
        options: Options,
        around: Surroundings,
        recorder: Recorder,
        capture: Path,
        is_new: bool,
    ) -> None:
        self._options = options
        self._around = around
        self._recorder = recorder
        self._capture = capture
        self._is_new = is_new
        self._output = OutputLog(around.redactor)
        self._requests = RequestLog()
        self._watch: SocketWatch | None = None
        self._sockets: tuple[Socket, ...] = ()
        self._troubles: list[str] = []  #: with their secrets: they never leave this process
        self._started = time.monotonic()

    def run(self) -> Recording:
        """Run the command to its end and write the bundle."""
        with SignalRelay() as signals:
            try:
                finished = self._run_command(signals)
            except BaseException:
                self._recorder.stop()
                bundle.discard(self._capture.parent, self._is_new)
                raise
            recorded, error = self._stop_recorder()
            session = self._session(finished, recorded, signals.interrupted, error)
            try:
                save(session, self._capture.with_name(SESSION_NAME))
            except OSError as problem:
                raise bundle.cannot_write(self._capture.parent, problem) from problem
            bundle.hand_over(self._capture.parent)
        return Recording(self._capture.parent, session, error)

    def _run_command(self, signals: SignalRelay) -> Finished:
        screen = Screen(1, 2)
        try:
            finished = run_command(
                self._options.command,
                self._around.environment,
                screen,
                Listener(self._on_start, self._on_line, self._progress),
                TraceFilter() if self._around.is_traced else None,
                signals,
            )
            # Answers to the command's last packets, and what the tool has not read yet.
            time.sleep(self._recorder.drain_s)
        finally:
            screen.clear()
            if self._watch:
                self._sockets = self._watch.stop()
        return finished

    def _on_start(self, pid: int) -> None:
        self._started = time.monotonic()
        self._watch = SocketWatch(pid)
        self._watch.start()

    def _on_line(self, stream: str, line: bytes, held: bool, time_s: float) -> None:
        text = line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r")
        if stream != "stdout" and text.startswith("# get "):
            self._requests.add(text, round(time_s, 6))
        if is_trouble(text) and len(self._troubles) < _MAX_TROUBLES:
            self._troubles.append(text)
        if not (held and text.startswith("# get ")):
            self._output.add("trace" if held else stream, line, time_s)

    def _progress(self) -> str:
        packets = self._recorder.packets()
        counted = "" if packets is None else f"{packets:,} packets, "
        size = sum(path.stat().st_size for path in self._capture.parent.iterdir())
        seconds = time.monotonic() - self._started
        return f"badhop: recording, {counted}{size / 1e6:.1f} MB, {seconds:.0f} s"

    def _stop_recorder(self) -> tuple[Recorded, CaptureError | None]:
        """End the recording and clean it; tell why it is not complete, if it is not."""
        directory = self._capture.parent
        try:
            recorded = self._recorder.stop()
            scrub(
                self._capture,
                packet_secrets(self._around.environment),
                self._around.redactor.private,
            )
        except OSError as problem:
            return Recorded(), bundle.cannot_write(directory, problem)
        if bundle.is_full(directory):
            return recorded, DiskFull(f"the disk under {directory} is full; packets are missing")
        if recorded.error:
            return recorded, RecordingFailed(f"the recording is not complete: {recorded.error}")
        return recorded, None

    def _session(
        self,
        finished: Finished,
        recorded: Recorded,
        interrupted: bool,
        error: CaptureError | None,
    ) -> Session:
        around, redactor = self._around, self._around.redactor
        chains, clock = self._chains(finished)
        return Session(
            badhop=_version(),
            command=redactor.command(self._options.command),
            started=rfc3339(finished.started_ns),
            ended=rfc3339(finished.ended_ns),
            duration_s=round(finished.duration_s, 6),
            exit_code=finished.exit_code,
            signal=finished.signal,
            interrupted=interrupted,
            output=self._output.lines(),
            output_omitted=self._output.omitted,
            requests=tuple(self._clean(request) for request in self._requests.requests()),
            requests_omitted=self._requests.omitted,
            tool=self._recorder.tool(),
            interfaces=around.interfaces,
            packets_received=recorded.received,
            packets_dropped=recorded.dropped,
            bytes=self._capture.stat().st_size,
            recording_error=str(error) if error else None,
            go=around.go,
            proxies=around.proxies,
            resolver=around.resolver,
            system_proxy=around.system_proxy,
            routes=around.routes,
            sockets=self._sockets,
            clock=clock,
            roots=read_roots(around.environment),
            chains=chains,
        )

    def _clean(self, request: Request) -> Request:
        text = self._around.redactor.text
        error = None if request.error is None else text(request.error)
        return dataclasses.replace(request, url=text(request.url), error=error)

    def _chains(self, finished: Finished) -> tuple[tuple[Chain, ...], Clock]:
        """Fetch the chains that a failed download complained of, and a server's clock with it."""
        if finished.exit_code == 0 or not self._troubles:
            return (), kernel_clock()
        targets = targets_in(self._troubles, self._sockets, self._around.environment)
        probes = probe_all(targets, self._sockets)
        clocks = [probe.clock for probe in probes if probe.clock]
        return tuple(probe.chain for probe in probes), clocks[0] if clocks else kernel_clock()


def _version() -> str:
    try:
        return metadata.version("badhop")
    except metadata.PackageNotFoundError:
        return "unknown"
