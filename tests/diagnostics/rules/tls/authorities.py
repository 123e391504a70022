"""Chains for the certificate rules, of an authority that is trusted and of one that is not."""

from __future__ import annotations

from functools import cache
from typing import Any

from analyzers.certificates import chain
from analyzers.facts import Chain
from captures.session import Roots, Session
from tests.analyzers.authority import NOW, YEAR, Entity, authority, leaf, name
from tests.factories import NAME, session

URL = "http://ca.example.com/sub.der"
LONG_AGO: dict[str, Any] = {"start": NOW - 3 * YEAR, "end": NOW - YEAR}
TO_COME: dict[str, Any] = {"start": NOW + YEAR, "end": NOW + 2 * YEAR}
FRAMES = (151, 152)


@cache
def root() -> Entity:
    """The root that the recorded client trusts."""
    return authority("Example Root CA", subject=name("Example Root CA", "Example Trust"))


@cache
def sub() -> Entity:
    """Its intermediate."""
    return authority("Example Sub CA", root(), subject=name("Example Sub CA", "Example Trust"))


@cache
def private_root() -> Entity:
    """A root of some office, which nobody else trusts."""
    return authority("Office Root CA", subject=name("Office Root CA", "Office"))


@cache
def good(host: str = NAME) -> Entity:
    """A leaf with nothing wrong."""
    return leaf(host, sub(), issuer_url=URL)


def sent(*certificates: Entity, source: str = "wire") -> Chain:
    """A Certificate message with these, leaf first."""
    return chain([c.der for c in certificates], () if source == "probe" else FRAMES, source)


def trusting(*roots: Entity, output: tuple[str, ...] = (), **changes: Any) -> Session:
    """A session of a client that trusts these roots only."""
    pem = "".join(r.pem for r in roots)
    return session(*output, roots=Roots(source=("/etc/ssl/certs",), extra_pem=pem), **changes)
