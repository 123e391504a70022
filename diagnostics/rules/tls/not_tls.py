"""What answers the ClientHello does not speak TLS.

What it means
-------------
The first bytes that come back are not a TLS record.

Why it happens
--------------
A captive portal or proxy that answers in plain HTTP, a plain-HTTP service on that port, an
https:// URL for an http:// proxy.

How it is recognised
--------------------
The first byte of the server is no TLS record type, or the record version is none. A redirect in
plain HTTP is a portal's, which answers in the server's place.

Fix
---
Log in to the portal, or correct scheme and port.

References
----------
RFC 8446 section 5.1; go prints "http: server gave HTTP response to HTTPS client" or "first record
does not look like a TLS handshake".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.hellofindings import hop_of_attempt
from diagnostics.localize import portal_hop
from diagnostics.report.escape import shell_word
from diagnostics.tries import endpoint, failed_at, grouped, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop

EXPLAINS = ("tls.handshake_timeout", "tcp.reset_by_server")

PORTAL = re.compile(r"HTTP/1\.[01] (30[12378]|511)\b")
"""A web server calls a ClientHello a bad request (400). What redirects it, or asks for a log-in
(RFC 6585 section 6), answers like that whatever it is sent: a portal on the way."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per endpoint that answers something else."""
    failed = failed_at(facts, Stage.TLS, "the answer is not TLS")
    for attempts in grouped(failed, lambda a: (a.address, a.port)).values():
        first = attempts[0]
        assert first.handshake is not None
        handshake = facts.handshakes[first.handshake]
        url = f"http://{endpoint(first.address, first.port)}/"
        frames = [f for f in (handshake.not_tls_frame,) if f is not None]
        yield Finding(
            hop=_hop(facts, first, handshake.not_tls or ""),
            summary=f"What answers for {names(attempts)} at {first.address} port {first.port} does "
            "not speak TLS.",
            evidence=(
                Evidence(
                    f"the answer to the ClientHello begins: {handshake.not_tls}",
                    tuple(frames),
                    first.stream,
                ),
            ),
            fix=(
                Fix(
                    "Look at what answers; a captive portal wants a log-in in the browser.",
                    f"curl -si {shell_word(url)} | head",
                ),
                Fix(
                    "Check scheme and port of GOPROXY and HTTPS_PROXY (an http proxy is http://).",
                    "go env GOPROXY; env | grep -i _proxy",
                ),
            ),
            confidence=0.97,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.TLS,
        )


def _hop(facts: Facts, attempt: Attempt, answer: str) -> Hop:
    if PORTAL.match(answer) and not attempt.via_proxy:
        return portal_hop(facts, attempt.address)
    return hop_of_attempt(facts, attempt)
