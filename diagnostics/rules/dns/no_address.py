"""The name exists, but has no address.

What it means
-------------
The resolver answered NOERROR without A and without AAAA records: there is nothing to connect to.

Why it happens
--------------
A DNS filter that empties answers, a name that only has other records, an authoritative-only
server entered as resolver, or a split-horizon zone without this entry.

How it is recognised
--------------------
Every address type that was asked is answered with rcode 0, and no answer holds an address.

Fix
---
Ask another resolver; if it has an address, this one withholds it.

References
----------
RFC 2308 section 2.2 (NODATA); go prints "no such host" for it, as for NXDOMAIN.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.lookupfailures import Failure, rcode_findings
from diagnostics.report.escape import shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("dns.slow", "dns.lossy")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that gave no address for a name the download needs."""
    return rcode_findings(facts, Failure.NO_ADDRESS, _words)


def _words(server: str, names: str) -> tuple[str, tuple[Fix, ...]]:
    name = names.split(", ")[0]
    return f"The resolver {server} knows {names}, but gives no address for it.", (
        Fix(
            "Ask another resolver; if it has an address, this one withholds it.",
            f"nslookup {shell_word(name)} 1.1.1.1",
        ),
        Fix("Check the name of the module proxy.", "go env GOPROXY"),
    )
