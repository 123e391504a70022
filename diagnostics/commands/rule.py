"""`badhop rule CODE`: the manual page of one cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from diagnostics import contract

if TYPE_CHECKING:
    from diagnostics.registry import Rule


@click.command()
@click.argument("code")
def rule(code: str) -> None:
    """Explain one cause: what it means, why it happens, how it is recognised, the fix."""
    from diagnostics import registry

    cause = contract.cause(code)
    if cause is None:
        raise click.ClickException(_unknown(code))
    if code not in registry.codes():
        click.echo(f"{code}: {cause.meaning} ({cause.hop}).\nNo rule recognises it yet.")
        return
    click.echo(_page(registry.load(code)))


def _page(found: Rule) -> str:
    parts = [f"{found.code}: {found.title}"]
    for heading, text in found.sections.items():
        parts += ["", heading, "-" * len(heading), text]
    return "\n".join(parts)


def _unknown(code: str) -> str:
    close = contract.nearest(code)
    if not close:
        return f"no cause is called {code!r}; `badhop rules` lists them."
    return f"no cause is called {code!r}; did you mean {', '.join(close)}?"
