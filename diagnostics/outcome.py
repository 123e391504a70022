"""When a capture cannot tell, and what it could not show."""

from __future__ import annotations

import re

from analyzers.facts import Facts, Outcome, Stage
from diagnostics.gosays import GIT_SAYS, last_words
from diagnostics.needs import unanswered
from diagnostics.scope import Scope, may_be_gos

STILL_COMING_S = 0.1
"""Data this close to the capture's last packet was not the last of a download that had ended: go
closes its connections when it exits."""
MAX_UNSEEN_SHARE = 0.10
"""Above this share of acknowledged bytes that the capture never saw, silence in it proves
nothing (Zeek's capture-loss script alarms at the same share)."""

NO_ROUTE = re.compile(
    r"network is unreachable|no route to host|cannot assign requested address"
    r"|operation not permitted"
)
"""What connect(2) and sendto(2) say where no packet leaves: no route, a dead next hop, an address
that cannot be used, a host firewall."""


def inconclusive_reason(facts: Facts, scope: Scope, failed: frozenset[int]) -> str | None:
    """Why no verdict can be given although no rule found a cause; None when one can."""
    capture = facts.capture
    if not facts.attempts and facts.session is not None:
        return _nothing_asked(facts)
    if capture.packets == 0:
        return "The capture holds no packets: record while the download runs."
    if not facts.attempts:
        return (
            "The capture holds no name lookup, TCP connection or HTTP request: record on the "
            "interface that leads to the module proxy, from before the download starts."
        )
    if unseen_share(facts) > MAX_UNSEEN_SHARE:
        return (
            f"The capture itself lost packets ({unseen_share(facts):.0%} of the acknowledged "
            "bytes were never seen): record again with a larger buffer or a smaller snaplen."
        )
    session = facts.session
    if session is not None and session.exit_code == 0:
        return None
    if failed:
        first = facts.attempts[min(failed)]
        return (
            f"{first.need} failed ({first.stage.name.lower()}: {first.reason}), and the packets "
            "do not show why: record again with `badhop capture -- go mod download`."
        )
    if session is not None and session.exit_code is not None:
        return (
            f"The command ended with exit status {session.exit_code}, but every step that the "
            f"packets show worked: {_own_words(facts)}."
        )
    return _unattributed(facts, scope) or _nothing_seen_through(facts, scope)


def _nothing_asked(facts: Facts) -> str:
    """A recorded command that used no network: what it said itself is all there is to tell."""
    session = facts.session
    if session is not None and session.exit_code == 0:
        return (
            "The command succeeded, and the recording holds no lookup and no connection: all it "
            "needed was there already (go clean -modcache empties the module cache), or came "
            "over another interface (-i)."
        )
    if _was_ended(facts):
        return (
            "The command was ended before it had looked a name up or opened a connection: record "
            "again, and let it wait longer."
        )
    said = last_words(facts)
    if said is not None and NO_ROUTE.search(said):
        return (
            f"Nothing was asked, because this machine has no way to the network: {said}. Look at "
            "its addresses and routes (ip address; ip route), or whether a VPN is down."
        )
    if said is not None:
        return f"The command failed, and the recording holds no lookup and no connection: {said}."
    return (
        "The recording holds no lookup and no connection: name the interface that leads to the "
        "module proxy with -i."
    )


def _own_words(facts: Facts) -> str:
    said = last_words(facts)
    if said is not None and said.startswith(GIT_SAYS):
        return f"git, which it called, says {said}"
    return "its output names a cause that is not on the network" + (f": {said}" if said else "")


def _was_ended(facts: Facts) -> bool:
    """A user or a signal ended the command; it did not end by itself."""
    session = facts.session
    if session is None or session.exit_code is not None:
        return False
    return session.signal is not None or session.interrupted


def interrupted_reason(facts: Facts) -> str | None:
    """Why a command that was ended from outside is not healthy though nothing is wrong with it."""
    if not _was_ended(facts):
        return None
    return (
        "The command was ended before it had finished, and every step that the packets show "
        "worked: record again, and let it wait longer."
    )


def _nothing_seen_through(facts: Facts, scope: Scope) -> str | None:
    """Without a session: some attempt must have been seen to its end."""
    mine = [facts.attempts[i] for i in sorted(scope.attempts)]
    if _ends_early(facts, scope):
        return (
            "The capture stops while the download's data still comes in: record until the command "
            "has ended."
        )
    if any(a.outcome is Outcome.SUCCEEDED for a in mine):
        return None
    if any(a.outcome is Outcome.ABANDONED and a.stage >= Stage.TLS for a in mine):
        return None
    return (
        "The capture shows no step of a download to its end (it starts too late, stops too "
        "early, or holds one direction only): record from before the start until the end."
    )


def _unattributed(facts: Facts, scope: Scope) -> str | None:
    """What failed may be the download's or another program's: the capture lacks the sign."""
    beside = [a for a in facts.attempts if a.index not in scope.attempts]
    if scope.recognised:
        beside = [a for a in beside if may_be_gos(facts, a)]
    failed = unanswered(beside, facts)
    if not failed:
        return None
    first = facts.attempts[min(failed)]
    return (
        f"{first.need} failed ({first.stage.name.lower()}: {first.reason}), and the capture does "
        "not show whether go asked for it: record whole packets, from before the start."
    )


def _ends_early(facts: Facts, scope: Scope) -> bool:
    """Data still came in when the capture stopped, and no connection of the download was closed."""
    connections = [facts.connection(s) for s in sorted(scope.streams)]
    open_ones = [
        c
        for c in connections
        if not c.resets and c.client.fin_s is None and c.server.fin_s is None and c.established
    ]
    still = [
        c
        for c in open_ones
        if c.server.last_data_s is not None
        and facts.capture.duration_s - c.server.last_data_s < STILL_COMING_S
    ]
    return bool(still) and len(open_ones) == len([c for c in connections if c.established])


def unseen_share(facts: Facts) -> float:
    """Acknowledged bytes that the capture never shows, as a share of all acknowledged bytes."""
    acked = sum(h.acked_bytes for c in facts.connections for h in (c.client, c.server))
    return facts.capture.unseen_acked_bytes / acked if acked else 0.0


def notes(facts: Facts, scope: Scope) -> tuple[str, ...]:
    """What the capture could not show, one sentence each."""
    capture, said = facts.capture, []
    if capture.cut:
        said.append(f"The file is cut: {capture.cut}.")
    if capture.dropped:
        said.append(f"The recording tool lost {capture.dropped} packets.")
    if capture.truncated_packets:
        said.append(f"{capture.truncated_packets} packets were recorded cut short (snaplen).")
    if capture.unseen_acked_bytes:
        said.append(
            f"{capture.unseen_acked_bytes} acknowledged bytes never appear in the capture: "
            "it lost packets itself."
        )
    if facts.decryption.unused is not None:
        said.append(facts.decryption.unused)
    unread = scope.streams - facts.decryption.streams
    encrypted = sum(h.completed for h in facts.handshakes if h.stream in unread)
    if encrypted and facts.session is None:
        said.append(
            f"What was said inside {encrypted} TLS connection{'s' * (encrypted > 1)} (statuses, "
            "HTTP/2 resets) is encrypted and was not judged."
        )
    if not scope.recognised and facts.attempts:
        said.append("Nothing in the capture is recognisably go's; all that may be was judged.")
    return tuple(said)
