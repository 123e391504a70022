"""The module proxy does not have the file, nor does the next one.

What it means
-------------
Every entry of GOPROXY that was asked answered 404 or 410.

Why it happens
--------------
A wrong version or module path, a private module asked of a public proxy, a proxy that could not
fetch it from its origin (its text says why), a wrong path in GOPROXY.

How it is recognised
--------------------
404 or 410 for a module file, and no other entry answered the same file with success. Statuses
inside TLS come from go's own trace. Files that go can do without (version lists, sumdb support)
do not count.

Fix
---
Check module path and version; mark private modules as such.

References
----------
go.dev/ref/mod#goproxy-protocol: 404 and 410 fall through to the next entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from analyzers.facts import Facts
from captures.modulepaths import unescape
from diagnostics.answers import Answer, host_of, status_findings
from diagnostics.report.escape import printable, shell_word
from diagnostics.verdict import Finding, Fix

EXPLAINS = ()

GO_GET = "?go-get=1"
"""How go asks the module's own host for its repository (go.dev/ref/mod#vcs-find)."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per host that does not have a file the download needs."""
    return status_findings(facts, lambda status: status in (404, 410), _words, _fix)


def _words(answer: Answer) -> str:
    if GO_GET in answer.url:
        return (
            f"{host_of(answer.url)} does not say where the repository of {_path(answer.url)} is "
            f"({answer.status})."
        )
    return (
        f"{host_of(answer.url)} does not have {answer.url.partition('://')[2]} ({answer.status})."
    )


def _fix(answer: Answer) -> tuple[Fix, ...]:
    return (
        Fix("Read what the proxy says about it.", f"curl -s {shell_word(answer.url)}"),
        Fix(
            "If the module is private, keep it away from public proxies.",
            f"go env -w GOPRIVATE={shell_word(_private(answer.url))}",
        ),
        Fix(
            "If another proxy or the origin has it, let go fall through to it.",
            "go env -w GOPROXY=https://proxy.golang.org,direct",
        ),
    )


def _private(url: str) -> str:
    """The start of the asked module's path, as GOPRIVATE takes it: its host and the next element.

    What stands before the host is the module proxy's own prefix.
    """
    if GO_GET in url:
        return printable(_path(url))
    asked = urlsplit(url).path if host_of(url) else ""
    parts = unescape(asked.partition("/@")[0]).strip("/").split("/")
    first = next((at for at, part in enumerate(parts) if "." in part), None)
    if first is None or "/@" not in asked:
        return "example.com/yours"
    return printable("/".join(parts[first : first + 2]))


def _path(url: str) -> str:
    """The import path that go asked its host about."""
    return url.partition("://")[2].partition("?")[0].strip("/")
