"""What was asked of which resolver, and what came back."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import DnsExchange, DnsLookup, Facts
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms
from diagnostics.report.table import Table


def tables(facts: Facts) -> Iterator[Table]:
    """Lookups as the client makes them, then the exchanges they are made of."""
    yield Table(
        "DNS lookups",
        ("name", ">at s", ">took ms", "addresses", "search name of"),
        [_lookup(lookup) for lookup in facts.lookups],
    )
    yield Table(
        "DNS exchanges",
        (
            ">no",
            "name",
            "type",
            "server",
            "over",
            ">queries",
            ">answers",
            "rcode",
            ">ms",
            "answer",
            ">for no",
            "frames",
        ),
        [_exchange(exchange) for exchange in facts.dns],
    )


def _lookup(lookup: DnsLookup) -> tuple[object, ...]:
    return (
        lookup.name,
        at(lookup.start_s),
        ms(lookup.end_s - lookup.start_s),
        ", ".join(lookup.addresses) or None,
        lookup.search_of,
    )


def _exchange(exchange: DnsExchange) -> tuple[object, ...]:
    response = exchange.response
    return (
        exchange.index,
        exchange.name,
        exchange.qtype,
        exchange.server,
        exchange.transport + (" cut" if response and response.truncated else ""),
        len(exchange.queries),
        len(exchange.responses),
        exchange.rcode,
        ms(response.latency_s) if response else None,
        ", ".join(record.data or record.type for record in response.answers) if response else None,
        exchange.forwarded_for,
        frame_numbers((*exchange.frames, *exchange.icmp_frames)),
    )
