"""`badhop analyze`: a capture in, the facts it shows out, without opinions."""

from __future__ import annotations

import click

SECTIONS = ("dns", "tcp", "tls", "http", "path")


@click.command()
@click.argument("capture", metavar="FILE|DIR|-")
@click.argument("section", required=False, type=click.Choice(SECTIONS), metavar="[SECTION]")
@click.option("--json", "as_json", is_flag=True, help="Print badhop/facts/1 for programs.")
@click.option(
    "--rows",
    default=20,
    show_default=True,
    type=click.IntRange(min=0),
    help="Rows of each table; 0 shows all.",
)
def analyze(capture: str, section: str | None, as_json: bool, rows: int) -> None:
    """Show the facts: DNS, TCP, TLS, certificates, HTTP, path.

    SECTION is one of dns, tcp, tls, http and path; without it, all are shown. Every row names
    its frames as Wireshark counts them.
    """
    from diagnostics.report import facts_json, facts_text
    from diagnostics.source import facts_of

    facts = facts_of(capture)
    if as_json:
        click.echo(facts_json.render(facts, section))
    else:
        click.echo(facts_text.for_stdout(facts, section, rows))
