"""The name of a service that failed in, what go can ask in its place out."""

from __future__ import annotations

from analyzers.gosigns import GO_NAMES
from diagnostics.verdict import Fix

OTHER_CHECKSUMS = {
    "sum.golang.org": "sum.golang.google.cn",
    "sum.golang.google.cn": "sum.golang.org",
}
"""The checksum database's two names: go takes one for the other (cmd/go/internal/modfetch,
sumdb.go, dbDial)."""
MOST = 2
"""Module proxies in one command."""


def elsewhere(
    name: str | None, text: str, *mirrors: str, checksums: str | None = None
) -> tuple[Fix, ...]:
    """Have go ask another service than `name`, of `mirrors` the first ones that are not it.

    `text` says why, for a module proxy. `checksums` is a checksum database to use with them. A
    proxy that is nobody's but the company's may hold private modules, whose paths are not to be
    told to the public.
    """
    if name in OTHER_CHECKSUMS:
        command = f"go env -w GOSUMDB={OTHER_CHECKSUMS[name]}"
        return (Fix("Ask the checksum database by its other name, which go knows too.", command),)
    others = [m for m in mirrors if m != name][:MOST]
    listed = "|".join([*(f"https://{m}" for m in others), "direct"])
    private = name is not None and name not in GO_NAMES
    return (
        Fix(
            f"{text} Only for public modules: it is told their paths." if private else text,
            f"go env -w 'GOPROXY={listed}'" + (f" GOSUMDB={checksums}" if checksums else ""),
        ),
    )
