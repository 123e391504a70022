"""How a lookup failed, in one word each: what the DNS rules share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from analyzers.facts import Attempt, DnsExchange, DnsLookup, Facts, Outcome, Stage
from diagnostics.gosays import gave_up, lines
from diagnostics.localize import is_own_address, resolver_hop
from diagnostics.needs import unanswered
from diagnostics.report.escape import printable
from diagnostics.timeline import union_s
from diagnostics.tries import attempts_of_lookups, indices, lookup_evidence, seconds
from diagnostics.verdict import Evidence, Finding, Fix, Hop

ADDRESS_TYPES = ("A", "AAAA")


class Failure(StrEnum):
    """Why a lookup gave no address."""

    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    FORMERR = "formerr"
    NO_ADDRESS = "no_address"
    UNREACHABLE = "unreachable"
    NO_RESPONSE = "no_response"
    HALF_ANSWERED = "half_answered"


RCODES = {
    "NXDOMAIN": Failure.NXDOMAIN,
    "SERVFAIL": Failure.SERVFAIL,
    "REFUSED": Failure.REFUSED,
    "FORMERR": Failure.FORMERR,
    "NOTIMP": Failure.FORMERR,
}


def failure_of(lookup: DnsLookup) -> Failure | None:
    """Why the lookup gave no address; None when it gave one, did not ask, or cannot be read."""
    asked = [e for e in lookup.exchanges if e.qtype in ADDRESS_TYPES and e.queries]
    if lookup.addresses or not asked or any(r.unread for e in asked for r in e.responses):
        return None
    rcodes = {e.rcode for e in asked if e.rcode is not None}
    for rcode, failure in RCODES.items():
        if rcode in rcodes:
            return failure
    if not rcodes:
        touched = any(e.icmp_frames for e in asked)
        return Failure.UNREACHABLE if touched else Failure.NO_RESPONSE
    answered = {e.qtype for e in asked if e.rcode is not None}
    unanswered = {e.qtype for e in asked} - answered
    return Failure.HALF_ANSWERED if unanswered else Failure.NO_ADDRESS


def resolvers_of(lookup: DnsLookup) -> tuple[str, ...]:
    """The servers it was asked of, first asked first."""
    return tuple(dict.fromkeys(e.server for e in lookup.exchanges))


def failed_lookups(
    facts: Facts, failure: Failure
) -> Iterator[tuple[str, list[tuple[DnsLookup, Attempt]]]]:
    """Failed lookups of this kind with their attempts, by the server that failed them (the one
    that said so, else the first one asked); those of other programs apart from go's."""
    found: dict[tuple[str, bool], list[tuple[DnsLookup, Attempt]]] = {}
    for attempt in facts.attempts:
        if attempt.stage is not Stage.DNS or attempt.outcome is not Outcome.FAILED:
            continue
        assert attempt.lookup is not None
        lookup = facts.lookups[attempt.lookup]
        if failure_of(lookup) is failure and not passed_on(facts, lookup, failure):
            key = _blamed(lookup, failure), attempt.is_go
            found.setdefault(key, []).append((lookup, attempt))
    return ((server, failed) for (server, _), failed in found.items())


def _blamed(lookup: DnsLookup, failure: Failure) -> str:
    said = (e.server for e in lookup.exchanges if RCODES.get(e.rcode or "") is failure)
    return next(said, resolvers_of(lookup)[0])


def forwarded(facts: Facts, exchange: DnsExchange) -> Iterator[DnsExchange]:
    """The same question as a forwarder on this machine asked it of its own server."""
    if not is_own_address(facts, exchange.server):
        return
    end_s = exchange.responses[0].time_s if exchange.responses else exchange.queries[-1].time_s
    for other in facts.dns:
        same = (other.name, other.qtype) == (exchange.name, exchange.qtype)
        meanwhile = any(exchange.first_s <= q.time_s <= end_s for q in other.queries)
        if same and meanwhile and not is_own_address(facts, other.server):
            yield other


def with_askers(facts: Facts, lookups: Iterable[DnsLookup]) -> list[DnsLookup]:
    """These lookups, and those for which a forwarder on this machine made them: it hands their
    answers on."""
    found = list(lookups)
    made = {e.index for k in found for e in k.exchanges}
    return found + [
        k
        for k in facts.lookups
        if not made & {e.index for e in k.exchanges}
        and any(o.index in made for e in k.exchanges if e.queries for o in forwarded(facts, e))
    ]


def passed_on(facts: Facts, lookup: DnsLookup, failure: Failure) -> bool:
    """A forwarder on this machine hands on what its own server did (or did not) answer."""
    behind = [o for e in lookup.exchanges if e.queries for o in forwarded(facts, e)]
    if failure in (Failure.SERVFAIL, Failure.NO_RESPONSE):
        return bool(behind) and not any(o.responses for o in behind)
    return any(RCODES.get(o.rcode or "") is failure for o in behind)


Words = Callable[[str, str], tuple[str, tuple[Fix, ...]]]
"""Resolver and names in, summary and fixes out."""


def rcode_findings(facts: Facts, failure: Failure, words: Words) -> Iterator[Finding]:
    """One finding per resolver that answered lookups of the download with this failure."""
    needed = unanswered(facts.attempts, facts)
    for server, every in failed_lookups(facts, failure):
        failed = [(k, a) for k, a in every if a.index in needed or gave_up_over(facts, k)]
        if not failed:
            continue
        lookups = [lookup for lookup, _ in failed]
        summary, fix = words(server, ", ".join(dict.fromkeys(k.name for k in lookups)))
        yield Finding(
            hop=resolver_hop(facts, server),
            summary=summary,
            evidence=tuple(_rcode_evidence(k) for k in lookups[:3]),
            fix=fix,
            confidence=0.97,
            impact_s=spent_s(lookups),
            attempts=indices(a for _, a in failed),
            fatal=any(gave_up_over(facts, k) for k in lookups),
            stage=Stage.DNS,
        )


def gave_up_over(facts: Facts, lookup: DnsLookup) -> bool:
    """go ended over a lookup of this name, whatever other lookups of it gave: it asks for each
    connection anew, and repeats none."""
    said = re.compile(rf"\blookup {re.escape(lookup.name)}( on \S+)?: ")
    return gave_up(facts) and any(lines(facts, said))


def _rcode_evidence(lookup: DnsLookup) -> Evidence:
    said = ", ".join(
        f"{e.qtype} → {e.rcode if e.rcode is not None else 'no answer'}" for e in lookup.exchanges
    )
    more = [f"{code} {text}".strip() for e in lookup.exchanges for code, text in _extended(e)]
    if more:
        said += f" (extended error {printable(', '.join(dict.fromkeys(more)))})"
    took_s = lookup.end_s - lookup.start_s
    return lookup_evidence(
        lookup, f"{lookup.name} asked of {_server(lookup)}: {said} in {seconds(took_s)}"
    )


def _extended(exchange: DnsExchange) -> tuple[tuple[int, str], ...]:
    return exchange.response.extended_errors if exchange.response is not None else ()


def _server(lookup: DnsLookup) -> str:
    return " and ".join(resolvers_of(lookup))


def spent_s(lookups: list[DnsLookup]) -> float:
    """Time that the lookups took together; parallel ones count once."""
    return union_s((k.start_s, k.end_s) for k in lookups)


def waiting_attempts(facts: Facts, lookups: list[DnsLookup]) -> list[Attempt]:
    """Attempts that waited for these lookups, whatever became of them."""
    return attempts_of_lookups(facts, lookups)


def hop_of(facts: Facts, lookup: DnsLookup) -> Hop:
    """The resolver that a lookup asked first."""
    return resolver_hop(facts, resolvers_of(lookup)[0])
