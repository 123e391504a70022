"""One of A and AAAA is answered, the other never: go waits for both.

What it means
-------------
The resolver (or a box before it) answers one address type at once and swallows the other. Go's
lookup completes only when both are done, so each new connection waits for the time-out.

Why it happens
--------------
Home routers, DNS filters and firewalls that drop AAAA queries instead of answering "no address".

How it is recognised
--------------------
In one lookup, all queries of one address type are unanswered, at least two of them or one for
more than a second, while the other type was answered; in other lookups of the name that type is
not answered either. Where it is answered for other names, nothing else may have got lost.

Fix
---
Use a resolver that answers AAAA.

References
----------
golang/go issue 22406; RFC 4074 section 4.1 (ignoring AAAA queries).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, DnsExchange, DnsLookup, Facts, Stage
from analyzers.usedlookups import QUERY_TIMEOUT_S
from diagnostics.lookupfailures import ADDRESS_TYPES, hop_of, resolvers_of, waiting_attempts
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.tries import indices, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = ("dns.lossy", "dns.slow", "tcp.syn_timeout")

MIN_WAIT_S = 1.0
"""Below this a late answer is still likely."""


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per resolver that leaves one address type unanswered."""
    by_server: dict[str, list[tuple[DnsLookup, DnsExchange, float]]] = {}
    for lookup in facts.lookups:
        half = _half(facts, lookup)
        if half is not None:
            by_server.setdefault(resolvers_of(lookup)[0], []).append((lookup, *half))
    for server, found in by_server.items():
        found = [(k, e, until_s) for k, e, until_s in found if not _was_loss(facts, k, e)]
        if not found:
            continue
        lookups = [k for k, _, _ in found]
        lookup, silent, _ = found[0]
        yield Finding(
            hop=hop_of(facts, lookup),
            summary=f"The resolver {server} never answers {silent.qtype} queries; go waits for "
            "both address types before it connects.",
            evidence=tuple(_evidence(k, e, until_s) for k, e, until_s in found[:3]),
            fix=(
                Fix(
                    "Check it by hand.",
                    f"nslookup -type={silent.qtype} {shell_word(lookup.name)} {shell_word(server)}",
                ),
                Fix("Use a resolver that answers both types.", "cat /etc/resolv.conf"),
            ),
            confidence=0.93,
            impact_s=union_s((_answered_s(k), until_s) for k, _, until_s in found),
            attempts=indices(waiting_attempts(facts, lookups)),
            delays_only=True,
            stage=Stage.DNS,
        )


def _half(facts: Facts, lookup: DnsLookup) -> tuple[DnsExchange, float] | None:
    """The silent exchange of a half-answered lookup, and when its wait was over."""
    asked = [e for e in lookup.exchanges if e.qtype in ADDRESS_TYPES and e.queries]
    answered = {e.qtype for e in asked if e.responses}
    silent = [e for e in asked if e.qtype not in answered]
    # A resolver that fails on one type is about to fail on the other, and not silent about it.
    if not silent or not any(e.rcode == "NOERROR" for e in asked):
        return None
    until_s = _given_up_s(facts, lookup, silent[-1])
    # Who goes on as soon as the one half is there has the other one too, be it captured or not.
    waited_s = until_s - max(silent[0].first_s, _answered_s(lookup))
    tries = sum(len(e.queries) for e in silent)
    return (silent[0], until_s) if tries > 1 or waited_s >= MIN_WAIT_S else None


def _given_up_s(facts: Facts, lookup: DnsLookup, silent: DnsExchange) -> float:
    """When the client stopped waiting: its next step, or the time-out of its last query."""
    timeout_s = silent.queries[-1].time_s + QUERY_TIMEOUT_S
    next_steps = [
        facts.connection(a.stream).first_s
        for a in facts.attempts
        if a.stream is not None
        and facts.connection(a.stream).first_s >= silent.queries[-1].time_s
        and _may_use(a, lookup)
    ]
    end_s = facts.capture.duration_s
    return min([timeout_s, *next_steps, max(end_s, silent.queries[-1].time_s)])


def _may_use(attempt: Attempt, lookup: DnsLookup) -> bool:
    """A connection that the lookup led to, also where the capture lost the answer: to its name, or
    to an address that nothing in the capture explains."""
    if attempt.address in lookup.addresses or attempt.name == lookup.name:
        return True
    return attempt.name is None and attempt.lookup is None


def _answered_s(lookup: DnsLookup) -> float:
    """When the answered half was there."""
    return max(e.responses[0].time_s for e in lookup.exchanges if e.responses)


def _was_loss(facts: Facts, lookup: DnsLookup, silent: DnsExchange) -> bool:
    """The server does answer this type: of this name; or of others, and was asked but once, or
    leaves other queries without an answer too.

    Many resolvers that answer AAAA drop it for names whose own servers do not.
    """
    same = [e for e in facts.dns if e.server == silent.server and e.qtype == silent.qtype]
    answered = [e for e in same if e.responses]
    if any(e.name == silent.name for e in answered):
        return True
    tries = [q for e in lookup.exchanges if e.qtype == silent.qtype for q in e.queries]
    lossy = any(
        e.server == silent.server and e.name != silent.name and _lost_a_query(e) for e in facts.dns
    )
    return bool(answered) and (len(tries) < 2 or lossy)


def _lost_a_query(exchange: DnsExchange) -> bool:
    return len(exchange.queries) > 1 or not exchange.responses


def _evidence(lookup: DnsLookup, silent: DnsExchange, until_s: float) -> Evidence:
    frames = [q.frame for q in silent.queries]
    frames += [r.frame for e in lookup.exchanges for r in e.responses]
    return Evidence(
        f"{lookup.name}: {silent.qtype} asked {len(silent.queries)} times and never answered, the "
        f"other type answered; the lookup waited {seconds(until_s - silent.first_s)}",
        tuple(sorted(frames)),
    )
