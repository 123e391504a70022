"""What a capture lacks that begins after the download did, stops before it has ended, or was cut
short packet by packet; and which verdicts that leaves open."""

from __future__ import annotations

from collections.abc import Sequence, Set
from ipaddress import ip_address

from analyzers.facts import Attempt, Facts, Outcome, Stage
from analyzers.usedlookups import AT_ONCE_S as DIALLED_S
from diagnostics.needs import AT_ONCE_S, follows
from diagnostics.rules.dns.forged import unlike
from diagnostics.scope import Scope, asked_before, may_be_gos, serves_downloads
from diagnostics.tries import endpoint
from diagnostics.verdict import Finding

DIAL_TIMEOUT_S = 30.0
"""Of net/http's DefaultTransport, for a connection to come about."""


def open_question(facts: Facts, scope: Scope, failed: frozenset[int], root: Finding) -> str | None:
    """Why the failures that a finding explains prove no failed download, or not its cause."""
    struck = [facts.attempts[i] for i in sorted(root.attempts & failed)]
    if not struck:
        return None
    last = max(struck, key=lambda a: a.end_s)
    if not scope.recognised and _still_tried(facts, last):
        return (
            f"{last.need} failed ({last.reason}), another connection had not come about when the "
            "capture stopped, and nothing shows which of the two go needs: record until the "
            "command has returned."
        )
    next_one = _failed_next(facts, scope, last)
    if next_one is not None:
        return (
            f"{last.need} failed ({last.reason}), and at once {next_one.need} did "
            f"({next_one.reason}): whether go asked for that too (GOPROXY's next entry) is cut off "
            "in the capture. Record whole packets."
        )
    unknown = None if root.stage is Stage.DNS else _unknown_address(facts, last, struck)
    return unknown or _perhaps_made_good(facts, struck, last)


def _still_tried(facts: Facts, failed: Attempt) -> bool:
    """A SYN had no answer yet, and it is the try for something else that failed."""
    return any(
        a.outcome is Outcome.UNKNOWN
        and (a.stage, a.reason) == (Stage.CONNECT, "the capture ends")
        and (a.name or a.address) != (failed.name or failed.address)
        for a in facts.attempts
    )


def _failed_next(facts: Facts, scope: Scope, last: Attempt) -> Attempt | None:
    """What was tried right after it, failed too, and has no sign of go only because it is cut."""
    beside = (a for a in facts.attempts if a.index not in scope.attempts)
    return next(
        (
            a
            for a in beside
            if a.outcome is Outcome.FAILED
            and a.start_s >= last.end_s
            and follows(last, a.start_s)
            and may_be_gos(facts, a)
        ),
        None,
    )


def _unknown_address(facts: Facts, failed: Attempt, struck: Sequence[Attempt]) -> str | None:
    """It is not known that a (genuine) answer of the resolver led to the dead address."""
    if failed.stage is not Stage.CONNECT:
        return None
    where = endpoint(failed.address, failed.port)
    if failed.lookup is None and asked_before(facts):
        return (
            f"{where} failed ({failed.reason}), and the capture begins too late to show which "
            "answer of the resolver led there: record from before the start."
        )
    if any(_guessed(facts, a) for a in struck if a.address == failed.address):
        return (
            f"{where} failed ({failed.reason}), and the answer for {failed.name} is cut short or "
            "missing in the capture: whether it led there cannot be known. Record whole packets."
        )
    if any(_answered_by_two(facts, a) for a in struck if a.address == failed.address):
        return (
            f"{where} failed ({failed.reason}), and of the answers for {failed.name} one came "
            "twice, from what look like two senders: whether the resolver gave that address cannot "
            "be known. Record until the command has returned, and with a larger buffer."
        )
    return None


def _answered_by_two(facts: Facts, failed: Attempt) -> bool:
    """One of the two questions for the name had answers that do not look like one server's. Were
    the other's second one here too, it might contradict the first (dns.forged)."""
    if failed.lookup is None:
        return False
    return any(
        len(e.responses) > len(e.queries) > 0 and unlike(e.responses[0], e.responses[-1])
        for e in facts.lookups[failed.lookup].exchanges
    )


def _guessed(facts: Facts, failed: Attempt) -> bool:
    """The address is not among those that could be read of its lookup, and there is reason to doubt
    it: an answer is missing or doubled, no server is there, or others were tried just then."""
    if failed.lookup is None or failed.address is None:
        return False
    lookup = facts.lookups[failed.lookup]
    if failed.address in lookup.addresses:
        return False
    address = ip_address(failed.address)
    return (
        address.is_loopback
        or address.is_unspecified
        or any(len(e.responses) != len(e.queries) for e in lookup.exchanges)
        or any(
            a.name is None
            and a.address != failed.address
            and 0.0 <= a.start_s - lookup.end_s <= DIALLED_S
            for a in facts.attempts
        )
    )


def _perhaps_made_good(facts: Facts, struck: Sequence[Attempt], last: Attempt) -> str | None:
    """Right after it the client asked a server that may be anybody's, and was answered: as go does
    with the next entry of GOPROXY, or with the next address of a name."""
    if facts.session is not None:
        return None
    if last.stage > Stage.TLS and not facts.capture.truncated_packets:
        return None
    names = {lookup.name for lookup in facts.lookups}
    for other in facts.attempts:
        if other.stream is None or other.address == last.address:
            continue
        asked_s = [turn.asked_s for turn in facts.connection(other.stream).turns]
        older = _is_older(facts, other, last, names) and _again_and_again(
            facts, struck, last, asked_s
        )
        if older or (_is_cut(facts, other) and _right_after(last, asked_s)):
            return (
                f"{last.need} failed ({last.reason}), and at once the client turned to "
                f"{endpoint(other.address, other.port)} and was answered. What it asked of that "
                "server, and since when, the capture does not show: it may have got there what it "
                "needs (GOPROXY's next entry). Record whole packets, from before the start."
            )
    return None


def _right_after(last: Attempt, asked_s: Sequence[float]) -> bool:
    return any(follows(last, at_s) for at_s in asked_s if at_s > last.end_s)


def _again_and_again(
    facts: Facts, struck: Sequence[Attempt], last: Attempt, asked_s: Sequence[float]
) -> bool:
    """The other server was asked after one failure and then after the next: once may be chance,
    but where the first failure had been fatal, go would not have come to the second."""
    met = [a for a in struck if _is_met(_noticed_s(facts, a), asked_s)]
    begun_s = last.start_s if last.stream is None else facts.connection(last.stream).first_s
    return last in met and any(_noticed_s(facts, a) <= begun_s for a in met)


def _is_met(noticed_s: float, asked_s: Sequence[float]) -> bool:
    return any(0.0 <= at_s - noticed_s <= AT_ONCE_S for at_s in asked_s)


def _noticed_s(facts: Facts, failed: Attempt) -> float:
    """When go knew of a failure: at once, or when its time-out ended a silence."""
    if failed.reason != "no answer" or failed.stream is None:
        return failed.end_s
    return facts.connection(failed.stream).first_s + DIAL_TIMEOUT_S


def _is_older(facts: Facts, attempt: Attempt, failed: Attempt, names: Set[str]) -> bool:
    """When the server was first asked lies before the capture: the connection does, or go's lookup
    of its name (where lookups are captured at all: that of the failed try is). `names` are those
    looked up in it."""
    assert attempt.stream is not None
    connection = facts.connection(attempt.stream)
    if connection.starts_midway:
        return attempt.name is None and serves_downloads(connection.server.port)
    return attempt.is_go and failed.lookup is not None and attempt.name not in names


def _is_cut(facts: Facts, attempt: Attempt) -> bool:
    """What it was for is cut off."""
    assert attempt.stream is not None
    if facts.connection(attempt.stream).starts_midway:
        return False
    if attempt.handshake is not None:
        hello = facts.handshakes[attempt.handshake].client_hello
        if hello is None or not hello.complete:
            return True
    return any(facts.requests[i].head_cut for i in attempt.requests)
