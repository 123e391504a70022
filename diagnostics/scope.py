"""Which traffic is the download's: the verdict is about it, the rest is background."""

from __future__ import annotations

from analyzers.facts import Attempt, Facts, Outcome
from captures.lazyclass import dataclass
from diagnostics.verdict import Finding


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


def _begun_earlier(facts: Facts) -> list[Attempt]:
    """With nothing recognised, flows that began before the capture may be the download: then what
    else failed is not known to be part of it."""
    return [
        a
        for a in facts.attempts
        if a.stream is not None
        and facts.connection(a.stream).starts_midway
        and facts.connection(a.stream).server.payload_bytes
    ]


def _answer_unread(facts: Facts, attempt: Attempt) -> bool:
    """A name was asked for, and the capture does not show where that led."""
    if attempt.stream is not None or attempt.outcome is not Outcome.UNKNOWN:
        return False
    return attempt.lookup is None or not facts.lookups[attempt.lookup].addresses


def scope_of(facts: Facts) -> Scope:
    """Attempts with a sign of the go command; all attempts when there is none at all."""
    mine = [a for a in facts.attempts if a.is_go]
    if all(_answer_unread(facts, a) for a in mine):
        # Names were asked for, and the answers cannot be read: any connection may be go's.
        mine = []
    chosen = mine or _begun_earlier(facts) or list(facts.attempts)
    return Scope(
        attempts=frozenset(a.index for a in chosen),
        streams=frozenset(a.stream for a in chosen if a.stream is not None),
        recognised=bool(mine),
    )
