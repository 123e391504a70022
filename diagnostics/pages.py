"""Web pages among the answers: what a portal gives, and what go asks for in discovery only."""

from __future__ import annotations

import re

from analyzers.facts import HttpExchange

HTML = re.compile(rb"^\s*<(!doctype|html|head|body|meta|script|title)", re.IGNORECASE)
REDIRECTS = (301, 302, 303, 307, 308)
LOGIN_WANTED = 511
"""Network Authentication Required (RFC 6585 section 6)."""
PAGE_WANTED = re.compile(r"[?&]go-get=1")
"""Discovery reads a page's meta tags, wherever a redirect leads (go.dev/ref/mod#vcs-find)."""


def is_page(request: HttpExchange) -> bool:
    """A web page where info, mod, zip or a list was asked (error pages of 4xx and 5xx are not)."""
    if request.status == LOGIN_WANTED:
        return True
    if request.status is None or request.status >= 300:
        return False
    if HTML.match(request.body_start):
        return True
    # Of HTTP/2 inside TLS the heads are kept, not the bodies.
    bodiless = request.inside is not None and not request.body_start
    return bodiless and (request.header("content-type") or "").lower().startswith("text/html")
