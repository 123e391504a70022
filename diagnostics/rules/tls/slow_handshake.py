"""The TLS handshake takes long because the server does.

What it means
-------------
The handshake succeeds, but the server's turn takes far longer than the way there and back.

Why it happens
--------------
An overloaded server, a handshake passed on to a slow backend or inspected on the way.

How it is recognised
--------------------
From the ClientHello (or the last segment of it) to the server's first record passes at least 1 s
more than a round trip, without retransmissions that would explain it.

Fix
---
Try another edge or mirror; tell the operator.

References
----------
RFC 8446 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.mirrors import elsewhere
from diagnostics.timeline import union_s
from diagnostics.tries import grouped, indices, names, seconds, streams
from diagnostics.verdict import Evidence, Finding

EXPLAINS = ()

SLOW_S = 1.0
"""A handshake costs a server milliseconds of computing."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server whose turns in completed handshakes take long."""
    slow = [a for a in facts.attempts if _turn_s(facts, a) >= SLOW_S]
    for attempts in grouped(slow, lambda a: a.need).values():
        worst_s = max(_turn_s(facts, a) for a in attempts)
        yield Finding(
            hop=hop_of_attempt(facts, attempts[0]),
            summary=f"{names(attempts)} takes up to {seconds(worst_s)} to answer a ClientHello.",
            evidence=tuple(_evidence(facts, a) for a in attempts[:3]),
            fix=(
                *elsewhere(
                    attempts[0].name,
                    "Use another module proxy.",
                    *("goproxy.io", "proxy.golang.org", "goproxy.cn"),
                ),
            ),
            confidence=0.9,
            impact_s=union_s(_turn(facts, a) for a in attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            delays_only=True,
            stage=Stage.TLS,
        )


def _turn(facts: Facts, attempt: Attempt) -> tuple[float, float]:
    """From the whole hello to the first record, as capture times."""
    if attempt.handshake is None or attempt.stream is None:
        return 0.0, 0.0
    handshake = facts.handshakes[attempt.handshake]
    if handshake.client_hello is None or handshake.first_server_record_s is None:
        return 0.0, 0.0
    if facts.connection(attempt.stream).client.retransmissions:
        return 0.0, 0.0
    return handshake.client_hello.time_s, handshake.first_server_record_s


def _turn_s(facts: Facts, attempt: Attempt) -> float:
    """The server's own time: its turn less a round trip."""
    start_s, end_s = _turn(facts, attempt)
    if attempt.stream is None:
        return 0.0
    return end_s - start_s - (facts.connection(attempt.stream).min_rtt_s or 0.0)


def _evidence(facts: Facts, attempt: Attempt) -> Evidence:
    assert attempt.handshake is not None and attempt.stream is not None
    handshake = facts.handshakes[attempt.handshake]
    assert handshake.client_hello is not None
    frames = list(handshake.client_hello.frames)
    if handshake.first_server_record_frame is not None:
        frames.append(handshake.first_server_record_frame)
    rtt_s = facts.connection(attempt.stream).min_rtt_s
    text = f"{seconds(_turn_s(facts, attempt))} from ClientHello to the server's first record"
    if rtt_s is not None:
        text += f", where the round trip takes {seconds(rtt_s)}"
    return Evidence(text, tuple(frames), attempt.stream)
