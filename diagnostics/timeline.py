"""Where the wall time of a download went: every instant gets one name, so the parts add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.facts import (
    Attempt,
    Connection,
    DnsLookup,
    Facts,
    HttpExchange,
    Side,
    Stage,
    TlsHandshake,
)
from analyzers.usedlookups import QUERY_TIMEOUT_S
from captures.lazyclass import dataclass
from diagnostics.scope import Scope
from diagnostics.searchtries import SearchTries
from diagnostics.verdict import TimeSpent

ORDER = ("transfer", "stall", "wait", "tls", "connect", "dns")
"""What an instant is called when several things go on at once: the furthest along wins, because
the rest did not hold the download up."""
SILENCE_NAMES = {
    "loss": "stall",
    "window": "stall",
    "path_silent": "stall",
    "unseen": "stall",
    "unknown": "stall",
    "sender_idle": "wait",
    "client_idle": "client",
}
"""What a silence counts as, by its cause."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time and what went on in it."""

    start_s: float
    end_s: float
    name: str


def spans(facts: Facts, scope: Scope) -> list[Span]:
    """What went on, one span per step of every attempt of the download."""
    found: list[Span] = []
    seen: set[int] = set()
    lookups: set[int] = set()
    tries = SearchTries(facts)
    for index in sorted(scope.attempts):
        attempt = facts.attempts[index]
        if attempt.lookup is not None and attempt.lookup not in lookups:
            lookups.add(attempt.lookup)
            lookup = facts.lookups[attempt.lookup]
            found.append(Span(lookup.start_s, _given_up_s(facts, attempt, lookup), "dns"))
            found += [Span(k.start_s, end_s, "dns") for k, end_s in tries.before(lookup)]
        if attempt.stream is not None and attempt.stream not in seen:
            seen.add(attempt.stream)
            found += _connection_spans(facts, attempt)
    return [s for s in found if s.end_s > s.start_s]


def _given_up_s(facts: Facts, attempt: Attempt, lookup: DnsLookup) -> float:
    """When a lookup ended for its client. The last wait for an answer that never comes leaves no
    packet; how long it may have been, a session knows better."""
    silent = attempt.stage is Stage.DNS and attempt.reason == "no answer"
    if silent and facts.session is None:
        return lookup.end_s + QUERY_TIMEOUT_S
    if attempt.stream is None:
        return lookup.end_s
    # One type was answered: who then waited in vain for the other one connects late.
    open_s = [e.queries[-1].time_s for e in lookup.exchanges if e.queries and not e.responses]
    until_s = max(open_s, default=lookup.end_s - QUERY_TIMEOUT_S) + QUERY_TIMEOUT_S
    return max(lookup.end_s, min(until_s, facts.connection(attempt.stream).first_s))


def _connection_spans(facts: Facts, attempt: Attempt) -> Iterator[Span]:
    assert attempt.stream is not None
    connection = facts.connection(attempt.stream)
    if connection.syn_frame is not None:
        length = connection.connect_s
        end_s = connection.last_s if length is None else connection.first_s + length
        yield Span(connection.first_s, end_s, "connect")
    handshake = facts.handshakes[attempt.handshake] if attempt.handshake is not None else None
    data_from_s = connection.server.first_data_s
    if handshake is not None and handshake.client_hello is not None:
        end_s = handshake.finished_s if handshake.finished_s is not None else connection.last_s
        yield Span(handshake.client_hello.time_s, end_s, "tls")
        data_from_s = handshake.first_application_data_s.get(Side.SERVER)
        yield from _first_wait(handshake, data_from_s)
    for request in facts.requests_of(attempt.stream):
        yield from _request_spans(request, connection)
    yield from _data_spans(connection, data_from_s)


def _first_wait(handshake: TlsHandshake, answered_s: float | None) -> Iterator[Span]:
    asked_s = handshake.first_application_data_s.get(Side.CLIENT)
    if asked_s is not None and answered_s is not None:
        yield Span(asked_s, answered_s, "wait")


def _request_spans(request: HttpExchange, connection: Connection) -> Iterator[Span]:
    end_s = request.response_s if request.response_s is not None else connection.last_s
    yield Span(request.request_s, end_s, "wait")


def _data_spans(connection: Connection, data_from_s: float | None) -> Iterator[Span]:
    """Transfer from the first answer to the last byte, silences cut out under their own name."""
    end_s = connection.server.last_data_s
    silences = [s for s in connection.silences if s.cause in SILENCE_NAMES]
    for silence in silences:
        yield Span(silence.start_s, silence.end_s, SILENCE_NAMES[silence.cause])
    if data_from_s is None or end_s is None:
        return
    at_s = data_from_s
    for silence in sorted(silences, key=lambda s: s.start_s):
        if silence.start_s > at_s:
            yield Span(at_s, min(silence.start_s, end_s), "transfer")
        at_s = max(at_s, silence.end_s)
    if end_s > at_s:
        yield Span(at_s, end_s, "transfer")


def time_spent(facts: Facts, scope: Scope) -> TimeSpent:
    """The download's wall time in parts; what nothing on the wire explains is the client's."""
    found = spans(facts, scope)
    total_s = _total_s(facts, scope, found)
    parts = dict.fromkeys(ORDER, 0.0)
    for name, length_s in _sweep(s for s in found if s.name in ORDER):
        parts[name] += length_s
    covered_s = sum(parts.values())
    total_s = max(total_s, covered_s)
    return TimeSpent(
        total_s=total_s,
        client_s=total_s - covered_s,
        **{f"{name}_s": length_s for name, length_s in parts.items()},
    )


def _total_s(facts: Facts, scope: Scope, found: Iterable[Span]) -> float:
    if facts.session is not None and facts.session.duration_s > 0:
        return facts.session.duration_s
    mine = [facts.attempts[i] for i in scope.attempts]
    if not mine:
        return facts.capture.duration_s
    asked_s = [s.start_s for s in found if s.name == "dns"]
    return max(a.end_s for a in mine) - min([*asked_s, *(a.start_s for a in mine)])


def _sweep(found: Iterable[Span]) -> Iterator[tuple[str, float]]:
    """Cut time at every start and end; each piece takes the first name of ORDER that is open."""
    edges: list[tuple[float, int, str]] = []
    for span in found:
        edges += [(span.start_s, 1, span.name), (span.end_s, -1, span.name)]
    edges.sort(key=lambda e: e[0])
    opened = dict.fromkeys(ORDER, 0)
    before_s = 0.0
    for at_s, step, name in edges:
        if at_s > before_s:
            current = next((n for n in ORDER if opened[n]), None)
            if current is not None:
                yield current, at_s - before_s
        opened[name] += step
        before_s = at_s


def union_s(intervals: Iterable[tuple[float, float]]) -> float:
    """Length of the union of intervals, in seconds: parallel waits cost their time once."""
    total_s, reached_s = 0.0, float("-inf")
    for start_s, end_s in sorted(intervals):
        start_s = max(start_s, reached_s)
        if end_s > start_s:
            total_s += end_s - start_s
            reached_s = end_s
    return total_s
