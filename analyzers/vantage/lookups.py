"""DNS over UDP at two points: the same questions, and what became of queries and answers."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import DnsExchange, DnsQuery, DnsResponse, Facts
from captures.lazyclass import dataclass

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One transaction, as either capture shows it: queries with one id, and their answers."""

    exchange: DnsExchange
    queries: tuple[DnsQuery, ...]
    responses: tuple[DnsResponse, ...]


def transactions(facts: Facts) -> dict[Key, Asked]:
    """UDP transactions by name, type and id; those whose key occurs twice are left out."""
    found: dict[Key, Asked] = {}
    twice: set[Key] = set()
    for exchange in facts.dns:
        if exchange.transport != "udp":
            continue
        for ident in {q.transaction_id for q in exchange.queries}:
            key = (exchange.name, exchange.qtype, ident)
            if key in found:
                twice.add(key)
            found[key] = Asked(
                exchange,
                tuple(q for q in exchange.queries if q.transaction_id == ident),
                tuple(r for r in exchange.responses if r.transaction_id == ident),
            )
    return {key: asked for key, asked in found.items() if key not in twice}


def only_here(here: Asked, there: Asked) -> Iterator[DnsResponse]:
    """Answers to one question that the other point has not; how often it was recorded is no matter,
    routers are recorded on two sides."""
    known = {_content(r) for r in there.responses}
    return (r for r in here.responses if _content(r) not in known)


def _content(response: DnsResponse) -> tuple[object, ...]:
    """What a router does not change; a snaplen may hide the records."""
    records = tuple(sorted((r.type, r.data) for r in response.answers)) if response.whole else ()
    return (
        response.rcode,
        response.truncated,
        response.has_edns if response.whole else None,
        records,
    )
