"""What rules ask of attempts: which failed where, what they cost, and how to point at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from analyzers.facts import Attempt, DnsLookup, Facts, Outcome, Stage
from diagnostics.report.escape import shell_word
from diagnostics.timeline import union_s
from diagnostics.verdict import Evidence

Key = TypeVar("Key", bound=Hashable)

SHOWN = 3
"""Evidence lines of one kind: more of the same convince nobody further."""


def failed_at(facts: Facts, stage: Stage, *reasons: str) -> list[Attempt]:
    """Attempts that failed at `stage`, for one of `reasons` when any is given."""
    return [
        a
        for a in facts.attempts
        if a.outcome is Outcome.FAILED and a.stage is stage and (not reasons or a.reason in reasons)
    ]


def grouped(attempts: Iterable[Attempt], key: Callable[[Attempt], Key]) -> dict[Key, list[Attempt]]:
    """Attempts by a key, in order of their first."""
    groups: dict[Key, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        groups[key(attempt)].append(attempt)
    return dict(groups)


def indices(attempts: Iterable[Attempt]) -> frozenset[int]:
    """Their indices, as a finding carries them."""
    return frozenset(a.index for a in attempts)


def streams(attempts: Iterable[Attempt]) -> frozenset[int]:
    """Their TCP streams, as a finding carries them."""
    return frozenset(a.stream for a in attempts if a.stream is not None)


def lost_s(attempts: Iterable[Attempt]) -> float:
    """Time that the attempts took together; parallel ones count once."""
    return union_s((a.start_s, a.end_s) for a in attempts)


def names(attempts: Iterable[Attempt]) -> str:
    """Their names (or addresses), each once, as a list to read."""
    return listed(dict.fromkeys(a.name or a.address or a.need for a in attempts))


def listed(items: Iterable[str], most: int = SHOWN) -> str:
    """The first few items, and how many more there are."""
    every = list(items)
    shown = ", ".join(every[:most])
    return f"{shown} and {len(every) - most} more" if len(every) > most else shown


def attempts_on(facts: Facts, connections: frozenset[int]) -> list[Attempt]:
    """Attempts on these TCP streams."""
    return [a for a in facts.attempts if a.stream in connections]


def endpoint(host: str | None, port: int | None) -> str:
    """Host and port as programs take them: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if host and ":" in host else f"{host or ''}:{port}"


def wanted_endpoint(attempt: Attempt) -> str:
    """Name and port that a try was for, whatever proxy it went through."""
    port = attempt.need.rpartition(":")[2]
    known = int(port) if port.isascii() and port.isdigit() else attempt.port
    return endpoint(attempt.name or attempt.address, known)


def client_way(attempt: Attempt) -> str:
    """The words after `openssl s_client -connect` that go the way of a try, through its proxy."""
    wanted = shell_word(wanted_endpoint(attempt))
    if not attempt.via_proxy:
        return wanted
    return f"{wanted} -proxy {shell_word(endpoint(attempt.address, attempt.port))}"


def attempts_of_lookups(facts: Facts, lookups: Sequence[DnsLookup]) -> list[Attempt]:
    """Attempts that began with one of these lookups."""
    wanted = {k.index for k in lookups}
    return [a for a in facts.attempts if a.lookup in wanted]


def lookup_evidence(lookup: DnsLookup, text: str) -> Evidence:
    """Evidence on all frames of one lookup."""
    return Evidence(text, tuple(sorted(f for e in lookup.exchanges for f in e.frames)))


def seconds(value_s: float) -> str:
    """A duration to read: ms below one second."""
    return f"{value_s * 1000:.0f} ms" if value_s < 1.0 else f"{value_s:.1f} s"


def plural(count: int, noun: str) -> str:
    """Count and noun: 1 query, 2 queries, 3 connections."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else many}"
