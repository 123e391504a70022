"""A portal answers in the module proxy's place.

What it means
-------------
Where a module file was asked, a redirect to another site or a web page came back.

Why it happens
--------------
A hotel, airport or office network that wants a log-in first; a single-sign-on page in front of a
module proxy.

How it is recognised
--------------------
A module file's URL is answered with HTML, with status 511, or with a redirect to another host
that then delivers no module file, or of several files to one and the same page; inside TLS, go's
own words ("invalid character '<'", "missing module line").

Fix
---
Log in with a browser, then download again.

References
----------
RFC 6585 section 6, RFC 8908; golang/go issue 38680.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzers.facts import Attempt, Facts, HttpExchange, Stage
from analyzers.gosigns import MODULE_PATH
from diagnostics.answers import attempts_at, host_of
from diagnostics.gosays import gave_up, lines
from diagnostics.localize import portal_hop, server_hop
from diagnostics.pages import PAGE_WANTED, REDIRECTS, is_page
from diagnostics.report.escape import printable, shell_word
from diagnostics.tries import indices, listed, lost_s, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ("http.not_found", "http.unauthorized", "http.truncated_body", "go.*")

PAGE_WORDS = re.compile(
    r"invalid character '<' looking for beginning of value|parsing go\.mod: missing module line"
)
"""A web page read as .info (JSON), or as .mod: of a dependency's go.mod go skips what it does not
know, which leaves nothing of a page."""
URL = re.compile(r"https?://[^\s\"]+")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per address that answers module requests with web pages."""
    by_address: dict[str | None, list[tuple[Attempt, HttpExchange]]] = {}
    asked = list(_module_requests(facts))
    pages = _pages_for_all(request for _, request in asked)
    for attempt, request in asked:
        if (
            is_page(request)
            or request.header("location") in pages
            or _leads_nowhere(facts, request)
        ):
            by_address.setdefault(attempt.address, []).append((attempt, request))
    for found in by_address.values():
        yield _finding(facts, found)
    if not by_address:
        yield from _said_by_go(facts)


def _module_requests(facts: Facts) -> Iterator[tuple[Attempt, HttpExchange]]:
    for attempt in facts.attempts:
        if len(attempt.requests) == 1:
            request = facts.requests[attempt.requests[0]]
            file = MODULE_PATH.search(request.target) and not PAGE_WANTED.search(request.target)
            if not request.is_connect and (file or request.status == 511):
                yield attempt, request


def _pages_for_all(requests: Iterable[HttpExchange]) -> frozenset[str]:
    """Where different module files are redirected to one and the same URL: no file is there."""
    files: dict[str, set[str]] = {}
    for request in requests:
        location = request.header("location")
        if request.status in REDIRECTS and location:
            files.setdefault(location, set()).add(request.target)
    return frozenset(location for location, targets in files.items() if len(targets) > 1)


def _leads_nowhere(facts: Facts, request: HttpExchange) -> bool:
    """A redirect to another host that answered with pages or more redirects, and nothing else."""
    location = request.header("location")
    if request.status not in REDIRECTS or not location:
        return False
    host = host_of(location)
    if not host or host == host_of(f"http://{request.host or ''}"):
        return False
    landed = [
        r
        for r in facts.requests
        if host_of(f"http://{r.host or ''}") == host and r.request_s >= request.request_s
    ]
    pages = [r for r in landed if is_page(r) or r.status in REDIRECTS]
    return bool(pages) and len(pages) == len([r for r in landed if r.status is not None])


def _finding(facts: Facts, found: list[tuple[Attempt, HttpExchange]]) -> Finding:
    attempts = [a for a, _ in found]
    first = found[0][1]
    what = (
        f"redirected to {printable(first.header('location') or '')}"
        if first.header("location")
        else f"answered with a web page: {printable(first.body_start[:60].decode('latin-1'))}"
    )
    frames = [f for _, r in found[:3] for f in (*r.request_frames, r.response_frame) if f]
    page = first.header("location") or f"http://{first.host}/"
    return Finding(
        hop=_hop(facts, attempts[0]),
        summary="A log-in page answers where module files were asked: a captive portal.",
        evidence=(Evidence(f"{listed(a.need for a in attempts)} {what}", tuple(sorted(frames))),),
        fix=(
            Fix("Open the page in a browser and log in.", f"xdg-open {shell_word(page)}"),
            Fix("Then remove what was cached in its place.", "go clean -modcache"),
        ),
        confidence=0.93,
        impact_s=lost_s(attempts),
        attempts=indices(attempts),
        streams=streams(attempts),
        fatal=True,
        stage=Stage.CONNECT,
    )


def _hop(facts: Facts, attempt: Attempt) -> Hop:
    """Behind an explicit proxy nobody sees where the portal stands."""
    if attempt.via_proxy:
        return server_hop(facts, attempt)
    return portal_hop(facts, attempt.address)


def _said_by_go(facts: Facts) -> Iterator[Finding]:
    """Inside TLS only go can tell that it got a page."""
    said = list(lines(facts, PAGE_WORDS))
    if not said or not gave_up(facts):
        return
    urls = [u for line in said for u in URL.findall(line)]
    attempts = [a for url in urls[:8] for a in attempts_at(facts, url)]
    yield Finding(
        hop=Hop(Role.MIDDLEBOX),
        summary="A web page came back where module files were asked: a log-in or block page.",
        evidence=(Evidence(f"go printed: {said[0]}"),),
        fix=(Fix("Open the module proxy's address in a browser and see what it shows."),),
        confidence=0.7,
        impact_s=0.0,
        attempts=indices(attempts),
        fatal=True,
        stage=Stage.RESPONSE,
    )
