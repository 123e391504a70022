"""The server resets the connection before the answer is complete.

What it means
-------------
A RST that is the server's own ends the connection while a request is open.

Why it happens
--------------
The service crashed or was restarted, a load balancer without a backend, a per-client limit, an
idle time-out shorter than the transfer's pauses.

How it is recognised
--------------------
RST with the server's address before the client had ended the connection, with the TTL of the
server's other segments and no sign of a forgery.

Fix
---
Try again; if it repeats at the same size or time, tell the operator.

References
----------
RFC 9293 section 3.5.2 (reset generation).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.hellos import Cause, failed_hellos
from diagnostics.localize import server_hop
from diagnostics.mirrors import elsewhere
from diagnostics.resets import broken_by_reset, broken_s, forged_reset, reset_evidence, struck
from diagnostics.tries import grouped, indices, names, streams
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("http.*", "go.*")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that resets connections in use."""
    found = [a for a in broken_by_reset(facts) if forged_reset(facts, a) is None]
    found += [f.attempt for f in failed_hellos(facts, Cause.SERVER_RESET)]
    for attempts in grouped(found, lambda a: a.address).values():
        yield Finding(
            hop=server_hop(facts, attempts[0]),
            summary=_words(attempts),
            evidence=tuple(reset_evidence(facts, a) for a in attempts[:3]),
            fix=(
                Fix(
                    "Try again: the go command itself never repeats a broken download.",
                    "go mod download",
                ),
                *elsewhere(
                    attempts[0].name,
                    "Let go fall through to another module proxy on any error (a pipe, not a "
                    "comma).",
                    *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
                ),
                Fix("If it repeats at the same size or time, show these frames to the operator."),
            ),
            confidence=0.9,
            impact_s=broken_s(facts, attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(struck(facts, a) for a in attempts),
            stage=min(a.stage for a in attempts),
        )


def _words(attempts: list[Attempt]) -> str:
    if all(a.stage is Stage.PROXY for a in attempts):
        return (
            f"The proxy {attempts[0].address} resets the connection instead of letting it through "
            f"to {names(attempts)}."
        )
    return f"{names(attempts)} resets the connection before the answer is complete."
