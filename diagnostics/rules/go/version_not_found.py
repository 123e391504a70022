"""The module exists, but not in this version.

What it means
-------------
The module proxy serves the module, and answers 404 or 410 for the version that was asked.

Why it happens
--------------
A typing error in go.mod, a version that was never published or was retracted before it was
cached, a mirror that lags behind.

How it is recognised
--------------------
404 or 410 for a version's files where the version list or other versions of the same module are
served, or where go says "unknown revision". Or a version list that is served, after which go says
"no matching versions for query" and gives up: go.mod names a version such as v1.9, which go looks
for in the list.

Fix
---
Choose a version that exists.

References
----------
go.dev/ref/mod#goproxy-protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from diagnostics.answers import Answer, answers, fell_through, host_of, served_files, server_of
from diagnostics.gosays import gave_up, lines
from diagnostics.report.escape import shell_word
from diagnostics.tries import indices, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("http.not_found",)

VERSION_FILE = re.compile(r"^(?P<module>.+)/@v/(?P<version>[^/]+)\.(info|mod|zip)$")
LIST_FILE = re.compile(r"^(?P<module>.+)/@v/list$|^(?P<latest>.+)/@latest$")
UNKNOWN = re.compile(r"unknown revision")
UNMATCHED = re.compile(r'no matching versions for query "(?P<query>[^"]*)"')


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per version that a served module does not have."""
    every = answers(facts)
    yield from _missing_files(facts, every)
    yield from _unmatched_queries(facts, every)


def _missing_files(facts: Facts, every: list[Answer]) -> Iterator[Finding]:
    """Versions that were asked for by their files."""
    listed = {module for module in map(_listed, every) if module}
    served, versions = served_files(every), _versions(every)
    done: set[tuple[str, str]] = set()
    for answer in every:
        match = VERSION_FILE.match(answer.url)
        if match is None or answer.status not in (404, 410) or fell_through(answer, served):
            continue
        module, version = match["module"], match["version"]
        known = bool(versions.get(module, set()) - {version})
        unknown = any(version in line for line in lines(facts, UNKNOWN))
        if (module, version) in done or not (module in listed or known or unknown):
            continue
        done.add((module, version))
        yield Finding(
            hop=server_of(facts, answer),
            summary=f"{host_of(answer.url)} serves the module, but not its version {version}.",
            evidence=(
                Evidence(f"GET {answer.url} → {answer.status}", answer.frames, answer.stream),
            ),
            fix=_fix(module),
            confidence=0.93,
            impact_s=answer.took_s,
            attempts=indices(answer.attempts),
            streams=streams(answer.attempts),
            fatal=answer.fatal or (unknown and gave_up(facts)),
            stage=Stage.RESPONSE,
        )


def _unmatched_queries(facts: Facts, every: list[Answer]) -> Iterator[Finding]:
    """Versions that go looked for in a list. Its words name the query and not always the module,
    so they speak of the last list that no other request of the module followed."""
    said = next(lines(facts, UNMATCHED), None)
    if said is None or not gave_up(facts):
        return
    asked = {match["module"] for a in every if (match := VERSION_FILE.match(a.url))}
    lists = [a for a in every if _listed(a) and _listed(a) not in asked]
    if not lists:
        return
    answer, query = lists[-1], said.partition("query ")[2]
    yield Finding(
        hop=server_of(facts, answer),
        summary=f"{host_of(answer.url)} serves the module, but no version that matches {query}.",
        evidence=(
            Evidence(
                f"GET {answer.url} → {answer.status}; go says: {said}",
                answer.frames,
                answer.stream,
            ),
        ),
        fix=_fix(_listed(answer)),
        confidence=0.9,
        impact_s=answer.took_s,
        attempts=indices(answer.attempts),
        streams=streams(answer.attempts),
        fatal=True,
        stage=Stage.RESPONSE,
    )


def _fix(module: str) -> tuple[Fix, ...]:
    return (
        Fix("See which versions there are.", f"curl -s {shell_word(module + '/@v/list')}"),
        Fix("Choose one of them in go.mod.", "go mod edit -require=MODULE@VERSION"),
    )


def _listed(answer: Answer) -> str:
    """Module whose list was served; "" for other answers."""
    match = LIST_FILE.match(answer.url)
    if match is None or answer.status != 200:
        return ""
    return match["module"] or match["latest"]


def _versions(every: list[Answer]) -> dict[str, set[str]]:
    """Versions that were served, by module."""
    found: dict[str, set[str]] = {}
    for answer in every:
        match = VERSION_FILE.match(answer.url)
        if match is not None and answer.status == 200:
            found.setdefault(match["module"], set()).add(match["version"])
    return found
