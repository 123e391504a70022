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
HTTP/2 is inside TLS: go's own words say it ("stream error", "server sent GOAWAY").

Fix
---
Try again; HTTP/1.1 avoids the limits of one shared connection.

References
----------
RFC 9113 sections 6.4 and 6.8; golang/go issue 51323.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from diagnostics.answers import attempts_at
from diagnostics.gosays import gave_up, lines
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.tries import indices, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("http.truncated_body", "tcp.reset_by_server")

ABORTED = re.compile(r"stream error: stream ID|server sent GOAWAY")
URL = re.compile(r'"(https?://[^"]+)"')


def find(facts: Facts) -> Iterator[Finding]:
    """One finding when go says that a stream was aborted."""
    said = list(lines(facts, ABORTED))
    if not said or not gave_up(facts):
        return
    url = next((u for line in said for u in URL.findall(line)), "")
    attempts = attempts_at(facts, url)
    yield Finding(
        hop=hop_of_attempt(facts, attempts[0]) if attempts else Hop(Role.SERVER),
        summary="The server aborts HTTP/2 streams before the answers are complete.",
        evidence=(Evidence(f"go printed: {said[0]}"),),
        fix=(
            Fix("Try again over HTTP/1.1.", "GODEBUG=http2client=0 go mod download"),
            Fix(
                "Let go fall through to another module proxy on any error.",
                "go env -w 'GOPROXY=https://proxy.golang.org|https://goproxy.io|direct'",
            ),
        ),
        confidence=0.93,
        impact_s=0.0,
        attempts=indices(attempts),
        streams=streams(attempts),
        fatal=True,
        stage=Stage.RESPONSE,
    )
