"""`badhop diagnose`: a capture in, its verdict out."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.argument("capture", metavar="FILE|DIR|-")
@click.option("--json", "as_json", is_flag=True, help="Print badhop/verdict/1 for programs.")
@click.option(
    "--keylog",
    "key_log",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TLS secrets (SSLKEYLOGFILE), beside those in the capture; needs tshark.",
)
def diagnose(capture: str, as_json: bool, key_log: Path | None) -> int:
    """Name the root cause, its hop, the evidence and the fix.

    Reads a pcap or pcapng file, a directory that `badhop capture` wrote (with its session), or
    standard input. Where the capture or --keylog has secrets of TLS connections, what is inside
    them is judged too.

    Exit status: 0 healthy, 1 a root cause was found, 2 usage or unreadable input, 3 inconclusive.
    """
    # numpy's algebra would start a thread for each core, and there is no algebra to do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from diagnostics.engine import diagnose as judge
    from diagnostics.report import progress
    from diagnostics.source import facts_of

    with progress.shown(os.environ) as watch:
        facts = facts_of(capture, key_log, watch)
        watch("judging", 0.0)
        verdict = judge(facts)
    if as_json:
        from diagnostics.report import json

        click.echo(json.render(verdict))
    else:
        from diagnostics.report import terminal

        click.echo(terminal.for_stdout(verdict))
    return verdict.exit_status
