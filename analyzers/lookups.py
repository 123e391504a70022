"""Lookups: DNS exchanges in, what one client wanted to know of one name at one time out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import field, replace

from analyzers.facts import DnsExchange, DnsLookup
from captures.lazyclass import dataclass

ADDRESS_TYPES = ("A", "AAAA")

#: A and AAAA of one lookup leave within this (go and glibc: well below a millisecond).
TOGETHER_S = 0.2
#: How long go and glibc wait for an answer before they ask again (resolv.conf "timeout").
TIMEOUT_S = 5.0
#: The next server, search name or transport is tried within this of the end of what failed.
NEXT_TRY_S = 0.5

#: Answers after which a stub resolver goes to no other server (go-facts: D1-D5, RFC 2308).
_FINAL = ("NOERROR", "NXDOMAIN")


def lookups(exchanges: Sequence[DnsExchange]) -> tuple[DnsLookup, ...]:
    """Group exchanges that ask for addresses into lookups, in order of their start."""
    groups: list[_Group] = []
    latest: dict[tuple[str, str], _Group] = {}
    for exchange in sorted(exchanges, key=lambda e: (e.first_s, e.index)):
        if exchange.qtype not in ADDRESS_TYPES or not exchange.name:
            continue
        key = exchange.client, exchange.name
        group = latest.get(key)
        if group is None or not group.takes(exchange):
            group = latest[key] = _Group(exchange.first_s)
            groups.append(group)
        group.add(exchange)
    found = [_lookup(group, index) for index, group in enumerate(groups)]
    return _with_search_names(found, [group.over_s for group in groups])


@dataclass(slots=True)
class _Group:
    """A lookup while its exchanges are still coming in."""

    start_s: float
    exchanges: list[DnsExchange] = field(default_factory=list)
    over_s: float = 0.0
    """When the last of its exchanges was answered or timed out."""
    settled: set[str] = field(default_factory=set)
    """Types that have a final answer."""
    open: set[tuple[str, str, bool]] = field(default_factory=set)
    """Questions that a server left unanswered."""

    def takes(self, exchange: DnsExchange) -> bool:
        """Whether an exchange goes on with this lookup, and does not begin another."""
        if exchange.qtype in self.settled or _open_question(exchange) in self.open:
            return False
        last_s = max(self.start_s + TOGETHER_S, self.over_s + NEXT_TRY_S)
        return exchange.first_s <= last_s

    def add(self, exchange: DnsExchange) -> None:
        self.exchanges.append(exchange)
        self.over_s = max(self.over_s, _over_s(exchange))
        response = exchange.response
        if response is None and exchange.stream is None:
            self.open.add(_open_question(exchange))
        if response and response.rcode in _FINAL and not response.truncated:
            self.settled.add(exchange.qtype)


def _open_question(exchange: DnsExchange) -> tuple[str, str, bool]:
    """What two exchanges of one lookup cannot both leave unanswered: they would be retries."""
    return exchange.qtype, exchange.server, exchange.stream is None


def _over_s(exchange: DnsExchange) -> float:
    """When the client knew: at the answer, or at the time-out of the last query.

    After a truncated answer it asks over TCP, and waits for that as long again.
    """
    if exchange.response is not None:
        return exchange.response.time_s + (TIMEOUT_S if exchange.response.truncated else 0.0)
    return max(m.time_s for m in exchange.queries or exchange.responses) + TIMEOUT_S


def _lookup(group: _Group, index: int) -> DnsLookup:
    accepted = [e.response for e in _asked(group.exchanges) if e.response is not None]
    times = [r.time_s for r in accepted]
    times += [e.queries[-1].time_s for e in group.exchanges if e.queries]
    # As go does, every address of the answer counts, whatever name of a CNAME chain owns it.
    # What is truncated is asked again over TCP and not used.
    addresses = (a for r in accepted if not r.truncated for a in r.addresses)
    return DnsLookup(
        index=index,
        name=group.exchanges[0].name,
        client=group.exchanges[0].client,
        exchanges=tuple(group.exchanges),
        start_s=group.start_s,
        end_s=max(times, default=group.start_s),
        addresses=tuple(dict.fromkeys(addresses)),
        search_of=None,
    )


def _asked(exchanges: Sequence[DnsExchange]) -> list[DnsExchange]:
    """Without answers from a server that was not asked, where another one was: no resolver
    library takes those (RFC 5452 section 9.1)."""
    questions = {e.qtype for e in exchanges if e.queries}
    return [e for e in exchanges if e.queries or e.qtype not in questions]


def _with_search_names(found: list[DnsLookup], over_s: list[float]) -> tuple[DnsLookup, ...]:
    """Mark the tries with a suffix of the search list (resolv.conf(5)).

    One follows the other, and the name proper is asked in the same run, first or last.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for lookup in found:
        names[lookup.client].add(lookup.name)
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for lookup in found:
        for name in (lookup.name, *_heads(lookup.name)):
            if name in names[lookup.client]:
                families[lookup.client, name].append(lookup.index)
    search_of: dict[int, str] = {}
    # Longer names proper last: they are the better explanation of a try.
    for (_, name), members in sorted(families.items(), key=lambda item: len(item[0][1])):
        for run in _runs(members, found, over_s):
            if any(found[i].name == name for i in run):
                search_of |= {i: name for i in run if found[i].name != name}
    return tuple(
        replace(k, search_of=search_of[k.index]) if k.index in search_of else k for k in found
    )


def _heads(name: str) -> list[str]:
    """The names of which `name` is a try with a suffix: its first labels, 1, 2, …"""
    labels = name.split(".")
    return [".".join(labels[:count]) for count in range(1, len(labels))]


def _runs(members: list[int], found: list[DnsLookup], over_s: list[float]) -> list[list[int]]:
    """Split lookups, in order of their start, where one does not follow the ones before it."""
    runs: list[list[int]] = []
    until_s = float("-inf")
    for index in members:
        if not runs or found[index].start_s > until_s + NEXT_TRY_S:
            runs.append([])
        runs[-1].append(index)
        until_s = max(until_s, over_s[index])
    return runs
