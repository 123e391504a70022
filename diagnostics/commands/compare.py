"""`badhop compare`: two captures of one download in, one verdict with the hop bracketed out."""

from __future__ import annotations

import os

import click


@click.command()
@click.argument("one", metavar="FILE|DIR")
@click.argument("other", metavar="FILE|DIR")
@click.option("--json", "as_json", is_flag=True, help="Print badhop/verdict/1 for programs.")
def compare(one: str, other: str, as_json: bool) -> int:
    """Judge two captures of one download and place the fault between them.

    The captures were taken at the same time at two points of the way: at the client and the
    server, on both sides of a router or a proxy. Their order does not matter, nor do their clocks,
    NAT between them, or how much of each packet was recorded. The verdict says whether the fault
    lies between the points, before or behind them; its frames are those of the file that it names
    first, which is the one nearer to the client.

    Exit status: 0 healthy, 1 a root cause was found, 2 usage or unreadable input, 3 inconclusive.
    """
    if one == other == "-":
        raise click.UsageError("Standard input can be one of the two captures only.")
    # numpy's algebra would start a thread for each core, and there is no algebra to do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from diagnostics.between.verdict import judge
    from diagnostics.report import between_json, between_text
    from diagnostics.source import comparison_of

    judged = judge(comparison_of(one, other))
    click.echo(between_json.render(judged) if as_json else between_text.for_stdout(judged))
    return judged.verdict.exit_status
