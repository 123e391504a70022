"""DNS: a capture in, every question with its retries and all the answers to it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import field

from analyzers.dnsforwards import with_forwards
from analyzers.dnsmessages import DnsMessage
from analyzers.dnsrounds import TOGETHER_S, Question, Rounds, question_of
from analyzers.dnstransport import DNS_PORT, Carried, carried_messages
from analyzers.facts import Connection, DnsExchange, DnsQuery, DnsResponse
from analyzers.quotes import TCP, UDP, Quote, error_rows, quote_in
from analyzers.times import seconds_at
from captures.lazyclass import dataclass
from captures.packets import Capture

#: A question asked again while it is unanswered is a retry up to this age: longer than any
#: resolver goes on (go: 2 × 5 s per server and 30 s in all, glibc: 2 × 5 s).
RETRY_S = 30.0
#: One id on one pair of ports comes back this often at most within anybody's patience.
MAX_REUSE = 16

Identity = tuple[str, int, str, int | None, int]
"""Client, its port, server, TCP stream, transaction id."""
Socket = tuple[str, int, str, int]
"""Client, its port, server, IP protocol."""


@dataclass(slots=True)
class _Exchange:
    """An exchange while its messages are still coming in."""

    client: str
    server: str
    server_port: int
    stream: int | None
    name: str
    qtype: str
    queries: list[DnsQuery] = field(default_factory=list)
    responses: list[DnsResponse] = field(default_factory=list)
    icmp_frames: list[int] = field(default_factory=list)
    answered: bool = False

    @property
    def first_s(self) -> float:
        return (self.queries or self.responses)[0].time_s


def exchanges(
    capture: Capture, connections: Sequence[Connection], probes: Collection[int] = ()
) -> tuple[DnsExchange, ...]:
    """All DNS exchanges with port 53 (mDNS and LLMNR have other ports), in order of time.

    `probes` are frames of TTL-limited queries, and of errors about them: nobody waits for an
    answer to those, and what answers them is no answer of a resolver.
    """
    messages = carried_messages(capture, connections)
    told = [error for error in _errors(capture) if error.frame not in probes]
    if probes:
        whole = [m for m in messages if m.frame not in probes]
        asked = {_identity(m) for m in messages if m.frame in probes}
        asked -= {_identity(m) for m in whole if not m.message.is_response}
        messages = [m for m in whole if _identity(m) not in asked]
    book = _Book(messages, told)
    found = sorted(book.exchanges, key=lambda e: e.first_s)
    return with_forwards([_finished(exchange, index) for index, exchange in enumerate(found)])


@dataclass(frozen=True, slots=True)
class _Error:
    """An ICMP error about a packet to port 53."""

    time_s: float
    frame: int
    quote: Quote


def _errors(capture: Capture) -> list[_Error]:
    table = capture.table
    found = []
    for row in error_rows(table).tolist():
        version, kind = int(table.version[row]), int(table.icmp_type[row])
        quote = quote_in(capture.payload(row), version, kind)
        if quote is not None and quote.destination_port == DNS_PORT:
            found.append(_Error(seconds_at(table, row), row + 1, quote))
    return found


@dataclass(slots=True)
class _Asked:
    """The latest query of an exchange under one transaction id."""

    exchange: _Exchange
    time_s: float


class _Book:
    """Joins queries to their retries, and responses and errors to their queries."""

    def __init__(self, messages: Sequence[Carried], errors: Sequence[_Error]) -> None:
        self.exchanges: list[_Exchange] = []
        self._latest: dict[Question, _Exchange] = {}
        self._asked: dict[Identity, list[_Asked]] = defaultdict(list)
        self._sockets: dict[Socket, _Exchange] = {}
        self._rounds = Rounds(messages)
        events: list[Carried | _Error] = [*messages, *errors]
        for event in sorted(events, key=lambda e: (e.time_s, e.frame)):
            if isinstance(event, _Error):
                self._add_error(event)
            elif event.message.is_response:
                self._add_response(event)
            elif event.message.name is not None:
                self._add_query(event)

    def _add_error(self, error: _Error) -> None:
        """Join an ICMP error to the exchange whose query it quotes."""
        quote = error.quote
        if quote.source_port is not None:
            socket = quote.source, quote.source_port, quote.destination, quote.protocol
            exchange = self._sockets.get(socket)
            if exchange is not None:
                exchange.icmp_frames.append(error.frame)

    def _add_query(self, carried: Carried) -> None:
        question = question_of(carried)
        exchange = self._latest.get(question)
        if exchange is None or not self._is_retry(exchange, carried):
            exchange = self._open(carried)
            self._latest[question] = exchange
        exchange.queries.append(_query(carried))
        asked = self._asked[_identity(carried)]
        if asked and asked[-1].exchange is exchange:
            asked[-1].time_s = carried.time_s
        else:
            asked.append(_Asked(exchange, carried.time_s))
        protocol = UDP if carried.stream is None else TCP
        self._sockets[carried.client, carried.client_port, carried.server, protocol] = exchange

    def _is_retry(self, exchange: _Exchange, carried: Carried) -> bool:
        if exchange.answered or carried.time_s - exchange.first_s > RETRY_S:
            return False
        last = exchange.queries[-1]
        message = carried.message
        if (carried.client_port, message.transaction_id) == (
            last.source_port,
            last.transaction_id,
        ):
            return True
        if exchange.icmp_frames:
            # An error reaches the resolver's socket at once: no time-out to wait for.
            return True
        if carried.time_s - last.time_s < TOGETHER_S:
            return False
        return not self._rounds.begins(carried, exchange.first_s, last.time_s)

    def _add_response(self, carried: Carried) -> None:
        asked = self._asked[_identity(carried)]
        recent = asked[-MAX_REUSE:]
        matching = [a for a in recent if _answers(carried.message, a.exchange)]
        if not recent:
            recent.append(_Asked(self._open(carried), carried.time_s))
            asked += recent
        to = (matching or recent)[-1]
        exchange = to.exchange
        latency_s = carried.time_s - to.time_s if exchange.queries else None
        matches = _answers(carried.message, exchange)
        exchange.responses.append(_response(carried, latency_s, matches))
        exchange.answered |= matches and not carried.fragments_missing

    def _open(self, carried: Carried) -> _Exchange:
        exchange = _Exchange(
            client=carried.client,
            server=carried.server,
            server_port=carried.server_port,
            stream=carried.stream,
            name=carried.message.name or "",
            qtype=carried.message.qtype or "",
        )
        self.exchanges.append(exchange)
        return exchange


def _identity(carried: Carried) -> Identity:
    """What a response must have in common with its query (RFC 5452 section 9.1)."""
    ident = carried.message.transaction_id
    return carried.client, carried.client_port, carried.server, carried.stream, ident


def _answers(message: DnsMessage, exchange: _Exchange) -> bool:
    """Whether a response repeats the exchange's question, or (an error may) none at all."""
    if message.name is None:
        return message.rcode != "NOERROR"
    return (message.name, message.qtype) == (exchange.name, exchange.qtype)


def _query(carried: Carried) -> DnsQuery:
    return DnsQuery(
        frame=carried.frame,
        time_s=carried.time_s,
        source_port=carried.client_port,
        transaction_id=carried.message.transaction_id,
        edns_size=carried.message.edns_size,
        ip_ttl=carried.ip_ttl,
        whole=carried.message.whole,
    )


def _response(carried: Carried, latency_s: float | None, matches: bool) -> DnsResponse:
    message = carried.message
    return DnsResponse(
        frame=carried.frame,
        time_s=carried.time_s,
        transaction_id=message.transaction_id,
        rcode=message.rcode,
        answers=message.answers,
        whole=message.whole,
        truncated=message.truncated,
        authoritative=message.authoritative,
        recursion_available=message.recursion_available,
        has_edns=message.edns_size is not None,
        extended_errors=message.extended_errors,
        ip_ttl=carried.ip_ttl,
        ip_id=carried.ip_id,
        ip_dont_fragment=carried.ip_dont_fragment,
        latency_s=latency_s,
        question_matches=matches,
        fragments_missing=carried.fragments_missing,
    )


def _finished(exchange: _Exchange, index: int) -> DnsExchange:
    return DnsExchange(
        index=index,
        name=exchange.name,
        qtype=exchange.qtype,
        client=exchange.client,
        server=exchange.server,
        server_port=exchange.server_port,
        transport="udp" if exchange.stream is None else "tcp",
        stream=exchange.stream,
        queries=tuple(exchange.queries),
        responses=tuple(exchange.responses),
        icmp_frames=tuple(exchange.icmp_frames),
    )
