"""The server takes the ClientHello and says nothing.

What it means
-------------
The ClientHello is acknowledged in full, and no TLS record follows until go gives up after 10 s.

Why it happens
--------------
An overloaded or stuck server, a load balancer without a backend, a box that holds the connection.

How it is recognised
--------------------
All bytes of the ClientHello are acknowledged, or as many as the server's receive window holds,
which stays closed then; the server sends no data (not even out of order), and the client ends the
connection. What the server sends seconds later, at the latest its answer to the client's FIN, shows
by its sequence number that no answer was lost on the way; without it nothing is said.

Fix
---
Try another edge or mirror; tell the operator.

References
----------
go prints "net/http: TLS handshake timeout" (10 s, net/http DefaultTransport).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.hellofindings import hello_findings, tls_hop
from diagnostics.hellos import Cause, FailedHello
from diagnostics.mirrors import elsewhere
from diagnostics.tries import client_way
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tcp.zero_window",)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server that leaves ClientHellos unanswered."""
    return hello_findings(facts, Cause.HANDSHAKE_TIMEOUT, _words, _fix, lambda _: 0.9, hop=tls_hop)


def _words(failed: FailedHello) -> str:
    name = failed.hello.sni or failed.attempt.address
    if failed.attempt.via_proxy:
        return f"Through the proxy {failed.attempt.address}, {name} never answers the ClientHello."
    return f"{name} takes the ClientHello and never answers."


def _fix(failed: FailedHello) -> tuple[Fix, ...]:
    return (
        Fix(
            "See whether it answers anybody.",
            f"openssl s_client -connect {client_way(failed.attempt)} </dev/null",
        ),
        *elsewhere(
            failed.attempt.name,
            "Let go fall through to another module proxy on any error (a pipe, not a comma).",
            *("proxy.golang.org", "goproxy.io", "goproxy.cn"),
        ),
    )
