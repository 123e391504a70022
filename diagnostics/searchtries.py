"""Tries with the search list's suffixes that came before a name proper (resolv.conf(5), search)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from analyzers.facts import DnsLookup, Facts

NEXT_TRY_S = 6.0
"""A resolver library waits 5 s for the last answer, then asks for the next name at once."""


class SearchTries:
    """Finds the tries that led to a lookup of the name proper."""

    def __init__(self, facts: Facts) -> None:
        self._tries: dict[tuple[str, str], list[DnsLookup]] = defaultdict(list)
        for lookup in sorted(facts.lookups, key=lambda k: k.start_s):
            if lookup.search_of is not None:
                self._tries[lookup.client, lookup.search_of].append(lookup)

    def before(self, lookup: DnsLookup) -> Iterator[tuple[DnsLookup, float]]:
        """Each try that came right before, the last first, with when its client went on to the next
        name: what nobody answers ends in a wait that leaves no packet."""
        tries = self._tries.get((lookup.client, lookup.name), [])
        next_s = lookup.start_s
        for place in range(bisect_left(tries, next_s, key=_start_s) - 1, -1, -1):
            tried = tries[place]
            if next_s - tried.end_s > NEXT_TRY_S:
                return
            yield tried, next_s
            next_s = tried.start_s


def _start_s(lookup: DnsLookup) -> float:
    return lookup.start_s
