"""A comma in GOPROXY kept the next entry from being tried.

What it means
-------------
An entry of GOPROXY failed with something other than 404 or 410, and after a comma go then gives
up instead of asking the next one.

Why it happens
--------------
"," falls through on "not found" only; "|" falls through on any error.

How it is recognised
--------------------
The session's GOPROXY has a comma after the entry that failed, the entry after it was never asked,
and the command failed. It is listed under the failure itself, which is the root cause.

Fix
---
Write a pipe.

References
----------
go.dev/ref/mod#goproxy-protocol.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Outcome, Stage
from diagnostics.answers import answers, host_of
from diagnostics.gosays import gave_up, setting
from diagnostics.localize import client_hop
from diagnostics.report.escape import shell_word
from diagnostics.tries import indices
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ()

ENTRY = re.compile(r"([^,|]+)([,|]?)")
PASSED_ON = (404, 410)
"""Statuses after which go asks the next entry, whatever separates them."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding when a comma ended the search for a working entry."""
    goproxy = setting(facts, "GOPROXY")
    entries = ENTRY.findall(goproxy)
    if len(entries) < 2 or not gave_up(facts):
        return
    for (entry, separator), (following, _) in itertools.pairwise(entries):
        failed = _failed_at(facts, host_of(entry))
        if separator != "," or not failed or following == "off":
            continue
        if any(a.name == host_of(following) for a in facts.attempts):
            continue
        piped = goproxy.replace(",", "|")
        yield Finding(
            hop=client_hop(facts),
            summary=f"The comma after {entry} in GOPROXY kept {following} from being tried.",
            evidence=(Evidence(f"GOPROXY={goproxy}: no attempt at {following} was made"),),
            fix=(Fix("Fall through on any error.", f"go env -w {shell_word('GOPROXY=' + piped)}"),),
            confidence=0.9,
            impact_s=0.0,
            attempts=indices(failed),
            stage=Stage.RESPONSE,
        )
        return


def _failed_at(facts: Facts, host: str) -> list[Attempt]:
    """Attempts at the host that ended in what a comma does not pass on; those behind a status
    that only go's own trace tells, because it was encrypted, too."""
    refused = {
        a.index
        for answer in answers(facts)
        if answer.fatal and answer.status not in PASSED_ON and host_of(answer.url) == host
        for a in answer.attempts
    }
    return [
        a for a in facts.attempts if host and a.name == host and (a.index in refused or _refused(a))
    ]


def _refused(attempt: Attempt) -> bool:
    passed_on = {f"status {status}" for status in PASSED_ON}
    return attempt.outcome is Outcome.FAILED and attempt.reason not in passed_on
