"""Lookups that led to no connection, as attempts: what became of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from analyzers.connectionends import STILL_OPEN_S, server_uncaptured
from analyzers.facts import Attempt, Connection, DnsLookup, Outcome, Stage
from analyzers.gosigns import GoSigns
from analyzers.usedlookups import ADDRESS_TYPES, AT_ONCE_S, QUERY_TIMEOUT_S, is_unread


def lookup_attempts(
    lookups: Sequence[DnsLookup],
    connections: Sequence[Connection],
    last_s: float,
    signs: GoSigns,
    used: Sequence[Attempt],
) -> Iterator[Attempt]:
    """Each lookup that no connection used as an attempt that ended there, search-list misses left
    out.

    `last_s` is the time of the capture's last packet; `used` are the connections' attempts.
    """
    taken, reached = {a.lookup for a in used}, {a.name for a in used}
    deaf = _is_deaf(lookups, connections, last_s)
    # Where a capture loses packets, only what is asked again, or still could be, shows that the
    # answer was not the capture's loss.
    lossy = any(h.unseen_acked_bytes for c in connections for h in (c.client, c.server))
    open_since_s = last_s - (QUERY_TIMEOUT_S if lossy else STILL_OPEN_S)
    for lookup in lookups:
        if lookup.index in taken or lookup.search_of is not None:
            continue
        outcome, reason = _lookup_ending(lookup, open_since_s, lookup.name in reached)
        if outcome is Outcome.FAILED and reason == "no answer" and deaf:
            outcome, reason = Outcome.UNKNOWN, "the capture holds one direction only"
        yield Attempt(
            index=0,
            need=f"{lookup.name}:443",
            name=lookup.name,
            address=None,
            port=None,
            lookup=lookup.index,
            stream=None,
            handshake=None,
            requests=(),
            via_proxy=False,
            is_go=signs.lookup(lookup),
            start_s=lookup.start_s,
            end_s=lookup.end_s,
            outcome=outcome,
            stage=Stage.DNS,
            reason=reason,
        )


def _is_deaf(
    lookups: Sequence[DnsLookup], connections: Sequence[Connection], last_s: float
) -> bool:
    """Servers were heard, and nothing that they said was captured: what they did not say cannot be
    known either."""
    if any(c.server.packets for c in connections):
        return False
    if any(server_uncaptured(c) for c in connections):
        return True
    if any(e.responses for k in lookups for e in k.exchanges):
        return False
    dials_s = sorted(c.first_s for c in connections if c.syn_frame is not None)
    return any(_moved_on(k, dials_s, last_s) for k in lookups)


def _moved_on(lookup: DnsLookup, dials_s: Sequence[float], last_s: float) -> bool:
    """A query was not repeated when its time was over, and a connection was tried right after it:
    it had an answer. `dials_s` ascend."""
    if last_s - lookup.end_s < QUERY_TIMEOUT_S or any(len(e.queries) > 1 for e in lookup.exchanges):
        return False
    place = bisect_left(dials_s, lookup.end_s)
    return place < len(dials_s) and dials_s[place] - lookup.end_s <= AT_ONCE_S


def _lookup_ending(lookup: DnsLookup, open_since_s: float, reached: bool) -> tuple[Outcome, str]:
    kinds = {e.qtype for e in lookup.exchanges}
    if not kinds & ADDRESS_TYPES:
        return Outcome.ABANDONED, "not an address lookup"
    if lookup.addresses:
        return (Outcome.ABANDONED if reached else Outcome.UNKNOWN), "resolved, not used"
    if any(r.unread for e in lookup.exchanges for r in e.responses):
        return Outcome.UNKNOWN, "answered, cut short by the capture"
    rcodes = {e.rcode for e in lookup.exchanges if e.rcode}
    if rcodes - {"NOERROR"}:
        return Outcome.FAILED, sorted(rcodes - {"NOERROR"})[0]
    if rcodes and "A" not in kinds:
        return Outcome.UNKNOWN, "only AAAA was asked for"
    if is_unread(lookup):
        return Outcome.UNKNOWN, "an answer is missing in the capture"
    if rcodes:
        return Outcome.FAILED, "no address"
    if any(e.icmp_frames for e in lookup.exchanges):
        return Outcome.FAILED, "unreachable"
    if lookup.start_s > open_since_s:
        return Outcome.UNKNOWN, "the capture ends"
    return Outcome.FAILED, "no answer"
