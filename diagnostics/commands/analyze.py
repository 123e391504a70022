"""`badhop analyze`: a capture in, the facts it shows out, without opinions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from analyzers.facts import Facts

SECTIONS = ("dns", "tcp", "tls", "http", "path")


@click.command()
@click.argument("capture", metavar="FILE|DIR|-")
@click.argument("section", required=False, type=click.Choice(SECTIONS), metavar="[SECTION]")
@click.option("--json", "as_json", is_flag=True, help="Print badhop/facts/1 for programs.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="Print one line of JSON per fact.")
@click.option(
    "--parquet",
    "parquet_directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one Parquet file per table of facts (needs pyarrow).",
)
@click.option(
    "--keylog",
    "key_log",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TLS secrets (SSLKEYLOGFILE), beside those in the capture; needs tshark.",
)
@click.option(
    "--rows",
    default=20,
    show_default=True,
    type=click.IntRange(min=0),
    help="Rows of each table; 0 shows all.",
)
def analyze(
    capture: str,
    section: str | None,
    as_json: bool,
    as_jsonl: bool,
    parquet_directory: Path | None,
    key_log: Path | None,
    rows: int,
) -> None:
    """Show the facts: DNS, TCP, TLS, certificates, HTTP, path.

    SECTION is one of dns, tcp, tls, http and path; without it, all are shown. Every row names
    its frames as Wireshark counts them. docs/facts.md explains what programs get.
    """
    if as_json + as_jsonl + (parquet_directory is not None) > 1:
        raise click.UsageError("Give one of --json, --jsonl and --parquet.")
    if parquet_directory is not None:
        _need_pyarrow()
    from diagnostics.report import progress
    from diagnostics.source import facts_of

    with progress.shown(os.environ) as watch:
        facts = facts_of(capture, key_log, watch)
    if parquet_directory is not None:
        _write_parquet(facts, section, parquet_directory)
    elif as_jsonl:
        _print_lines(facts, section)
    elif as_json:
        from diagnostics.report import facts_json

        sys.stdout.writelines(facts_json.pieces(facts, section))
        click.echo()
    else:
        from diagnostics.report import facts_text

        click.echo(facts_text.for_stdout(facts, section, rows))


def _print_lines(facts: Facts, section: str | None) -> None:
    from diagnostics.tables.jsonl import lines

    # Not click.echo: it flushes each line.
    sys.stdout.writelines(f"{line}\n" for line in lines(facts, section))


def _need_pyarrow() -> None:
    """Say what is missing before a large capture is read in vain."""
    from diagnostics.tables import parquet

    if not parquet.available():
        raise click.ClickException(
            "--parquet needs pyarrow, which is not installed: pip install 'pyarrow>=15'"
        )


def _write_parquet(facts: Facts, section: str | None, directory: Path) -> None:
    from diagnostics.tables import parquet

    written = list(parquet.write(facts, section, directory))
    rows = sum(count for _, count in written)
    click.echo(f"{len(written)} tables with {rows:,} rows in {directory}")
