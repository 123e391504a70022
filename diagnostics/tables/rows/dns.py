"""Questions, messages, answers and lookups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import DnsExchange, DnsLookup, DnsQuery, DnsRecord, DnsResponse, Facts
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments

SHARED = Inline("frame", "time_s", "transaction_id", "ip_ttl", "whole")
"""Leaves out what queries and responses both have."""


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One question asked of one server over one transport, its retries joined."""

    exchange: Annotated[DnsExchange, Inline()]
    first_s: float
    """Time of its first message."""
    first_utc: datetime | None
    rcode: str | None
    """Of the response that a stub resolver takes; null when there is none."""
    latency_s: float | None
    """Of that response, since the query it answers."""
    addresses: tuple[str, ...]
    """A and AAAA data of that response."""
    aliases: tuple[str, ...]
    """Names that the response leads to, CNAME by CNAME."""
    answers_differ: bool
    """Responses disagree: about the rcode, the addresses, or where the name leads to."""
    frames: tuple[int, ...]
    """Every frame of it, in order."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One DNS query or response; columns that only the other kind has are null."""

    exchange: int
    """`dns_exchanges.index`."""
    kind: str
    """`query` or `response`."""
    name: str
    qtype: str
    client: str
    server: str
    transport: str
    """`udp` or `tcp`."""
    frame: int
    time_s: float
    time_utc: datetime | None
    transaction_id: int
    ip_ttl: int
    whole: bool
    """False: the capture's snaplen hides the rest of it."""
    query: Annotated[DnsQuery | None, SHARED]
    response: Annotated[DnsResponse | None, SHARED]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One resource record of the answer section of one response."""

    exchange: int
    """`dns_exchanges.index`."""
    frame: int
    """Of the response."""
    time_s: float
    time_utc: datetime | None
    server: str
    position: int
    """In the answer section, from 0."""
    record: Annotated[DnsRecord, Inline()]


@dataclass(frozen=True, slots=True)
class LookupRow:
    """Everything a client asked to resolve one name once: A and AAAA, retries, servers, TCP."""

    lookup: Annotated[DnsLookup, Inline("exchanges")]
    exchanges: tuple[int, ...]
    """`dns_exchanges.index` of each question."""
    start_utc: datetime | None
    end_utc: datetime | None
    frames: tuple[int, ...]
    """Every frame of it, in order."""


def exchanges(facts: Facts) -> Iterator[ExchangeRow]:
    """All questions, by index."""
    clock = Moments(facts.capture)
    for asked in facts.dns:
        taken = asked.response
        yield ExchangeRow(
            exchange=asked,
            first_s=asked.first_s,
            first_utc=clock.at(asked.first_s),
            rcode=asked.rcode,
            latency_s=taken.latency_s if taken else None,
            addresses=taken.addresses if taken else (),
            aliases=asked.aliases,
            answers_differ=asked.answers_differ,
            frames=asked.frames,
        )


def messages(facts: Facts) -> Iterator[MessageRow]:
    """All queries and responses of each exchange, in order of frames."""
    clock = Moments(facts.capture)
    for asked in facts.dns:
        said: list[DnsQuery | DnsResponse] = [*asked.queries, *asked.responses]
        for message in sorted(said, key=lambda one: one.frame):
            yield MessageRow(
                exchange=asked.index,
                kind="query" if isinstance(message, DnsQuery) else "response",
                name=asked.name,
                qtype=asked.qtype,
                client=asked.client,
                server=asked.server,
                transport=asked.transport,
                frame=message.frame,
                time_s=message.time_s,
                time_utc=clock.at(message.time_s),
                transaction_id=message.transaction_id,
                ip_ttl=message.ip_ttl,
                whole=message.whole,
                query=message if isinstance(message, DnsQuery) else None,
                response=message if isinstance(message, DnsResponse) else None,
            )


def answers(facts: Facts) -> Iterator[AnswerRow]:
    """All records of all responses."""
    clock = Moments(facts.capture)
    for asked in facts.dns:
        for response in asked.responses:
            utc = clock.at(response.time_s)
            for position, record in enumerate(response.answers):
                place = asked.index, response.frame, response.time_s, utc, asked.server, position
                yield AnswerRow(*place, record)


def lookups(facts: Facts) -> Iterator[LookupRow]:
    """All lookups, by index."""
    clock = Moments(facts.capture)
    for lookup in facts.lookups:
        yield LookupRow(
            lookup=lookup,
            exchanges=tuple(exchange.index for exchange in lookup.exchanges),
            start_utc=clock.at(lookup.start_s),
            end_utc=clock.at(lookup.end_s),
            frames=tuple(sorted(f for exchange in lookup.exchanges for f in exchange.frames)),
        )
