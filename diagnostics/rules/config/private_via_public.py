"""A private module was asked of a public service.

What it means
-------------
The checksum database does not know the module, and never will: it cannot fetch it.

Why it happens
--------------
GOPRIVATE (or GONOSUMDB) does not cover the module's path.

How it is recognised
--------------------
404 or 410 for a checksum database's /lookup/ of the module; go never skips that.

Fix
---
Mark the module private.

References
----------
go.dev/ref/mod#private-modules; golang/go issues 32291 and 35164.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from captures.modulepaths import unescape
from diagnostics.answers import answers
from diagnostics.localize import client_hop
from diagnostics.report.escape import printable, shell_word
from diagnostics.tries import indices, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("http.not_found",)

LOOKUP = re.compile(r"/lookup/(?P<module>[^@?#]+)@(?P<version>[^/?#]+)$")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per module that a checksum database does not know."""
    done: set[str] = set()
    for answer in answers(facts):
        match = LOOKUP.search(answer.url)
        if match is None or answer.status not in (404, 410) or match["module"] in done:
            continue
        module = printable(unescape(match["module"]))
        done.add(match["module"])
        yield Finding(
            hop=client_hop(facts),
            summary=f"The public checksum database was asked for {module}, which it cannot fetch.",
            evidence=(
                Evidence(f"GET {answer.url} → {answer.status}", answer.frames, answer.stream),
            ),
            fix=(
                Fix(
                    "Keep the module away from public services.",
                    f"go env -w GOPRIVATE={shell_word('/'.join(module.split('/')[:2]))}",
                ),
            ),
            confidence=0.9,
            impact_s=answer.took_s,
            attempts=indices(answer.attempts),
            streams=streams(answer.attempts),
            fatal=answer.fatal,
            stage=Stage.REQUEST,
        )
