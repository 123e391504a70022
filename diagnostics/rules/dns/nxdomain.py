"""The resolver says that the name does not exist.

What it means
-------------
The DNS server answered NXDOMAIN for a name that the download needs, so go never opened a
connection.

Why it happens
--------------
A typing error in GOPROXY or in a module path; a private name asked of a public resolver (VPN off,
split DNS); a DNS filter that answers for blocked names.

How it is recognised
--------------------
A or AAAA queries of one lookup are answered with rcode 3 and no address, and no later lookup of
the same name (nor a try with a search suffix) gives one.

Fix
---
Ask the resolver that knows the name, or correct the name.

References
----------
RFC 1035 section 4.1.1, RFC 8020; go prints "no such host" for it (net/dnsclient_unix.go).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analyzers.facts import Facts
from diagnostics.lookupfailures import Failure, rcode_findings
from diagnostics.mirrors import elsewhere
from diagnostics.proxies import is_proxy_name
from diagnostics.report.escape import shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("dns.slow", "dns.lossy")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that denied a name the download needs."""
    return rcode_findings(facts, Failure.NXDOMAIN, partial(_words, facts))


def _words(facts: Facts, server: str, names: str) -> tuple[str, tuple[Fix, ...]]:
    name = names.split(", ")[0]
    summary = f"The resolver {server} answers that {names} does not exist."
    proxy = is_proxy_name(facts, name)
    # Behind a proxy that cannot be found, every module proxy is as far away.
    around = () if proxy else _around(name)
    told = "env | grep -i _proxy" if proxy else "go env GOPROXY GOSUMDB"
    return summary, (
        Fix("Check the spelling of the name.", told),
        Fix(
            "Ask another resolver; if that one knows the name, use it (VPN, resolv.conf).",
            f"nslookup {shell_word(name)} 1.1.1.1",
        ),
        *around,
    )


def _around(name: str) -> tuple[Fix, ...]:
    return elsewhere(
        name,
        "Or go round it with a module proxy that resolves here; a pipe falls through on any "
        "error, a comma only on 404 and 410.",
        *("goproxy.cn", "proxy.golang.org", "goproxy.io"),
    )
