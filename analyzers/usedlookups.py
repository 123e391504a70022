"""Which lookup led to a connection: names and times in, the lookup whose answer it used out."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from analyzers.facts import Connection, DnsLookup

ADDRESS_TYPES = frozenset(("A", "AAAA"))
QUERY_TIMEOUT_S = 5.0
"""After its last query a resolver library waits this long (resolv.conf(5), timeout)."""
LOOKUP_TO_CONNECT_S = 60.0
"""A connection this long after an answer may still use it (go keeps no cache; others do)."""
NEXT_STEP_S = 0.05
"""A client connects within so much of the answer that it waited for."""
AT_ONCE_S = 1.0
"""go connects to a second address 0.3 s after the first, and opens spare connections at once."""


class LookupIndex:
    """Finds the lookup whose answer a connection used."""

    def __init__(self, lookups: Sequence[DnsLookup]) -> None:
        self._by_address: dict[str, list[DnsLookup]] = defaultdict(list)
        for lookup in sorted(lookups, key=lambda k: k.end_s):
            for address in set(lookup.addresses):
                self._by_address[address].append(lookup)
        self._cut = [k for k in lookups if not k.addresses and is_unread(k)]
        self._first_used_s: dict[int, float] = {}
        self._port: dict[int, int] = {}
        self._dialled: dict[tuple[int, bool], str] = {}

    def find(self, address: str, start_s: float, name: str | None) -> DnsLookup | None:
        """The latest lookup that gave `address` before `start_s`, of `name` when it is known."""
        known = self._by_address.get(address, [])
        before = known[: bisect_right([k.start_s for k in known], start_s)]
        fits = [k for k in before if start_s - k.end_s <= LOOKUP_TO_CONNECT_S]
        named = [k for k in fits if name is not None and k.name == name.lower()]
        best = named or fits
        return best[-1] if best else None

    def just_cut(self, start_s: float, address: str, port: int) -> DnsLookup | None:
        """The lookup whose answer was just there, and is cut off, or missing, in the capture.

        The first address of each family that is tried then is taken for its own, on one port.
        """
        at_once = [k for k in self._cut if 0.0 <= start_s - k.end_s <= NEXT_STEP_S]
        latest = max(at_once, key=lambda k: k.end_s, default=None)
        if latest is None or self._port.setdefault(latest.index, port) != port:
            return None
        first = self._dialled.setdefault((latest.index, ":" in address), address)
        return latest if first == address else None

    def start_s(self, connection: Connection, lookup: DnsLookup | None) -> float:
        """When the try began: with its lookup, unless that one served an earlier connection."""
        if lookup is None:
            return connection.first_s
        first_s = self._first_used_s.setdefault(lookup.index, connection.first_s)
        if connection.first_s - first_s > AT_ONCE_S:
            return connection.first_s
        return min(lookup.start_s, connection.first_s)


def _cut(lookup: DnsLookup) -> bool:
    """An answer was cut by the capture."""
    asked = (e for e in lookup.exchanges if e.qtype in ADDRESS_TYPES and e.queries)
    return any(r.unread for e in asked for r in e.responses)


def is_unread(lookup: DnsLookup) -> bool:
    """An answer was cut by the capture, or one is not in it and was never asked for again."""
    asked = [e for e in lookup.exchanges if e.qtype in ADDRESS_TYPES]
    lost = any(not e.responses and len(e.queries) == 1 for e in asked)
    return _cut(lookup) or (lost and {e.rcode for e in asked} == {None, "NOERROR"})
