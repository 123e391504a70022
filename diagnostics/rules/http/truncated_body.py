"""The server closes the connection before the body is complete.

What it means
-------------
Fewer bytes arrived than were announced, perhaps none at all, and the connection ended with a clean
FIN.

Why it happens
--------------
A load balancer's time limit, a proxy or antivirus that cuts files, a crashed backend.

How it is recognised
--------------------
In clear, and inside TLS where the capture has its secrets: FIN (or END_STREAM) before
Content-Length (or the last chunk) is reached, or in place of an answer. Without secrets: the
server's FIN comes before the client's after something was asked, and go says "unexpected EOF" or
"EOF".

Fix
---
Try again, or use another module proxy.

References
----------
RFC 9112 section 8; go prints "unexpected EOF", or "EOF" when nothing of the answer came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Outcome, Stage
from diagnostics.answers import attempts_at
from diagnostics.gosays import gave_up, lines
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.mirrors import elsewhere
from diagnostics.report.escape import printable
from diagnostics.tries import failed_at, grouped, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("go.*",)

CUT = re.compile(
    r'read "(?P<url>[^"]+)".*unexpected EOF|"(?P<get>https?://[^"]+)"(.*unexpected EOF|: EOF$)'
)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that cuts bodies short."""
    clear = failed_at(facts, Stage.RESPONSE, "truncated")
    for attempts in grouped(clear, lambda a: a.address).values():
        yield _finding(
            facts, attempts, tuple(_clear_evidence(facts, a) for a in attempts[:3]), 0.96
        )
    unanswered = failed_at(facts, Stage.REQUEST, "closed")
    for attempts in grouped(unanswered, lambda a: a.address).values():
        yield _finding(
            facts, attempts, tuple(_no_answer_evidence(facts, a) for a in attempts[:3]), 0.85
        )
    if clear or unanswered or not gave_up(facts):
        return
    for line in lines(facts, CUT):
        match = CUT.search(line)
        url = (match["url"] or match["get"]) if match else ""
        asked = [a for a in attempts_at(facts, url) if _was_asked(facts, a)]
        closed = [a for a in asked if _closed_first(facts, a)]
        if closed:
            evidence = tuple(_tls_evidence(facts, a, line) for a in closed[-1:])
            yield _finding(facts, closed, evidence, 0.9)
            return


def _finding(
    facts: Facts, attempts: list[Attempt], evidence: tuple[Evidence, ...], confidence: float
) -> Finding:
    unanswered = all(a.stage is Stage.REQUEST for a in attempts)
    return Finding(
        hop=hop_of_attempt(facts, attempts[0]),
        summary=f"{names(attempts)} ends the connection "
        + ("without an answer." if unanswered else "before the body is complete."),
        evidence=evidence,
        fix=(
            Fix("Try again: the go command itself repeats no broken answer.", "go mod download"),
            *elsewhere(
                attempts[0].name,
                "Let go fall through to another module proxy on any error (a pipe, not a comma).",
                *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
            ),
        ),
        confidence=confidence,
        impact_s=lost_s(attempts),
        attempts=indices(attempts),
        streams=streams(attempts),
        # net/http repeats what a reused connection lost before the answer's first byte.
        fatal=not unanswered,
        stage=Stage.RESPONSE,
    )


def _clear_evidence(facts: Facts, attempt: Attempt) -> Evidence:
    request = facts.requests[attempt.requests[0]]
    assert attempt.stream is not None
    ended = request.inside is not None and request.inside.ended
    last = "the end of the stream" if ended else "the server's FIN"
    fin = facts.connection(attempt.stream).server.fin_frame
    announced = request.announced_bytes
    of = f"of {announced} bytes" if announced is not None else "bytes, the last chunk missing,"
    frames = [f for f in (request.response_frame, request.body_end_frame, fin) if f is not None]
    return Evidence(
        f"{request.received_bytes} {of} arrived, then {last}",
        tuple(frames),
        request.stream,
    )


def _no_answer_evidence(facts: Facts, attempt: Attempt) -> Evidence:
    request = facts.requests[attempt.requests[-1]]
    fin = facts.connection(request.stream).server.fin_frame
    frames = (*request.request_frames, *((fin,) if fin is not None else ()))
    return Evidence(
        f"{request.method} {printable(attempt.need)}, then the server's FIN and no answer",
        frames,
        request.stream,
    )


def _was_asked(facts: Facts, attempt: Attempt) -> bool:
    """The handshake before it is known to have gone well, so that the end was the answer's."""
    if attempt.stage <= Stage.TLS or attempt.handshake is None:
        return attempt.stage > Stage.TLS
    answered = attempt.outcome is Outcome.SUCCEEDED
    return answered or facts.handshakes[attempt.handshake].completed


def _closed_first(facts: Facts, attempt: Attempt) -> bool:
    if attempt.stream is None:
        return False
    connection = facts.connection(attempt.stream)
    server, client = connection.server.fin_s, connection.client.fin_s
    return server is not None and (client is None or server <= client)


def _tls_evidence(facts: Facts, attempt: Attempt, line: str) -> Evidence:
    assert attempt.stream is not None
    server = facts.connection(attempt.stream).server
    frames = [f for f in (server.last_data_frame, server.fin_frame) if f is not None]
    return Evidence(
        f"the server's FIN comes first, after {server.payload_bytes} bytes; go printed: {line}",
        tuple(frames),
        attempt.stream,
    )
