"""The answer is an address where the service cannot be.

What it means
-------------
The resolver names an address that is loopback, unspecified or private for a public service, and
what answers there, if anything, is not that service.

Why it happens
--------------
DNS block lists and parental filters (0.0.0.0), a stale entry in a hosts-like zone, a wildcard of
a search domain, a captive portal.

How it is recognised
--------------------
The address is loopback, unspecified, link-local or reserved, or it is private while other names
of the download have public addresses; and no try to use it succeeded. A split-horizon answer that
works is no finding, nor is an internal service that answers under its name, with whatever error,
nor an explicit HTTP proxy.

Fix
---
Have the name taken off the block list, or ask another resolver.

References
----------
RFC 6890 (special-purpose addresses).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from analyzers.facts import Attempt, DnsLookup, Facts, Outcome, Stage
from analyzers.gosigns import GO_NAMES
from diagnostics.lookupfailures import hop_of, resolvers_of
from diagnostics.proxies import leads_to_proxy
from diagnostics.rejections import Refusal, rejections
from diagnostics.report.escape import shell_word
from diagnostics.tries import attempts_of_lookups, indices, lookup_evidence, lost_s, streams
from diagnostics.verdict import Finding, Fix

EXPLAINS = ("tcp.*", "tls.*", "http.*", "dns.slow")

LOCAL_NAMES = ("localhost",)
PRIVATE = ("10.", "192.168.", "172.", "fc", "fd")


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name that resolves to an address where it is not served."""
    done: set[str] = set()
    for lookup in facts.lookups:
        if lookup.name in done or lookup.name.split(".")[-1] in LOCAL_NAMES:
            continue
        wrong = [a for a in lookup.addresses if _is_bogus(facts, lookup, a)]
        if not wrong or len(wrong) < len(lookup.addresses) or _works(facts, lookup.name):
            continue
        if not any(map(_never_served, wrong)) and _answers_as_asked(facts, lookup.name):
            continue
        done.add(lookup.name)
        lookups = [k for k in facts.lookups if k.name == lookup.name]
        attempts = attempts_of_lookups(facts, lookups)
        yield Finding(
            hop=hop_of(facts, lookup),
            summary=f"The resolver {resolvers_of(lookup)[0]} gives {wrong[0]} for {lookup.name}, "
            "where that service cannot be.",
            evidence=(
                lookup_evidence(
                    lookup,
                    f"{lookup.name} → {', '.join(wrong)}: {_kind(wrong[0])}; "
                    f"{_what_answers(attempts)}",
                ),
            ),
            fix=(
                Fix("Ask another resolver.", f"nslookup {shell_word(lookup.name)} 1.1.1.1"),
                Fix(
                    "Have the name taken off the DNS block list, or remove it from the hosts file."
                ),
            ),
            confidence=0.95 if not _is_private(wrong[0]) else 0.75,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            fatal=True,
            stage=Stage.DNS,
        )


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def _is_private(address: str) -> bool:
    """RFC 1918 and RFC 4193 space (not every non-global address: test networks carry labs)."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_private and address.startswith(PRIVATE)


def _never_served(address: str) -> bool:
    parsed = _parse(address)
    if parsed is None:
        return False
    return (
        parsed.is_loopback
        or parsed.is_unspecified
        or parsed.is_link_local
        or parsed.is_multicast
        or (isinstance(parsed, IPv4Address) and int(parsed) >> 28 == 15)
    )


def _is_bogus(facts: Facts, lookup: DnsLookup, address: str) -> bool:
    if _never_served(address):
        return True
    if not _is_private(address) or leads_to_proxy(facts, lookup):
        return False  # that is where the proxies of companies are
    return lookup.name in GO_NAMES or _others_are_public(facts, lookup.name)


def _others_are_public(facts: Facts, name: str) -> bool:
    """Other names of the download resolve outside private space: it is no closed network."""
    mine = {a.lookup for a in facts.attempts if a.is_go}
    others = [
        address
        for lookup in facts.lookups
        if lookup.name != name and (lookup.index in mine or not mine)
        for address in lookup.addresses
    ]
    return bool(others) and not any(_is_private(a) or _never_served(a) for a in others)


def _works(facts: Facts, name: str) -> bool:
    return any(a.name == name and a.outcome is Outcome.SUCCEEDED for a in facts.attempts)


def _answers_as_asked(facts: Facts, name: str) -> bool:
    """What is at the private address has that name: an internal service, however it fails."""
    if name in GO_NAMES or any(
        r.refusal is Refusal.NAME_MISMATCH and r.attempt.name == name for r in rejections(facts)
    ):
        return False
    return any(
        a.reason.startswith("status")
        or (a.handshake is not None and facts.handshakes[a.handshake].server_hello is not None)
        for a in facts.attempts
        if a.name == name and a.stream is not None
    )


def _kind(address: str) -> str:
    parsed = _parse(address)
    if parsed is None:
        return "no address"
    if parsed.is_unspecified:
        return "the unspecified address"
    if parsed.is_loopback:
        return "this machine itself"
    return "a private address" if _is_private(address) else "a reserved address"


def _what_answers(attempts: list[Attempt]) -> str:
    tried = [a for a in attempts if a.stream is not None]
    if not tried:
        return "no connection to it is in the capture"
    return f"connecting there ended with: {tried[0].reason}"
