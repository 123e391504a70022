"""A box on the way blocks the connection for the name in the ClientHello.

What it means
-------------
TCP works, but the moment the ClientHello with this server name passes, the connection is reset,
closed or goes silent, and not by the server's doing.

Why it happens
--------------
A firewall's URL filter or a censor that reads the server name (SNI).

How it is recognised
--------------------
A RST or FIN that is not the server's own follows the ClientHello, or the hello is never
acknowledged although it fits into one segment; where it was tried, the same hello with another
name passes. New connections to the same address and port may then be cut at once for up to three
minutes (residual blocking).

Fix
---
Have the name allowed, or use a module proxy with another name.

References
----------
RFC 6066 section 3 (SNI); Sundara Raman et al., "Network Measurement Methods for Locating and
Examining Censorship Devices", CoNEXT 2022.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Outcome, Stage
from diagnostics.helloends import End
from diagnostics.hellofindings import hello_findings
from diagnostics.hellos import Cause, FailedHello
from diagnostics.mirrors import elsewhere
from diagnostics.report.escape import shell_word
from diagnostics.resets import reset_unasked
from diagnostics.tries import endpoint, wanted_endpoint
from diagnostics.verdict import Finding, Fix

EXPLAINS = (
    "tls.certificate_rejected",
    "tcp.reset_injected",
    "tcp.syn_timeout",
    "tcp.blackhole",
    "tls.handshake_timeout",
    "http.*",
)

RESIDUAL_S = 180.0
"""The longest time for which boxes were seen to go on blocking address and port once they had
seen the name (Bock et al., "Your Censor is My Censor", WOOT 2021)."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per blocked name."""
    return hello_findings(
        facts, Cause.SNI_BLOCKED, _words, _fix, _confidence, is_aftermath=_is_residual
    )


def _is_residual(facts: Facts, attempt: Attempt, blocked: list[FailedHello]) -> bool:
    """A box that has seen the name keeps the same two hosts and that port apart for a while: it
    lets no SYN pass, or resets what connects before the client has said anything."""
    if attempt.stream is None or attempt.outcome is not Outcome.FAILED:
        return False
    # One lookup may have served several connections: its time is not theirs.
    begun_s = facts.connection(attempt.stream).first_s
    return (attempt.stage is Stage.CONNECT or reset_unasked(facts, attempt)) and any(
        (attempt.address, attempt.port) == (b.attempt.address, b.attempt.port)
        and 0.0 <= begun_s - b.attempt.end_s <= RESIDUAL_S
        for b in blocked
    )


def _words(failed: FailedHello) -> str:
    how = {End.RESET: "reset", End.CLOSED: "closed", End.SILENCE: "swallowed"}[failed.end]
    return f"Connections are {how} on the way as soon as they name {failed.hello.sni}."


def _confidence(failed: FailedHello) -> float:
    if failed.why:
        return 0.95
    if failed.forged:
        return 0.75 if failed.hello.post_quantum else 0.85
    return 0.7


def _fix(failed: FailedHello) -> tuple[Fix, ...]:
    attempt, name = failed.attempt, failed.hello.sni or ""
    where = shell_word(endpoint(attempt.address, attempt.port))
    if attempt.via_proxy:
        where = f"{shell_word(wanted_endpoint(attempt))} -proxy {where}"
    return (
        Fix(
            "Prove it: the same address with another name in the ClientHello goes on.",
            f"openssl s_client -connect {where} -servername example.com </dev/null",
        ),
        Fix(f"Have {name} allowed in the firewall's URL filter (show these frames)."),
        *elsewhere(
            attempt.name or name,
            "Or use a module proxy with another name.",
            *("goproxy.cn", "goproxy.io", "proxy.golang.org"),
            checksums="sum.golang.google.cn",
        ),
    )
