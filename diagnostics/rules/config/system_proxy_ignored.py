"""The system has a proxy, and go does not use it.

What it means
-------------
This machine's settings (or a PAC file) send programs through a proxy; go reads only HTTPS_PROXY
and HTTP_PROXY from its environment, found none, and tried to connect directly.

Why it happens
--------------
Networks where only the proxy is let out, with the proxy set in the system's or desktop's
settings.

How it is recognised
--------------------
The session found a system proxy, the environment names none, and direct connections (or lookups)
of the download failed.

Fix
---
Put the proxy into the environment.

References
----------
golang/go issue 21943 (closed: go will not read the system's settings).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts, Stage
from diagnostics.localize import client_hop
from diagnostics.report.escape import printable, shell_word
from diagnostics.tries import failed_at, indices, lost_s, names, streams
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.*", "tcp.*")


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
    if not failed:
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
