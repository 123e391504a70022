"""The command `badhop`: arguments in, exit status out; every error is one line on stderr.

Commands are imported only when they are used, so that `badhop --help` answers at once.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import click

from captures.errors import CaptureError, TooLarge
from diagnostics.report.escape import printable

EXIT_USAGE = 2
"""Wrong usage, unreadable input, unwritable output."""
EXIT_BUG = 70
"""A defect of badhop itself (EX_SOFTWARE of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE: the reader of our output went away."""

COMMANDS = {
    "capture": "Record a failing command, then diagnose it.",
    "diagnose": "Name the root cause, its hop, the evidence and the fix.",
    "compare": "Judge two captures of one download and place the fault between them.",
    "locate": "Probe a path: the hop where a step of a download fails.",
    "analyze": "Show the facts: DNS, TCP, TLS, certificates, HTTP, path.",
    "rules": "List the causes that badhop knows.",
    "rule": "Explain one cause.",
}
"""Each command lies in `diagnostics.commands.<name>` as `<name>`; the text is its short help."""

_GARBAGE_THRESHOLD = 100_000
"""Facts are trees without cycles: looking for some, as often as Python does, finds nothing."""

BUG_HINT = "This is a defect of badhop: please report it with what BADHOP_DEBUG=1 shows."


class LazyGroup(click.Group):
    """A group that imports a command when it runs, and turns errors into exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"diagnostics.commands.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Answer an empty command line with the help text, as a usage error."""
        if not args:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(EXIT_USAGE)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that went away (`| head`) ends it without a word."""
        try:
            result = super().invoke(ctx)
            # Here, and not at interpreter exit, a broken pipe can still be handled.
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            ctx.exit(EXIT_BROKEN_PIPE)
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; in standalone mode never return and never raise anything else."""

        def run() -> Any:
            return super(LazyGroup, self).main(
                args=args,
                prog_name=prog_name or "badhop",
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        if not standalone_mode:
            return run()
        status = _guarded(run)
        try:
            sys.stdout.flush()
        except OSError:
            # Told already; what is left in the buffer would only be told once more.
            _discard_output()
        # Before it leaves, Python would look through all facts for garbage.
        gc.freeze()
        sys.exit(status)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata

    try:
        version = metadata.version("badhop")
    except metadata.PackageNotFoundError:
        version = "(a checkout that is not installed)"
    click.echo(f"badhop {version}")
    ctx.exit()


@click.group(cls=LazyGroup)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Find the hop that breaks or slows a `go mod download`.

    badhop records the failing download, reads the packets, and says what broke, at which hop,
    how it knows, what it cost, and what to do now.

    Exit status: 0 healthy, 1 a root cause was found, 2 usage or unreadable input, 3 inconclusive.
    """


def main() -> NoReturn:
    """Entry point of the distribution."""
    gc.set_threshold(_GARBAGE_THRESHOLD)
    if sys.stdout is None:
        # Started with standard output closed (`>&-`): whatever is printed goes nowhere.
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  lives as long as we do
    for stream in (sys.stdout, sys.stderr):
        # Names from packets may hold what the terminal's encoding lacks.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    cli.main()
    raise AssertionError("click leaves by SystemExit")


def _guarded(run: Callable[[], Any]) -> int:
    """Return the exit status of `run`, its errors told in one line."""
    try:
        status = run()
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "badhop"
        return _fail(error.format_message(), f"Try '{where} --help'.", EXIT_USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), "", EXIT_USAGE)
    except CaptureError as error:
        return _fail(str(error), error.hint, EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", "", EXIT_INTERRUPTED)
    except MemoryError:
        return _fail("out of memory", TooLarge.hint, EXIT_USAGE)
    except OSError as error:
        return _fail(_system_error(error), "", EXIT_USAGE)
    except Exception as error:
        if os.environ.get("BADHOP_DEBUG"):
            import traceback

            traceback.print_exc()
        return _fail(f"internal error: {type(error).__name__}: {error}", BUG_HINT, EXIT_BUG)
    return status if isinstance(status, int) else 0


def _system_error(error: OSError) -> str:
    """Say what the system refused, and for which file when it tells."""
    text = error.strerror or str(error)
    return f"{error.filename}: {text}" if error.filename else text


def _fail(message: str, hint: str, status: int) -> int:
    """Print one error line, and one line of advice when there is any."""
    click.echo(f"badhop: {printable(message)}", err=True)
    if hint:
        click.echo(printable(hint), err=True)
    return status


def _discard_output() -> None:
    """Send what is still buffered nowhere, or the interpreter complains when it exits."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
