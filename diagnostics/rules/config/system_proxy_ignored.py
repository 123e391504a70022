"""The system has a proxy, and go does not use it.

What it means
-------------
This machine's settings (or a PAC file) send programs through a proxy; go reads only HTTPS_PROXY
and HTTP_PROXY from its environment, found none, and tried to connect directly.

Why it happens
--------------
Networks where only the proxy is let out, with the proxy set in the system's or desktop's
settings; on Linux also in /etc/environment, which sudo, cron and services do not read.

How it is recognised
--------------------
The session found a system proxy (Windows, macOS, KDE, GNOME or /etc/environment), the environment
names none, and direct connections (or lookups) of the download failed. Where a server outside
refuses them, the direct way is open, and the proxy would meet the same.

Fix
---
Put the proxy into the environment.

References
----------
golang/go issue 21943 (closed: go will not read the system's settings).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Facts, Stage
from diagnostics.localize import client_hop, distance_of_ttl
from diagnostics.report.escape import printable, shell_word
from diagnostics.resets import refusal_is_forged
from diagnostics.tries import failed_at, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.*", "tcp.*")

SITE_HOPS = 3
"""How far away the firewall of the client's own site may stand. Few servers outside are as near."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding when direct connections failed although the system has a proxy."""
    session = facts.session
    if session is None or session.system_proxy is None:
        return
    system = session.system_proxy
    proxy = system.https or system.http or system.pac
    if not proxy or session.proxies.https or session.proxies.http:
        return
    failed = [*failed_at(facts, Stage.DNS), *failed_at(facts, Stage.CONNECT)]
    if not failed or any(_way_is_open(facts, a) for a in failed):
        return
    url = system.https or system.http
    yield Finding(
        hop=client_hop(facts),
        summary=f"The system's proxy ({printable(proxy)}) is not used: go reads only its "
        "environment.",
        evidence=(
            Evidence(
                f"{printable(system.source)} names {printable(proxy)}; HTTPS_PROXY is not set; "
                f"direct tries to {names(failed)} failed ({failed[0].reason})"
            ),
        ),
        fix=(
            Fix(
                "Put it into the environment (a PAC file must be read by hand).",
                f"HTTPS_PROXY={shell_word(url or 'http://proxy.example:3128')} go mod download",
            ),
        ),
        confidence=0.85,
        impact_s=lost_s(failed),
        attempts=indices(failed),
        streams=streams(failed),
        stage=Stage.DNS,
    )


def _way_is_open(facts: Facts, attempt: Attempt) -> bool:
    """A RST came back from farther than the site's own firewall: the SYN was let out."""
    if attempt.reason != "refused" or attempt.stream is None:
        return False
    connection = facts.connection(attempt.stream)
    if connection.server_reset is None or refusal_is_forged(facts, connection):
        return False
    distance = distance_of_ttl(connection.server_reset.ttl)
    return distance is not None and distance > SITE_HOPS
