"""GOPROXY forbids the download.

What it means
-------------
go was told not to use the network: GOPROXY=off, or direct with version control forbidden.

Why it happens
--------------
A setting left over from a vendored or air-gapped build, or GOVCS rules.

How it is recognised
--------------------
go prints "module lookup disabled by GOPROXY=off" or "GOVCS disallows"; no packet leaves.

Fix
---
Allow what is needed.

References
----------
go help goproxy, go help vcs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from diagnostics.gosays import gave_up, lines
from diagnostics.localize import client_hop
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ()

OFF = re.compile(r"disabled by GOPROXY=off|GOVCS disallows")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding when go's settings forbade the download."""
    said = list(lines(facts, OFF))
    if not said or not gave_up(facts):
        return
    yield Finding(
        hop=client_hop(facts),
        summary="go's own settings forbid the download (GOPROXY=off or GOVCS).",
        evidence=(Evidence(f"go printed: {said[0]}"),),
        fix=(
            Fix("See the settings and where they come from.", "go env GOPROXY GOVCS GOENV"),
            _allow("GOVCS" if "GOVCS" in said[0] else "GOPROXY"),
        ),
        confidence=0.99,
        impact_s=0.0,
        fatal=True,
        stage=Stage.DNS,
    )


def _allow(setting: str) -> Fix:
    """A variable of the environment goes before what `go env -w` wrote: both have to go."""
    return Fix("Take it back, wherever it was set.", f"unset {setting}; go env -u {setting}")
