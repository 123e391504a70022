"""`badhop capture`: a command in, a bundle of its packets and circumstances out, and a verdict."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click

from captures.errors import CaptureError, CommandNotExecutable, CommandNotFound
from diagnostics.report.escape import printable

#: As env, nice and timeout report them (POSIX leaves 125 to 127 to whoever runs a command).
EXIT_RECORDING = 125
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127

#: The kernel refuses a snapshot that would not even hold the headers.
_MIN_SNAPLEN = 64
_MAX_SNAPLEN = 262_144


class _Capture(click.Command):
    """A command whose usage errors cannot be taken for the status of the command it runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Report wrong usage in one line, with badhop's own exit status."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            _say(error.format_message(), f"Try '{ctx.command_path} --help'.")
            ctx.exit(EXIT_RECORDING)


@click.command("capture", cls=_Capture, context_settings={"allow_interspersed_args": False})
@click.option(
    "-i",
    "--interface",
    "interfaces",
    multiple=True,
    metavar="IFACE",
    help="Record this interface; repeat for more. Default: those the download needs.",
)
@click.option(
    "-o",
    "--output",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write to this new or empty directory. Default: badhop-capture-DATE-TIME.",
)
@click.option(
    "--snaplen",
    type=click.IntRange(_MIN_SNAPLEN, _MAX_SNAPLEN),
    metavar="N",
    help="Keep the first N bytes of each packet. Default: all of it.",
)
@click.option("-f", "--filter", "bpf", metavar="BPF", help="Record only what this filter matches.")
@click.option("--no-diagnose", is_flag=True, help="Only record.")
@click.option("--redact", is_flag=True, help="Hide private module paths; credentials always are.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def capture(
    interfaces: tuple[str, ...],
    directory: Path | None,
    snaplen: int | None,
    bpf: str | None,
    no_diagnose: bool,
    redact: bool,
    command: tuple[str, ...],
) -> int:
    """Record a failing command, then diagnose it.

    Give the command after two dashes: badhop capture -- go mod download

    Writes capture.pcapng, which Wireshark opens, and session.json: the command's output, go's
    requests, its settings, proxies, resolver, routes, sockets, roots, and after a TLS failure the
    certificates of the server. The verdict goes to standard output if that is a terminal, else to
    standard error.

    Exit status: that of the command, 128 + N if signal N ended it; 125 if badhop could not record
    all of it (no permission, no tool, full disk, wrong usage), 126 if the command is not
    executable, 127 if there is no such command.
    """
    from captures.record import Options, record

    options = Options(command, directory, interfaces, snaplen, bpf, redact)
    if os.environ.get("SUDO_USER") and getattr(os, "geteuid", lambda: 1)() == 0:
        _say("the command runs as root, with root's settings, module cache and proxies")
    try:
        recording = record(options, dict(os.environ), _say)
    except CommandNotFound as error:
        return _fail(error, EXIT_NOT_FOUND)
    except CommandNotExecutable as error:
        return _fail(error, EXIT_NOT_EXECUTABLE)
    except CaptureError as error:
        return _fail(error, EXIT_RECORDING)
    session = recording.session
    count = "?" if session.packets_received is None else f"{session.packets_received:,}"
    _say(f"recorded {count} packets in {session.duration_s:.1f} s: {recording.directory}")
    if session.packets_dropped:
        _say(
            f"{session.packets_dropped:,} packets came too fast to be recorded",
            "If that matters, keep less of each: --snaplen 256.",
        )
    if recording.error:
        _fail(recording.error, EXIT_RECORDING)
    if not no_diagnose:
        _diagnose(recording.directory)
    return EXIT_RECORDING if recording.error else recording.exit_status


def _diagnose(directory: Path) -> None:
    """Print the verdict; whatever goes wrong with it, the command's exit status stays."""
    # The command's standard output may feed another program.
    stream = sys.stdout if sys.stdout.isatty() else sys.stderr
    try:
        from diagnostics.report.terminal import diagnose_and_print

        with contextlib.redirect_stdout(stream):
            diagnose_and_print(directory)
    except CaptureError as error:
        _say(f"no diagnosis: {error}", error.hint)
    except Exception as error:
        if os.environ.get("BADHOP_DEBUG"):
            raise
        _say(
            f"no diagnosis, internal error: {type(error).__name__}: {error}",
            f"The recording is complete; try: badhop diagnose {directory}",
        )


def _fail(error: CaptureError, status: int) -> int:
    _say(str(error), error.hint)
    return status


def _say(message: str, hint: str = "") -> None:
    """Print one line for people."""
    line = f"badhop: {message}"
    if hint:
        line += f" {hint}" if line.endswith((".", "?", "!")) else f". {hint}"
    # Standard error may be closed, and the command's status must come out all the same.
    with contextlib.suppress(OSError):
        click.echo(printable(line), err=True)
