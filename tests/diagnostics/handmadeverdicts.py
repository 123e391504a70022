"""Verdicts made by hand, for the tests of what is printed about them."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.verdict import (
    CaptureSummary,
    Evidence,
    Finding,
    Fix,
    Hop,
    Outcome,
    PathHop,
    Role,
    RttSummary,
    TimeSpent,
    Verdict,
)

CHAIN = Finding(
    id="F1",
    cause="tls.chain_incomplete",
    hop=Hop(Role.SERVER, "10.3.0.2", "proxy.example.org", (4, 4)),
    summary="proxy.example.org sends its leaf certificate only; go fetches no intermediate.",
    evidence=(
        Evidence("1 certificate sent, its issuer CN=Lab CA 2 is not among them", (12, 15), 2),
        Evidence("the client sends bad_certificate 1 ms later", (16,), 2),
    ),
    fix=(
        Fix("Configure the server to send its full chain."),
        Fix("See what it sends:", "openssl s_client -connect 10.3.0.2:443 -showcerts"),
    ),
    confidence=0.97,
    impact_s=1.25,
    explains=("F2",),
)
STALL = replace(
    CHAIN, id="F2", cause="http.stalled_body", explained_by="F1", explains=(), summary="It stops."
)
SLOW_DNS = replace(
    CHAIN, id="F3", cause="dns.slow", explains=(), summary="10.2.0.53 takes 1.4 s for each of 6."
)
PATH = (
    PathHop(0, Role.CLIENT, "10.1.0.1"),
    PathHop(1, Role.GATEWAY, "10.1.0.2", rtt_ms=RttSummary(0.4, 0.61, 1.1), loss=0.0),
    PathHop(2, Role.RESOLVER, "10.2.0.53"),
    PathHop(3, Role.TRANSIT, "10.2.0.9"),
    PathHop(4, Role.SERVER, "10.3.0.2", rtt_ms=RttSummary(11, 12, 13)),
)
CAPTURE = CaptureSummary(
    ("download.pcapng",), 1234, 99_999, "2026-01-01T00:00:00Z", "2026-01-01T00:00:12.4Z", 3
)
FAILED = Verdict(
    outcome=Outcome.FAILED,
    root_cause=CHAIN,
    findings=(CHAIN, STALL, SLOW_DNS),
    path=PATH,
    time=TimeSpent(12.4, 0.1, 0.2, 0.3, 1.0, 3.1, 7.5, 0.2),
    capture=CAPTURE,
    background=(SLOW_DNS, SLOW_DNS),
    notes=("What was said inside 2 TLS connections is encrypted and was not judged.",),
)
DEGRADED = replace(FAILED, outcome=Outcome.DEGRADED)
HEALTHY = Verdict(
    Outcome.HEALTHY, None, (), PATH, TimeSpent(0.4), CAPTURE, "Every step that can be seen worked."
)
INCONCLUSIVE = Verdict(
    Outcome.INCONCLUSIVE, None, (), (), TimeSpent(), CAPTURE, "The capture holds no packets."
)
