"""Which of several queries an answer answers: late answers told from lost queries."""

from __future__ import annotations

from analyzers.facts import DnsExchange, DnsQuery


def answered_query(exchange: DnsExchange) -> DnsQuery | None:
    """The query that the exchange's first answer answers; None when no query or answer was seen.

    The resolvers of most systems ask again with the id they had (go takes another). Then as many
    answers as queries show that none was lost: each has its own, the first the first.
    """
    answer = exchange.response
    if answer is None:
        return None
    asked = [
        q
        for q in exchange.queries
        if q.time_s <= answer.time_s and q.transaction_id == answer.transaction_id
    ]
    if not asked:
        return None
    copies = sum(q.transaction_id == answer.transaction_id for q in exchange.queries)
    answers = sum(r.transaction_id == answer.transaction_id for r in exchange.responses)
    return asked[0] if answers >= copies else asked[-1]


def latency_s(exchange: DnsExchange) -> float:
    """From that query to the first answer, in seconds; 0 when there is none."""
    answer, query = exchange.response, answered_query(exchange)
    if answer is None:
        return 0.0
    return answer.latency_s or 0.0 if query is None else answer.time_s - query.time_s
