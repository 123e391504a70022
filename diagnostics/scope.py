"""Which traffic is the download's: the verdict is about it, the rest is background."""

from __future__ import annotations

from analyzers.facts import Attempt, Facts, Outcome
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
        return used and _may_download(connection.server.port)
    if attempt.handshake is None:
        # A tunnel through a proxy, of which not even the hello was kept.
        return attempt.via_proxy and attempt.outcome is Outcome.UNKNOWN
    hello = facts.handshakes[attempt.handshake].client_hello
    return hello is not None and not hello.complete


def _may_download(port: int) -> bool:
    """Servers and proxies of HTTP listen on these; whoever captures over ssh has that in it too."""
    return port in (80, 443) or port >= FIRST_FREE_PORT


def _answer_unread(facts: Facts, attempt: Attempt) -> bool:
    """A name was asked for, and the capture does not show where that led."""
    if attempt.stream is not None or attempt.outcome is not Outcome.UNKNOWN:
        return False
    return attempt.lookup is None or not facts.lookups[attempt.lookup].addresses


def scope_of(facts: Facts) -> Scope:
    """Attempts with a sign of the go command; all attempts when there is none at all."""
    mine = [a for a in facts.attempts if a.is_go]
    every = list(facts.attempts)
    if mine and all(_answer_unread(facts, a) for a in mine):
        # Names were asked for, and the answers cannot be read: any connection may be go's.
        every = [a for a in every if a.is_go or a.stream is not None]
        mine = []
    chosen = mine or _unread(facts) or every
    return Scope(
        attempts=frozenset(a.index for a in chosen),
        streams=frozenset(a.stream for a in chosen if a.stream is not None),
        recognised=bool(mine),
    )
