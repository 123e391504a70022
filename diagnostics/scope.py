"""Which traffic is the download's: the verdict is about it, the rest is background."""

from __future__ import annotations

from analyzers.facts import Attempt, Facts, Outcome
from analyzers.gosigns import GO_EDNS_SIZE
from analyzers.usedlookups import QUERY_TIMEOUT_S
from captures.lazyclass import dataclass
from diagnostics.verdict import Finding

FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True)
class Scope:
    """The attempts and connections that belong to the download."""

    attempts: frozenset[int]
    streams: frozenset[int]
    recognised: bool
    """False: nothing showed itself as go's, so everything is taken for the download."""

    def covers(self, finding: Finding) -> bool:
        """Whether a finding speaks of the download (or of the capture as a whole)."""
        if finding.attempts:
            return bool(finding.attempts & self.attempts)
        if finding.streams:
            return bool(finding.streams & self.streams)
        return True


def _unread(facts: Facts) -> list[Attempt]:
    """With nothing recognised, flows that began before the capture, or whose ClientHello it cut
    off, may be the download: then what else failed is not known to be part of it."""
    return [a for a in facts.attempts if a.stream is not None and _is_unread(facts, a)]


def _is_unread(facts: Facts, attempt: Attempt) -> bool:
    assert attempt.stream is not None
    connection = facts.connection(attempt.stream)
    if connection.starts_midway:
        halves = (connection.server, connection.client)
        ended = bool(connection.resets) or any(h.fin_s is not None for h in halves)
        used = ended or any(h.payload_bytes for h in halves)
        return used and serves_downloads(connection.server.port)
    if attempt.handshake is None:
        # A tunnel through a proxy, of which not even the hello was kept.
        return attempt.via_proxy and attempt.outcome is Outcome.UNKNOWN
    return _hello_is_cut(facts, attempt.handshake)


def _hello_is_cut(facts: Facts, handshake: int) -> bool:
    hello = facts.handshakes[handshake].client_hello
    return hello is not None and not hello.complete


def _answer_unread(facts: Facts, attempt: Attempt) -> bool:
    """A name was asked for, and the capture does not show where that led."""
    if attempt.stream is not None or attempt.outcome is not Outcome.UNKNOWN:
        return False
    return attempt.lookup is None or not facts.lookups[attempt.lookup].addresses


def asked_before(facts: Facts) -> bool:
    """The capture begins with an answer to a question from before it: names were looked up, and
    perhaps connected to, that it does not show. One that comes later than anybody waits had its
    query within the capture, which lost it."""
    return any(e.name and not e.queries and e.first_s <= QUERY_TIMEOUT_S for e in facts.dns)


def _signs_cut(facts: Facts) -> bool:
    """Lookups or hellos were captured cut short: go's look like any other's then."""
    return (
        any(not q.whole for e in facts.dns for q in e.queries)
        or any(not r.whole for e in facts.dns for r in e.responses)
        or any(_hello_is_cut(facts, handshake.index) for handshake in facts.handshakes)
    )


def _undecided(facts: Facts, attempts: list[Attempt]) -> bool:
    """Something failed, and whether that was the download or a try beside it cannot be known: the
    signs of go may lie in what is missing."""
    hosts = {a.name or a.address for a in attempts} - {"", None}
    failed = any(a.outcome is Outcome.FAILED for a in attempts)
    return failed and len(hosts) > 1 and (asked_before(facts) or _signs_cut(facts))


def serves_downloads(port: int) -> bool:
    """Servers and proxies of HTTP listen on these; whoever captures over ssh has that in it too."""
    return port in (80, 443) or port >= FIRST_FREE_PORT


def scope_of(facts: Facts) -> Scope:
    """Attempts with a sign of the go command; all attempts when there is none at all."""
    mine = [a for a in facts.attempts if a.is_go]
    every = list(facts.attempts)
    if mine and all(_answer_unread(facts, a) for a in mine):
        # Names were asked for, and the answers cannot be read: any connection may be go's.
        every = [a for a in every if a.is_go or a.stream is not None]
        mine = []
    chosen = mine or _unread(facts) or every
    if not mine and _undecided(facts, chosen):
        chosen = []
    return Scope(
        attempts=frozenset(a.index for a in chosen),
        streams=frozenset(a.stream for a in chosen if a.stream is not None),
        recognised=bool(mine),
    )


def may_be_gos(facts: Facts, attempt: Attempt) -> bool:
    """The sign of go is cut off, or half of it was lost: of its two queries only one is there."""
    if attempt.handshake is not None and _hello_is_cut(facts, attempt.handshake):
        return True
    connects = [r for i in attempt.requests if (r := facts.requests[i]).is_connect]
    if facts.capture.truncated_packets and any(r.user_agent is None for r in connects):
        return True
    if attempt.lookup is None:
        return False
    queries = [q for e in facts.lookups[attempt.lookup].exchanges for q in e.queries]
    if any(not q.whole for q in queries):
        return True
    return len(queries) == 1 and _lost_packets(facts) and queries[0].edns_size == GO_EDNS_SIZE


def _lost_packets(facts: Facts) -> bool:
    return bool(facts.capture.unseen_acked_bytes or facts.capture.dropped)
