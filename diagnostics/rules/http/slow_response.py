"""The first byte of an answer comes late.

What it means
-------------
The request was delivered and acknowledged, the path is alive, and the server takes seconds to
begin its answer (or never does).

Why it happens
--------------
A module proxy that fetches the module from its origin first, an overloaded backend, a storage
that is slow to open, a scanner that reads the whole file before it passes it on.

How it is recognised
--------------------
At least 1 s, a round trip left out, from a request to the first byte of its answer in clear HTTP
(from a CONNECT to the proxy's answer, too: the proxy waits for what it connects to);
inside TLS, a silence of that length that follows the client's data, with everything acknowledged,
and is ended by the server (or by go giving up while the path answers, unless this machine paused
by itself before, long enough to explain that silence too).

Fix
---
Ask again once the proxy has the module, or use another one.

References
----------
RFC 9110 section 3.7 (gateways); go has no time-out for answers (golang/go issue 27761).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from diagnostics.localize import upstream_hop
from diagnostics.mirrors import elsewhere
from diagnostics.tries import grouped, indices, names, plural, seconds, streams
from diagnostics.verdict import Finding, Fix
from diagnostics.waits import cost_s, waits

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host whose answers begin late."""
    found = [w for w in waits(facts) if w.first_byte]
    for address in grouped([w.attempt for w in found], lambda a: (a.address, a.name)):
        mine = [w for w in found if (w.attempt.address, w.attempt.name) == address]
        attempts = [w.attempt for w in mine]
        worst_s = max(w.end_s - w.start_s for w in mine)
        yield Finding(
            hop=upstream_hop(facts, attempts[0]),
            summary=f"{names(attempts)} takes up to {seconds(worst_s)} to begin an answer "
            f"({plural(len(mine), 'time')}).",
            evidence=tuple(w.evidence for w in mine[:3]),
            fix=(
                Fix(
                    "Ask again: a proxy that had to fetch the module answers at once next time.",
                    "go mod download",
                ),
                *elsewhere(
                    attempts[0].name,
                    "Use a module proxy that has it.",
                    *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
                ),
            ),
            confidence=0.93 if mine[0].exact else 0.85,
            impact_s=cost_s(mine),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(w.forever for w in mine),
            delays_only=not any(w.forever for w in mine),
            stage=Stage.REQUEST,
        )
