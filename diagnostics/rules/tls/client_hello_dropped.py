"""The ClientHello is too big for something on the way and never arrives.

What it means
-------------
The ClientHello needs two segments (a post-quantum key share makes it about 1,500 bytes) and none
of it is ever acknowledged, while small segments are.

Why it happens
--------------
A firewall or load balancer that drops ClientHellos which are split over segments.

How it is recognised
--------------------
All transmissions of a ClientHello of more than one segment stay unacknowledged; a smaller hello
to the same name, where one was tried, passes, and no hello of this size to another name does.

Fix
---
Make the hello small (GODEBUG=tlsmlkem=0), and have the device repaired.

References
----------
golang/go issues 70047 and 71257; tldr.fail; RFC 8446 section 4.1.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.hellofindings import hello_findings, small_hello_fix
from diagnostics.hellos import Cause, FailedHello, segments_of
from diagnostics.verdict import Finding

EXPLAINS = ("tls.certificate_rejected", "path.loss", "tcp.blackhole", "tls.handshake_timeout")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose large hello never arrives."""
    return hello_findings(facts, Cause.DROPPED, _words, small_hello_fix, _confidence)


def _words(failed: FailedHello) -> str:
    name = failed.hello.sni or failed.attempt.name or failed.attempt.address
    return (
        f"The ClientHello for {name} ({failed.hello.size} bytes in "
        f"{segments_of(failed.connection, failed.hello)} segments) is dropped on the way."
    )


def _confidence(failed: FailedHello) -> float:
    return 0.93 if failed.why else 0.8
