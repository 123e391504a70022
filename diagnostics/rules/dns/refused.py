"""The resolver refuses to serve this client.

What it means
-------------
The DNS server answered REFUSED for every address type that go asked for.

Why it happens
--------------
The server answers only its own networks (a VPN range, an office), and this client is outside
them; or it is an authoritative server that does not resolve for others.

How it is recognised
--------------------
Queries of one lookup are answered with rcode 5, and no address follows from any server.

Fix
---
Use a resolver that serves this network, or have the client's range allowed.

References
----------
RFC 1035 section 4.1.1; go prints "server misbehaving" for it, as for SERVFAIL.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.lookupfailures import Failure, rcode_findings
from diagnostics.report.escape import shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("dns.slow", "dns.lossy")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that refused a lookup the download needs."""
    return rcode_findings(facts, Failure.REFUSED, _words)


def _words(server: str, names: str) -> tuple[str, tuple[Fix, ...]]:
    name = names.split(", ")[0]
    return f"The resolver {server} refuses to answer this client ({names}).", (
        Fix(
            "Use a resolver that serves this network; see which ones are configured.",
            "cat /etc/resolv.conf",
        ),
        Fix("Check that another one answers.", f"nslookup {shell_word(name)} 1.1.1.1"),
    )
