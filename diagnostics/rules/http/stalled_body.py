"""The body stops in the middle while the path is alive.

What it means
-------------
Part of an answer arrived, then nothing more, although nothing was lost, there was room to send,
and the server's side still answers.

Why it happens
--------------
A proxy whose own download stalled, a scanner that holds the file back, a stuck backend.

How it is recognised
--------------------
A silence of at least 1 s inside a body that its server alone could end; or one that go ended by
giving up, after which keep-alives or the FIN are still acknowledged (otherwise the path is dead:
that is tcp.blackhole; where the client sent nothing more, the summary says that it is open).
Inside TLS, without a session, it must last 10 s to be told from an idle connection. Where the
client took a tenth of the time by itself before, in pauses between its requests, a last silence of
up to ten times those may be its own (a slow disk on which go unpacks), and is not counted.

Fix
---
Stop and try again, with a limit of your own: go has none.

References
----------
golang/go issues 27761 and 31073 (no time-out); RFC 9293 section 3.8.4 (keep-alives).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Facts, Stage
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.mirrors import elsewhere
from diagnostics.tries import grouped, indices, names, seconds, streams
from diagnostics.verdict import Finding, Fix
from diagnostics.waits import Wait, cost_s, waits

EXPLAINS = ("http.slow_response", "http.truncated_body")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host whose bodies stop."""
    found = [w for w in waits(facts) if not w.first_byte]
    for address in grouped([w.attempt for w in found], lambda a: (a.address, a.name)):
        mine = [w for w in found if (w.attempt.address, w.attempt.name) == address]
        attempts = [w.attempt for w in mine]
        worst_s = max(w.end_s - w.start_s for w in mine)
        yield Finding(
            hop=hop_of_attempt(facts, attempts[0]),
            summary=f"{names(attempts)} stops in the middle of a body for up to "
            f"{seconds(worst_s)}, {_path_words(mine)}.",
            evidence=tuple(w.evidence for w in mine[:3]),
            fix=(
                Fix(
                    "Stop it and try again with a limit of your own: go has none.",
                    "timeout 120 go mod download",
                ),
                *elsewhere(
                    attempts[0].name,
                    "Use another module proxy.",
                    *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
                ),
            ),
            confidence=0.93 if mine[0].exact else 0.75,
            impact_s=cost_s(mine),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=any(w.forever for w in mine),
            delays_only=not any(w.forever for w in mine),
            stage=Stage.RESPONSE,
        )


def _path_words(found: Sequence[Wait]) -> str:
    if all(w.unasked for w in found):
        return "and nothing shows whether the path still lives"
    return "while the path is alive"
