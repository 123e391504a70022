"""The server aborts an HTTP/2 stream or the whole connection.

What it means
-------------
The answer was ended by RST_STREAM or GOAWAY before it was complete.

Why it happens
--------------
A request limit per connection (nginx keepalive_requests), an origin that failed behind a CDN, an
abuse limit.

How it is recognised
--------------------
HTTP/2 is inside TLS. Where the capture has its secrets: RST_STREAM from the server, or GOAWAY and
the end of the connection, before the answer is complete. Else go's own words say it ("stream
error", "server sent GOAWAY").

Fix
---
Try again; HTTP/1.1 avoids the limits of one shared connection.

References
----------
RFC 9113 sections 6.4 and 6.8; golang/go issue 51323.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.answers import attempts_at
from diagnostics.gosays import gave_up, lines
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.mirrors import elsewhere
from diagnostics.tries import failed_at, grouped, indices, lost_s, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("http.truncated_body", "tcp.reset_by_server")

ABORTED = re.compile(r"stream error: stream ID|server sent GOAWAY|received GOAWAY from server")
URL = re.compile(r'"(https?://[^"]+)"')


REASONS = ("stream reset", "connection given up by the server")
"""How analyzers.endings calls it."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that is seen to abort streams, or one when go says so."""
    stages = (Stage.REQUEST, Stage.RESPONSE)
    seen = [a for stage in stages for a in failed_at(facts, stage, *REASONS)]
    for aborted in grouped(seen, lambda a: (a.address, a.name)).values():
        evidence = tuple(_evidence(facts, a) for a in aborted[:3])
        hop = hop_of_attempt(facts, aborted[0])
        yield _finding(hop, aborted, evidence, lost_s(aborted), fatal=False)
    said = list(lines(facts, ABORTED))
    if seen:
        return
    if not said or not gave_up(facts):
        return
    url = next((u for line in said for u in URL.findall(line)), "")
    attempts = attempts_at(facts, url)
    hop = hop_of_attempt(facts, attempts[0]) if attempts else Hop(Role.SERVER)
    words = Evidence(f"go printed: {said[0]}")
    yield _finding(hop, attempts, (words,), 0.0, fatal=True)


def _finding(
    hop: Hop,
    attempts: Sequence[Attempt],
    evidence: tuple[Evidence, ...],
    impact_s: float,
    *,
    fatal: bool,
) -> Finding:
    return Finding(
        hop=hop,
        summary="The server aborts HTTP/2 streams before the answers are complete.",
        evidence=evidence,
        fix=(
            Fix("Try again over HTTP/1.1.", "GODEBUG=http2client=0 go mod download"),
            *elsewhere(
                attempts[0].name if attempts else hop.name,
                "Let go fall through to another module proxy on any error.",
                *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
            ),
        ),
        confidence=0.93,
        impact_s=impact_s,
        attempts=indices(attempts),
        streams=streams(attempts),
        fatal=fatal,
        stage=Stage.RESPONSE,
    )


def _evidence(facts: Facts, attempt: Attempt) -> Evidence:
    request = facts.requests[attempt.requests[0]]
    abort = request.inside.abort if request.inside is not None else None
    assert abort is not None
    kind = "RST_STREAM" if abort.last_stream is None else f"GOAWAY, last stream {abort.last_stream}"
    of = f" of {request.announced_bytes}" if request.announced_bytes is not None else ""
    answer = f"{request.received_bytes}{of} bytes" if request.status is not None else "no answer"
    return Evidence(
        f"{request.method} {attempt.need}: {answer}, then {kind} ({abort.name})",
        (*request.request_frames, abort.frame),
        attempt.stream,
    )
