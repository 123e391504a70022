"""What arrived is not what go.sum or the checksum database says.

What it means
-------------
The download is complete, and its hash differs from the recorded one: go refuses it.

Why it happens
--------------
A tag that was moved, a stale or poisoned mirror, a device on the way that rewrites downloads.

How it is recognised
--------------------
go prints "checksum mismatch" (the packets cannot show it: the contents are encrypted or long).

Fix
---
Compare with another mirror before you trust either.

References
----------
go.dev/ref/mod#authenticating.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts, Outcome, Stage
from diagnostics.gosays import gave_up, lines
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ()

MISMATCH = re.compile(r"checksum mismatch|SECURITY ERROR")


def _hop(facts: Facts) -> Hop:
    """The host that the download's answers came from: the last one that answered."""
    answered = [a for a in facts.attempts if a.is_go and a.outcome is Outcome.SUCCEEDED]
    return hop_of_attempt(facts, answered[-1]) if answered else Hop(Role.SERVER)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding when go refused what it had downloaded."""
    said = list(lines(facts, MISMATCH))
    if not said or not gave_up(facts):
        return
    yield Finding(
        hop=_hop(facts),
        summary="A module arrived whole, but its checksum is not the recorded one.",
        evidence=(Evidence(f"go printed: {said[0]}"),),
        fix=(
            Fix(
                "Clear the cache and compare with another source.",
                "go clean -modcache && GOPROXY=https://proxy.golang.org go mod download",
            ),
            Fix("If the module's author moved the tag, use a new version; do not delete go.sum."),
        ),
        confidence=0.95,
        impact_s=0.0,
        fatal=True,
        stage=Stage.RESPONSE,
    )
