"""`badhop rules`: every cause code of the contract, and whether a rule finds it."""

from __future__ import annotations

import json

import click

from diagnostics.contract import CAUSES

SCHEMA = "badhop/rules/1"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print badhop/rules/1 for programs.")
def rules(as_json: bool) -> None:
    """List the causes that badhop knows, each with its status.

    `badhop rule CODE` explains one of them.
    """
    from diagnostics import registry

    found = set(registry.codes())
    if as_json:
        listed = [
            {"code": c.code, "meaning": c.meaning, "hop": c.hop, "implemented": c.code in found}
            for c in CAUSES
        ]
        click.echo(json.dumps({"schema": SCHEMA, "rules": listed}, indent=2))
        return
    width = max(len(cause.code) for cause in CAUSES)
    for cause in CAUSES:
        mark = "+" if cause.code in found else "-"
        click.echo(f"{mark} {cause.code:{width}}  {cause.meaning}")
    missing = sum(cause.code not in found for cause in CAUSES)
    click.echo(f"\n{len(CAUSES) - missing} of {len(CAUSES)} causes have a rule.")
    click.echo("+ is recognised; - has a name only, and no rule yet.")
